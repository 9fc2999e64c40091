"""`/api/v1/events`: what devices said by themselves."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from collector.api import asking, shapes
from collector.api.access import requires
from collector.api.context import context_of
from collector.api.event_shapes import Event
from collector.security.roles import Permission
from collector.services import cis, events
from collector.store.browse.events import EventQuery

router = APIRouter(tags=["events"], dependencies=[requires(Permission.CIS_READ)])


@router.get("/events", operation_id="listEvents", response_model=shapes.Paged[Event])
async def list_events(request: Request, asked: Annotated[asking.EventsAsked, Query()]) -> object:
    """List events, newest first: SNMP notifications and syslog, those alike as one with a count."""
    async with context_of(request).store.read() as connection:
        ci_id = (await cis.one(connection, asked.ci)).id if asked.ci else None
        return await events.listed(connection, _query(asked, ci_id), asked.window)


@router.get("/cis/{uid}/events", operation_id="listCiEvents", response_model=shapes.Paged[Event])
async def list_ci_events(request: Request, uid: str, asked: Annotated[asking.EventsAsked, Query()]) -> object:
    """List what one CI said by itself, newest first."""
    async with context_of(request).store.read() as connection:
        return await events.listed(connection, _query(asked, (await cis.one(connection, uid)).id), asked.window)


def _query(asked: asking.EventsAsked, ci_id: int | None) -> EventQuery:
    return EventQuery(
        ci_id, tuple(asked.kinds), tuple(asked.severities), asked.address, asking.moment(asked.since, "since"),
        asking.moment(asked.until, "until"), asked.q,
    )  # fmt: skip
