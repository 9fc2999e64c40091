"""Alerts of other systems: `/api/v1/in/…`, and `/api/v2/alerts`, by which a Prometheus takes us for an Alertmanager.

2xx says that it is on disk. When too much is under way the answer is 503, which senders try again; never 429, which
Alertmanager takes for a refusal.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from collector.api.access import requires
from collector.api.acting import acting
from collector.api.context import context_of
from collector.api.inbound_shapes import AlertShape, Bound, PagerDutyShape, TakenShape, alert_shape
from collector.security.roles import Permission
from collector.services.inbound import alertmanager, inbox, pagerduty
from collector.services.inbound.reading import BadAlert
from collector.services.missing import NotFound
from collector.tickets.exchange import parsed

router = APIRouter(tags=["alerts"])
api_v2 = APIRouter(prefix="/api/v2", tags=["alerts"], include_in_schema=False)
Source = Annotated[
    str, Query(max_length=40, pattern=r"^[A-Za-z0-9._-]+$", description="tells one system of its kind from another")
]


async def _body(request: Request) -> Any:
    """Return the JSON that was sent, bounded by the frame; raise `BadAlert`."""
    try:
        return parsed(await request.body())
    except ValueError:
        raise BadAlert("JSON is expected") from None


_TELLS = requires(Permission.INCIDENTS_REPORT)


@router.post("/in/alertmanager", operation_id="takeFromAlertmanager", response_model=TakenShape, dependencies=[_TELLS])
async def from_alertmanager(request: Request, source: Source = alertmanager.SOURCE) -> object:
    """Take a message of Alertmanager's webhook, version 4."""
    context = context_of(request)
    alerts = alertmanager.of_webhook(await _body(request), source, context.clock())
    return await context.inbox.take(alerts)


@router.post("/in/webhook/{name}", operation_id="takeFromWebhook", response_model=TakenShape, dependencies=[_TELLS])
async def from_webhook(request: Request, name: Annotated[str, Path(max_length=40)]) -> object:
    """Take a message of any other system, as `rules/inbound.yaml` reads it."""
    context = context_of(request)
    mapped = context.inbound.get(name)
    if mapped is None:
        raise NotFound("mapping", name)
    return await context.inbox.take(mapped.alerts(await _body(request), context.clock()))


@router.post(
    "/in/pagerduty", operation_id="takeFromPagerDuty", response_model=PagerDutyShape, status_code=202,
    dependencies=[_TELLS],
)  # fmt: skip
async def from_pagerduty(request: Request, source: Source = pagerduty.SOURCE) -> object:
    """Take an event as PagerDuty's Events API v2 has it; what only acknowledges is answered and changes nothing."""
    context = context_of(request)
    event = pagerduty.of_event(await _body(request), source, context.clock())
    if event.alert is not None:
        await context.inbox.take([event.alert])
    return PagerDutyShape(dedup_key=event.key)


@router.get(
    "/in/alerts", operation_id="listForeignAlerts", response_model=list[AlertShape],
    dependencies=[requires(Permission.INCIDENTS_READ)],
)  # fmt: skip
async def list_alerts(request: Request) -> object:
    """List the alerts of other systems that stand, those of no known CI first."""
    async with context_of(request).store.read() as connection:
        return [alert_shape(each) for each in await inbox.listed(connection)]


@router.post(
    "/in/alerts/{number}/ci", operation_id="bindForeignAlert", status_code=204,
    dependencies=[requires(Permission.INCIDENTS_WORK)],
)  # fmt: skip
async def bind(request: Request, number: int, asked: Bound) -> Response:
    """Say which CI an alert is about; its incident becomes that CI's."""
    async with acting(request) as act:
        await context_of(request).inbox.bind(act, number, asked.ci)
    return Response(status_code=204)


@api_v2.post("/alerts", dependencies=[_TELLS])
async def from_prometheus(request: Request, source: Source = "prometheus") -> Response:
    """Take alerts as a Prometheus sends them to its Alertmanagers: again and again until they end."""
    context = context_of(request)
    await context.inbox.take(alertmanager.of_api(await _body(request), source, context.clock()))
    return Response(status_code=200)
