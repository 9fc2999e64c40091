"""Alerts of other systems: taken and listed by `/api/v1/in/…`; taken by `/api/v2/alerts` of a Prometheus,
which takes us for an Alertmanager.

2xx says that it is on disk. When too much is under way the answer is 503, which senders try again; never 429, which
Alertmanager takes for a refusal.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from collector.api.access import requires
from collector.api.acting import acting, who
from collector.api.context import context_of
from collector.api.inbound_shapes import (
    AlertShape,
    AlertsOfOthersAsked,
    Bound,
    BoundShape,
    LabelShape,
    PagerDutyShape,
    TakenShape,
    alert_shape,
    label_shape,
)
from collector.api.shapes import Paged
from collector.security.roles import Permission
from collector.services.inbound import alertmanager, assigning, listed, pagerduty
from collector.services.inbound.listed import ForeignQuery
from collector.services.inbound.reading import BadAlert
from collector.services.missing import NotFound
from collector.tickets.exchange import parsed

router = APIRouter(tags=["alerts"])
api_v2 = APIRouter(prefix="/api/v2", tags=["alerts"], include_in_schema=False)
Source = Annotated[
    str, Query(max_length=40, pattern=r"^[A-Za-z0-9._-]+$", description="tells one system of its kind from another")
]
Number = Annotated[int, Path(ge=1, lt=2**63)]


async def _body(request: Request) -> Any:
    """Return the JSON that was sent, bounded by the frame; raise `BadAlert`."""
    try:
        return parsed(await request.body())
    except ValueError:
        raise BadAlert("JSON is expected") from None


_TELLS = requires(Permission.ALERTS_SEND)
_WORKS = [requires(Permission.INCIDENTS_WORK)]


@router.post("/in/alertmanager", operation_id="takeFromAlertmanager", response_model=TakenShape, dependencies=[_TELLS])
async def from_alertmanager(request: Request, source: Source = alertmanager.SOURCE) -> object:
    """Take a message of Alertmanager's webhook, version 4."""
    context = context_of(request)
    alerts = alertmanager.of_webhook(await _body(request), source, context.clock())
    return await context.inbox.take(alerts, who(request))


@router.post("/in/webhook/{name}", operation_id="takeFromWebhook", response_model=TakenShape, dependencies=[_TELLS])
async def from_webhook(request: Request, name: Annotated[str, Path(max_length=40)]) -> object:
    """Take a message of any other system, as `rules/inbound.yaml` reads it."""
    context = context_of(request)
    mapped = context.inbound.get(name)
    if mapped is None:
        raise NotFound("mapping", name)
    return await context.inbox.take(mapped.alerts(await _body(request), context.clock()), who(request))


@router.post(
    "/in/pagerduty", operation_id="takeFromPagerDuty", response_model=PagerDutyShape, status_code=202,
    dependencies=[_TELLS],
)  # fmt: skip
async def from_pagerduty(request: Request, source: Source = pagerduty.SOURCE) -> object:
    """Take an event as PagerDuty's Events API v2 has it; what only acknowledges is answered and changes nothing."""
    context = context_of(request)
    event = pagerduty.of_event(await _body(request), source, context.clock())
    if event.alert is not None:
        await context.inbox.take([event.alert], who(request))
    return PagerDutyShape(dedup_key=event.key)


@router.get(
    "/in/alerts", operation_id="listForeignAlerts", response_model=Paged[AlertShape],
    dependencies=[requires(Permission.INCIDENTS_READ)],
)  # fmt: skip
async def list_alerts(request: Request, asked: Annotated[AlertsOfOthersAsked, Query()]) -> object:
    """List the alerts of other systems that stand, the newest first."""
    query = ForeignQuery(tuple(asked.severities), asked.source, asked.bound, asked.q)
    async with context_of(request).store.read() as connection:
        page = await listed.list_foreign(connection, query, asked.window)
    return page.of([alert_shape(each) for each in page.items])


@router.post(
    "/in/alerts/{number}/ci", operation_id="bindForeignAlert", response_model=BoundShape, dependencies=_WORKS
)  # fmt: skip
async def bind(request: Request, number: Number, asked: Bound) -> object:
    """Say which CI an alert is about; its incident becomes that CI's. With a label: all that bear it alike."""
    inbox = context_of(request).inbox
    async with acting(request) as act:
        if asked.label:
            return BoundShape(alerts=await assigning.bind_label(act, inbox, number, asked.label, asked.ci))
        await assigning.bind(act, inbox, number, asked.ci)
    return BoundShape(alerts=1)


@router.get(
    "/in/labels", operation_id="listForeignLabels", response_model=list[LabelShape],
    dependencies=[requires(Permission.INCIDENTS_READ)],
)  # fmt: skip
async def list_labels(request: Request) -> object:
    """List what people said of labels, the newest first; 2,000 at most are kept."""
    async with context_of(request).store.read() as connection:
        return [label_shape(each) for each in await assigning.listed(connection)]


@router.delete("/in/labels/{number}", operation_id="forgetForeignLabel", status_code=204, dependencies=_WORKS)
async def forget_label(request: Request, number: Number) -> Response:
    """Let a label mean no CI any more; alerts keep the one they have."""
    async with acting(request) as act:
        await assigning.forget_label(act, number)
    return Response(status_code=204)


@api_v2.post("/alerts", dependencies=[_TELLS])
async def from_prometheus(request: Request, source: Source = "prometheus") -> Response:
    """Take alerts as a Prometheus sends them to its Alertmanagers: again and again until they end."""
    context = context_of(request)
    await context.inbox.take(alertmanager.of_api(await _body(request), source, context.clock()), who(request))
    return Response(status_code=200)
