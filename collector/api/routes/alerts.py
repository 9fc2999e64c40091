"""`/api/v1/alerts` and `/rules/{id}/explanations`: what fires, what holds it back, and why a rule says what it says."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from collector.api import alert_shapes, asking, shapes
from collector.api.access import requires
from collector.api.acting import acting
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.services import alert_explained, inspections
from collector.services.incidents import acknowledging
from collector.store.browse.alerts import AlertQuery

router = APIRouter(tags=["rules"])
_READ = [requires(Permission.RULES_READ)]
_WORK = [requires(Permission.INCIDENTS_WORK)]


@router.get(
    "/alerts", operation_id="listAlerts", response_model=shapes.Paged[alert_shapes.AlertShape], dependencies=_READ
)
async def list_alerts(request: Request, asked: Annotated[asking.AlertsAsked, Query()]) -> object:
    """List alerts with what holds them back, the worst first; those that are ok only when asked for."""
    context = context_of(request)
    states = tuple(asked.states) or ("pending", "firing", "recovering")
    query = AlertQuery(
        (), tuple(asked.rules), asked.q, states=states, reasons=tuple(asked.reasons), is_seen=asked.acknowledged
    )
    async with context.store.read() as connection:
        page = await inspections.listed(connection, context.rulebook.rules, query, asked.window)
    return page.of([row.alert for row in page.items])


@router.post(
    "/alerts/acknowledge", operation_id="acknowledgeAlert", response_model=alert_shapes.ExplainedShape,
    dependencies=_WORK,
)  # fmt: skip
async def acknowledge(request: Request, asked: alert_shapes.AckAsked) -> object:
    """Say that one has seen an alert that fires, and why; it holds for this episode of it."""
    async with acting(request) as act:
        await acknowledging.acknowledge(act, asked.rule, asked.ci, asked.instance, asked.reason)
    return await explain(request, asked.rule, asked.ci, asked.instance)


@router.post(
    "/alerts/withdraw", operation_id="withdrawAcknowledgement", response_model=alert_shapes.ExplainedShape,
    dependencies=_WORK,
)  # fmt: skip
async def withdraw(request: Request, asked: alert_shapes.AckAsked) -> object:
    """Take that back: it is as if nobody had seen the alert."""
    async with acting(request) as act:
        await acknowledging.withdraw(act, asked.rule, asked.ci, asked.instance, asked.reason)
    return await explain(request, asked.rule, asked.ci, asked.instance)


@router.get(
    "/rules/{rule_id}/explanations/{uid}",
    operation_id="explainAlert",
    response_model=alert_shapes.ExplainedShape,
    dependencies=_READ,
)
async def explain(
    request: Request, rule_id: str, uid: str, instance: Annotated[str | None, Query(max_length=1000)] = None
) -> object:
    """Say why a rule says what it says of a CI: limits, facts, timers, what holds its alerts back."""
    context = context_of(request)
    async with context.store.read() as connection:
        found = await alert_explained.explained(
            connection, context.rulebook.rules, rule_id, uid, context.clock(), instance
        )
    return alert_shapes.explained(found)
