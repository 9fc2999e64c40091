"""`/api/v1/findings`, `/results`, `/rules` and `/duplicates`: what needs a person."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from collector.api import asking, shapes, trouble_shapes
from collector.api.access import requires
from collector.api.answer import tagged
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.services import duplicates, findings, inspections, rules
from collector.services.rules import RuleRow
from collector.store.browse.alerts import AlertQuery
from collector.store.browse.findings import FindingQuery

router = APIRouter()
_FINDINGS = [requires(Permission.FINDINGS_READ)]
_RULES = [requires(Permission.RULES_READ)]


@router.get(
    "/findings", operation_id="listFindings", tags=["findings"],
    response_model=shapes.Paged[trouble_shapes.Finding], dependencies=_FINDINGS,
)  # fmt: skip
async def list_findings(request: Request, asked: Annotated[asking.FindingsAsked, Query()]) -> object:
    """List findings, newest first."""
    context = context_of(request)
    query = FindingQuery(
        tuple(asked.states), tuple(asked.verdicts), asked.q, to_put_back=asked.to_put_back, assignee=asked.assignee,
        overdue_at=context.clock() if asked.overdue else None, at=asking.moment(asked.at, "at"),
        known_at=asking.moment(asked.known_at, "known_at"),
    )  # fmt: skip
    async with context.store.read() as connection:
        return await findings.listed(connection, query, asked.window)


@router.get(
    "/findings/{number}", operation_id="getFinding", tags=["findings"],
    response_model=trouble_shapes.Finding, dependencies=_FINDINGS,
)  # fmt: skip
async def get_finding(request: Request, number: Annotated[int, Path(ge=1, lt=2**62)]) -> Response:
    """Get one finding with its items."""
    async with context_of(request).store.read() as connection:
        return tagged(request, trouble_shapes.Finding.model_validate(await findings.one(connection, number)))


@router.get(
    "/findings/{number}/sessions", operation_id="listSessionsOfFinding", tags=["findings"],
    response_model=list[trouble_shapes.Session], dependencies=_FINDINGS,
)  # fmt: skip
async def sessions_of(request: Request, number: Annotated[int, Path(ge=1, lt=2**62)]) -> object:
    """List who was logged in on its host while it moved, as far back as the host still tells."""
    async with context_of(request).store.read() as connection:
        return await findings.present(connection, await findings.one(connection, number))


@router.get(
    "/results", operation_id="listResults", tags=["rules"],
    response_model=shapes.Paged[trouble_shapes.Result], dependencies=_RULES,
)  # fmt: skip
async def list_results(request: Request, asked: Annotated[asking.ResultsAsked, Query()]) -> object:
    """List what the rules say, by rule and CI."""
    context = context_of(request)
    query = AlertQuery(tuple(asked.outcomes), tuple(asked.rules), asked.q)
    async with context.store.read() as connection:
        page = await inspections.listed(connection, context.rulebook.rules, query, asked.window)
    return page.of([row.alert for row in page.items])


@router.get(
    "/rules", operation_id="listRules", tags=["rules"], response_model=list[trouble_shapes.Rule], dependencies=_RULES
)
async def list_rules(request: Request) -> list[trouble_shapes.Rule]:
    """List the rules in the order of their packs."""
    context = context_of(request)
    async with context.store.read() as connection:
        return [_rule(row) for row in await rules.listed(connection, context.rulebook.rules)]


@router.get(
    "/rules/{rule_id}", operation_id="getRule", tags=["rules"], response_model=trouble_shapes.Rule, dependencies=_RULES
)
async def get_rule(request: Request, rule_id: str) -> Response:
    """Get one rule."""
    context = context_of(request)
    async with context.store.read() as connection:
        return tagged(request, _rule(await rules.one(connection, context.rulebook.rules, rule_id)))


def _rule(row: RuleRow) -> trouble_shapes.Rule:
    rule = row.rule
    return trouble_shapes.Rule(
        id=rule.id, pack=rule.pack, title=dict(rule.title), summary=dict(rule.summary), runbook=dict(rule.runbook),
        severity=rule.severity, category=rule.category, kinds=sorted(rule.kinds), match=rule.match, expr=rule.expr,
        sections=list(row.sections), params=dict(rule.params), outcomes=dict(row.outcomes),
    )  # fmt: skip


@router.get(
    "/duplicates", operation_id="listDuplicates", tags=["cis"],
    response_model=shapes.Paged[trouble_shapes.Case], dependencies=[requires(Permission.CIS_READ)],
)  # fmt: skip
async def list_duplicates(request: Request, asked: Annotated[asking.CasesAsked, Query()]) -> object:
    """List doubts about identity, newest first."""
    async with context_of(request).store.read() as connection:
        return await duplicates.listed(connection, tuple(asked.states), asked.window)
