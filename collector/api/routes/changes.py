"""`/api/v1/changes`: raised, edited, decided step by step, carried out and closed."""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import APIRouter, Path, Query, Request, Response

from collector.api import change_shapes, shapes
from collector.api.access import requires
from collector.api.acting import acting
from collector.api.answer import tagged
from collector.api.asking import ChangesAsked, moment
from collector.api.change_bodies import (
    ChangeAsked,
    ContentAsked,
    EditAsked,
    LineDecided,
    StepAsked,
    TaskAsked,
    WindowAsked,
)
from collector.api.change_shapes import ChangeShape, change_shape
from collector.api.context import context_of
from collector.api.routes.imports import received
from collector.change.lifecycle import Actor
from collector.change.record import Window
from collector.security.audit import Act
from collector.security.roles import Permission
from collector.services.changes import drafting, listed, seen, templates
from collector.services.changes.asked import Asked
from collector.services.changes.desk import actor_of
from collector.services.refused import Refused
from collector.store.browse.changes import ChangeQuery

log = structlog.get_logger(__name__)
router = APIRouter(tags=["changes"])
_READ = [requires(Permission.CHANGES_READ)]
_RAISE = [requires(Permission.CHANGES_RAISE)]
_WRITE = [requires(Permission.CHANGES_WRITE)]
Place = Annotated[int, Path(ge=0, lt=100_000)]


def who(request: Request) -> Actor:
    return actor_of(request.state.principal.name, request.state.principal.roles)


def window_of(asked: WindowAsked) -> Window:
    return Window(moment(asked.start, "start") or 0, moment(asked.end, "end") or 0)


def _content(asked: ContentAsked) -> Asked:
    return asked.plain(window_of(asked.window) if asked.window else None)


async def _one(request: Request, number: str) -> ChangeShape:
    context = context_of(request)
    async with context.store.read() as connection:
        return change_shape(await seen.one(connection, context.changes, number, who(request), context.clock()))


@router.get(
    "/changes", operation_id="listChanges", response_model=shapes.Paged[change_shapes.ChangeName], dependencies=_READ
)
async def list_changes(request: Request, asked: Annotated[ChangesAsked, Query()]) -> object:
    """List changes, newest first."""
    at = moment(asked.at, "at")
    query = ChangeQuery(tuple(asked.types), tuple(asked.states), asked.who, asked.q, at=at, unverified=asked.unverified)
    async with context_of(request).store.read() as connection:
        return await seen.listed(connection, query, asked.window)


@router.get("/changes/{number}", operation_id="getChange", response_model=ChangeShape, dependencies=_READ)
async def get_change(request: Request, number: str) -> Response:
    """Get one change with everything that is held of it."""
    return tagged(request, await _one(request, number))


@router.post("/changes", operation_id="raiseChange", status_code=201, response_model=ChangeShape, dependencies=_RAISE)
async def raise_change(request: Request, response: Response, asked: ChangeAsked) -> object:
    """Raise a change as a draft.

    With `origin` and `reference` it comes from another system: sent again as it was it is answered with 200 and the
    change it made; sent again as something else it is refused.
    """
    async with acting(request) as act:
        number, is_new = await _raised(request, act, asked)
    response.status_code = 201 if is_new else 200
    log.info("change raised", change=number, new=is_new, by=request.state.principal.name)
    return await _one(request, number)


async def _raised(request: Request, act: Act, asked: ChangeAsked) -> tuple[str, bool]:
    desk, content = context_of(request).changes, _content(asked)
    if asked.origin or asked.reference:
        return await desk.arrive(act, asked.type, content, asked.origin, asked.reference)
    if asked.finding is not None:
        await drafting.of_finding(act.tx, asked.finding, act.by)  # there is one
    template = await templates.live(act.tx, asked.template, act.at) if asked.template else None
    if template and asked.type != "standard":
        raise Refused("a template is for standard changes", "template")
    return await desk.raise_(act, asked.type, content, finding=asked.finding, template=template), True


@router.put("/changes/{number}", operation_id="editChange", response_model=ChangeShape, dependencies=_WRITE)
async def edit_change(request: Request, number: str, asked: EditAsked) -> object:
    """Write request and plan anew; its implementer writes the plan. Approvals of what it said before are void."""
    async with acting(request) as act:
        await context_of(request).changes.edit(act, who(request), number, _content(asked), asked.version)
    log.info("change edited", change=number, by=request.state.principal.name)
    return await _one(request, number)


@router.post("/changes/{number}/steps", operation_id="stepChange", response_model=ChangeShape, dependencies=_WRITE)
async def step_change(request: Request, number: str, asked: StepAsked) -> object:
    """Do one step; when it may not be done the problem names every reason, and nothing was changed."""
    async with acting(request) as act:
        desk = context_of(request).changes
        state = await desk.step(act, who(request), number, asked.step, asked.reason, asked.version)
    log.info("change stepped", change=number, step=asked.step, state=state, by=request.state.principal.name)
    return await _one(request, number)


@router.post("/changes/{number}/tasks", operation_id="entrustTask", response_model=ChangeShape, dependencies=_WRITE)
async def entrust(request: Request, number: str, asked: TaskAsked) -> object:
    """Give a helper a task."""
    async with acting(request) as act:
        await context_of(request).changes.entrust(act, who(request), number, asked.text, asked.assignee)
    return await _one(request, number)


@router.post(
    "/changes/{number}/tasks/{place}/done", operation_id="finishTask", response_model=ChangeShape, dependencies=_WRITE
)
async def done(request: Request, number: str, place: Place) -> object:
    """Say that one's task is done."""
    async with acting(request) as act:
        await context_of(request).changes.done(act, who(request), number, place)
    return await _one(request, number)


@router.post(
    "/changes/{number}/lines/{place}", operation_id="decideLine", response_model=ChangeShape, dependencies=_WRITE
)
async def decide(request: Request, number: str, place: Place, asked: LineDecided) -> object:
    """Say of a line what no observation can; whoever did the work does not."""
    async with acting(request) as act:
        desk = context_of(request).changes
        await desk.decide(act, who(request), number, place, asked.state, asked.reason)
    return await _one(request, number)


@router.post(
    "/change-imports", operation_id="importChanges", response_model=change_shapes.TakenShape, dependencies=_RAISE
)
async def import_changes(
    request: Request, origin: Annotated[str, Query(min_length=1, max_length=100)]
) -> object:  # fmt: skip
    """Take a list of changes (CSV, JSON, XML or XLSX as the body): a row a line of a plan, all of it or nothing."""
    async with received(request) as file, acting(request) as act:
        taken = await listed.take(act, context_of(request).changes, origin, file)
    log.info("changes read", origin=origin, made=len(taken.made), wrong=len(taken.wrong))
    return taken
