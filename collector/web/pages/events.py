"""Events: what devices said by themselves, the list, and the list as CSV."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from collector.api.access import requires
from collector.security.roles import Permission
from collector.services import events
from collector.store.browse.events import EventQuery, EventRow
from collector.web import units
from collector.web.catalogue import Texts
from collector.web.list_page import ListPage
from collector.web.listing import Column, Listing, Spec
from wire.listening import EVENT_KINDS, SEVERITIES

router = APIRouter(include_in_schema=False)
_READ = [requires(Permission.CIS_READ)]

SPEC = Spec(
    "/events",
    (
        Column("heard"), Column("severity"), Column("event_kind"), Column("ci"), Column("object"), Column("message"),
        Column("actor"), Column("times"), Column("address", shown=False), Column("heard_by", shown=False),
    ),
    {"event_kind": tuple(EVENT_KINDS), "severity": tuple(SEVERITIES)},
)  # fmt: skip


def _query(_: Request, asked: Listing) -> EventQuery:
    return EventQuery(kinds=asked.chosen["event_kind"], severities=asked.chosen["severity"], q=asked.q)


def _cells(row: EventRow, texts: Texts) -> dict[str, object]:
    return {
        "heard": units.exact(row.until), "severity": texts.label("severity", row.severity),
        "event_kind": texts.label("event_kind", row.kind), "ci": row.ci.name if row.ci else row.address,
        "object": row.object, "message": row.message, "actor": row.actor, "times": row.count,
        "address": row.address, "heard_by": row.source,
    }  # fmt: skip


LIST = ListPage(SPEC, _query, events.listed, _cells)


@router.get("/events", dependencies=_READ)
async def events_page(request: Request) -> Response:
    return await LIST.page(request, "events.html")


@router.get("/events.csv", dependencies=_READ)
async def events_csv(request: Request) -> Response:
    return LIST.csv(request)
