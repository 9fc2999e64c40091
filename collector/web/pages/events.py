"""Events: what devices said by themselves, the list, and the list as CSV."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from collector.api.access import requires
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.services import events
from collector.store.browse.events import EventQuery, EventRow
from collector.web import csvfile, units
from collector.web.listing import Column, Listing, Spec, everything, read
from collector.web.render import page
from collector.web.viewer import texts_of, viewer_of
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


def _query(asked: Listing) -> EventQuery:
    return EventQuery(kinds=asked.chosen["event_kind"], severities=asked.chosen["severity"], q=asked.q)


@router.get("/events", dependencies=_READ)
async def events_page(request: Request) -> Response:
    asked = read(SPEC, request)
    if shorter := asked.shorter(request):
        return RedirectResponse(shorter, 303)
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await events.listed(connection, _query(asked), asked.window)
    return page(viewer, "events.html", listing=asked.of(found))


@router.get("/events.csv", dependencies=_READ)
async def events_csv(request: Request) -> Response:
    asked, texts = read(SPEC, request), texts_of(request, request.state.principal)

    def row(each: EventRow) -> list[object]:
        cells: dict[str, object] = {
            "heard": units.exact(each.until), "severity": texts.label("severity", each.severity),
            "event_kind": texts.label("event_kind", each.kind), "ci": each.ci.name if each.ci else each.address,
            "object": each.object, "message": each.message, "actor": each.actor, "times": each.count,
            "address": each.address, "heard_by": each.source,
        }  # fmt: skip
        return [cells[column.name] for column in asked.columns]

    rows = everything(
        context_of(request).store, lambda connection, window: events.listed(connection, _query(asked), window), row
    )
    return csvfile.answer("events", asked.head(texts), rows)
