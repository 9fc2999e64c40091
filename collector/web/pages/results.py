"""Results and rules: what every rule says of every CI, and what the rules are."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.api.access import requires
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.services import alert_explained, inspections, rules
from collector.services.inspections import ResultRow
from collector.store.browse.alerts import AlertQuery
from collector.store.browse.page import Window
from collector.web import units
from collector.web.catalogue import SHORT, Texts
from collector.web.list_page import ListPage
from collector.web.listing import Column, Listing, Spec
from collector.web.render import page
from collector.web.viewer import Viewer, viewer_of

router = APIRouter(include_in_schema=False, dependencies=[requires(Permission.RULES_READ)])

COLUMNS = (Column("outcome"), Column("rule"), Column("ci"), Column("instance"), Column("says"), Column("since"))


def _query(_: Request, asked: Listing) -> AlertQuery:
    return AlertQuery(asked.chosen["outcome"], asked.chosen["rule"], asked.q)


def _cells(row: ResultRow, texts: Texts) -> dict[str, object]:
    alert = row.alert
    return {
        "outcome": texts.label("outcome", alert.outcome), "ci": alert.ci.name, "instance": alert.instance,
        "rule": texts.own(row.rule.title) if row.rule else alert.rule,
        "says": row.sentence(SHORT[texts.language]) or alert.reason, "since": units.exact(alert.since),
    }  # fmt: skip


def _list(request: Request) -> ListPage[AlertQuery, ResultRow]:
    """The rules one may choose are those of the rulebook."""
    known = context_of(request).rulebook.rules
    spec = Spec("/results", COLUMNS, {"outcome": inspections.OUTCOMES, "rule": tuple(known)})
    return ListPage(
        spec, _query, lambda connection, query, window: inspections.listed(connection, known, query, window), _cells
    )  # fmt: skip


@router.get("/results")
async def results_page(request: Request) -> Response:
    known = context_of(request).rulebook.rules

    async def beside(connection: AsyncConnection, viewer: Viewer, _: Listing) -> dict[str, Any]:
        titles = {name: viewer.texts.own(rule.rule.title) for name, rule in known.items()}
        counts = await inspections.by_outcome(connection)
        return {"titles": titles, "counts": counts, "language": SHORT[viewer.texts.language]}

    return await _list(request).page(request, "results.html", beside)


@router.get("/results.csv")
async def results_csv(request: Request) -> Response:
    return _list(request).csv(request)


@router.get("/results/{rule_id}/{uid}")
async def alert_page(request: Request, rule_id: str, uid: str, instance: str | None = None) -> HTMLResponse:
    context = context_of(request)
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await alert_explained.explained(connection, context.rulebook.rules, rule_id, uid, viewer.now, instance)
    return page(viewer, "alert.html", found=found)


@router.get("/rules")
async def rules_page(request: Request) -> HTMLResponse:
    context = context_of(request)
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await rules.listed(connection, context.rulebook.rules)
    return page(viewer, "rules.html", rules=found)


@router.get("/rules/{rule_id}")
async def rule_page(request: Request, rule_id: str) -> HTMLResponse:
    context = context_of(request)
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await rules.one(connection, context.rulebook.rules, rule_id)
        query = AlertQuery(("PROBLEM", "UNKNOWN", "ERROR"), (rule_id,))
        results = await inspections.listed(connection, context.rulebook.rules, query, Window(50))
    return page(viewer, "rule.html", row=found, results=results, language=SHORT[viewer.texts.language])
