"""`/api/v1/incidents` and `/my/reports`: what is broken, who works on it, and what was done."""

from __future__ import annotations

from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Query, Request, Response

from collector.api import asking, shapes, trouble_shapes
from collector.api.access import requires
from collector.api.acting import acting
from collector.api.answer import tagged
from collector.api.context import context_of
from collector.api.incident_shapes import ActAsked, EditAsked, IncidentWhole, LinkAsked, ParentAsked, ReportAsked
from collector.api.streams import stream
from collector.desk.lifecycle import Person
from collector.security.roles import Permission
from collector.services.incidents import listed, reporting, seen
from collector.services.incidents.desk import Wish, person_of
from collector.services.incidents.reporting import Report
from collector.store.browse.incident_query import IncidentQuery

log = structlog.get_logger(__name__)
router = APIRouter(tags=["incidents"])
_READ = [requires(Permission.INCIDENTS_READ)]
_REPORT = [requires(Permission.INCIDENTS_REPORT)]
_WORK = [requires(Permission.INCIDENTS_WORK)]


def who(request: Request) -> Person:
    return person_of(request.state.principal.name, request.state.principal.roles)


@router.get(
    "/incidents", operation_id="listIncidents", response_model=shapes.Paged[trouble_shapes.Incident], dependencies=_READ
)
async def list_incidents(request: Request, asked: Annotated[asking.IncidentsAsked, Query()]) -> object:
    """List incidents, newest first."""
    context = context_of(request)
    query = IncidentQuery(
        tuple(asked.states), tuple(asked.severities), tuple(asked.kinds), asked.q, priorities=tuple(asked.priorities),
        sources=tuple(asked.sources), classes=tuple(asked.classes), lines=tuple(asked.lines), assignee=asked.assignee,
        unassigned=asked.unassigned, overdue_at=context.clock() if asked.overdue else None, escalated=asked.escalated,
        at=asking.moment(asked.at, "at"),
    )  # fmt: skip
    async with context.store.read() as connection:
        return await listed.listed(connection, query, asked.window)


@router.get(
    "/incidents/events", operation_id="followIncidents", dependencies=_READ, response_class=Response,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)  # fmt: skip
async def follow(request: Request, after: Annotated[int, Query(ge=0, lt=2**62)] = 0) -> Response:
    """Follow the desk: `counts` each time they move: open, unassigned, overdue, and `fresh`, opened since `after`."""
    context = context_of(request)

    async def look() -> tuple[dict[str, Any], bool]:
        async with context.store.read() as connection:
            return {"counts": await listed.counts(connection, after, context.clock())}, False

    return stream(request, look)


@router.get("/incidents/{number}", operation_id="getIncident", response_model=IncidentWhole, dependencies=_READ)
async def get_incident(request: Request, number: str) -> Response:
    """Get one incident with its clocks, its trail, its causes, and what whoever asks may do with it."""
    return tagged(request, await _one(request, number))


async def _one(request: Request, number: str) -> IncidentWhole:
    context = context_of(request)
    async with context.store.read() as connection:
        found = await seen.one(connection, context.service_desk, number, who(request), context.clock())
    return _whole(found)


def _whole(found: seen.Seen) -> IncidentWhole:
    names = ("clocks", "intervals", "trail", "links", "members", "changes", "offers", "escalated", "stays")
    row = {name: getattr(found.row, name) for name in (*found.row.__dataclass_fields__, "due_at")}
    its = {name: getattr(found, name) for name in names}
    its["children"] = [each.number for each in found.children]
    its["problem"] = found.problem.number if found.problem else ""
    return IncidentWhole.model_validate(row | its)


@router.post(
    "/incidents/{number}/acts", operation_id="actOnIncident", response_model=IncidentWhole, dependencies=_REPORT
)
async def act_on(request: Request, number: str, asked: ActAsked) -> object:
    """Do one act; when it may not be done the problem names every reason, and nothing was changed."""
    wish = Wish(asked.text, asked.to, asked.line, asked.code, asked.vendor, asked.score)
    async with acting(request) as act:
        state = await context_of(request).service_desk.do(act, who(request), number, asked.act, wish, asked.version)
    log.info("incident step", incident=number, act=asked.act, state=state, by=request.state.principal.name)
    return await _one(request, number)


@router.put("/incidents/{number}", operation_id="editIncident", response_model=IncidentWhole, dependencies=_WORK)
async def edit(request: Request, number: str, asked: EditAsked) -> object:
    """Correct whom and where it is about, its category, and whether it is a major one."""
    said = asked.model_dump(include={"contact", "affected", "place", "category"}, exclude_none=True)
    async with acting(request) as act:
        desk = context_of(request).service_desk
        await desk.edit(act, who(request), number, said, major=asked.major, version=asked.version)
    return await _one(request, number)


@router.post("/incidents/{number}/links", operation_id="linkIncident", response_model=IncidentWhole, dependencies=_WORK)
async def link(request: Request, number: str, asked: LinkAsked) -> object:
    """Say what it has to do with."""
    async with acting(request) as act:
        await context_of(request).service_desk.link(act, who(request), number, asked.kind, asked.reference)
    return await _one(request, number)


@router.delete(
    "/incidents/{number}/links/{kind}/{reference:path}", operation_id="unlinkIncident", status_code=204,
    dependencies=_WORK,
)  # fmt: skip
async def unlink(request: Request, number: str, kind: str, reference: str) -> Response:
    """Say that it has nothing to do with that."""
    async with acting(request) as act:
        await context_of(request).service_desk.unlink(act, who(request), number, kind, reference)
    return Response(status_code=204)


@router.put(
    "/incidents/{number}/parent", operation_id="setParent", response_model=IncidentWhole, dependencies=_WORK
)  # fmt: skip
async def set_parent(request: Request, number: str, asked: ParentAsked) -> object:
    """Put it under another incident, or under none."""
    async with acting(request) as act:
        await context_of(request).service_desk.set_parent(act, who(request), number, asked.parent)
    return await _one(request, number)


@router.get(
    "/my/reports", operation_id="listMyReports", response_model=shapes.Paged[trouble_shapes.Incident],
    dependencies=_REPORT,
)  # fmt: skip
async def my_reports(request: Request, asked: Annotated[asking.Asked, Query()]) -> object:
    """List what whoever asks has reported, newest first."""
    query = IncidentQuery(reporter=request.state.principal.name)
    async with context_of(request).store.read() as connection:
        return await listed.listed(connection, query, asked.window)


@router.post(
    "/my/reports", operation_id="report", status_code=201, response_model=IncidentWhole, dependencies=_REPORT
)  # fmt: skip
async def report(request: Request, asked: ReportAsked) -> object:
    """Report what is broken."""
    async with acting(request) as act:
        said = Report(**asked.model_dump())
        number = await reporting.report(act, context_of(request).service_desk, said)
    log.info("incident reported", incident=number, by=request.state.principal.name)
    return await _one(request, number)
