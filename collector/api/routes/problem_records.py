"""`/api/v1/problems`: why incidents come back, what is proposed, known and solved."""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import APIRouter, Query, Request, Response

from collector.api import asking, problem_shapes, shapes
from collector.api.access import requires
from collector.api.acting import acting
from collector.api.context import context_of
from collector.api.problem_shapes import (
    IncidentOf,
    ProblemAct,
    ProblemDecision,
    ProblemEdited,
    ProblemShape,
    ProblemWhole,
    RaiseAsked,
)
from collector.desk.problem import Deed
from collector.security.roles import Permission
from collector.services.problems import seen, working
from collector.services.problems.working import Edited
from collector.store.browse.problems import ProblemQuery

log = structlog.get_logger(__name__)
router = APIRouter(tags=["incidents"])
_READ = [requires(Permission.INCIDENTS_READ)]
_WORK = [requires(Permission.INCIDENTS_WORK)]
_MANAGE = [requires(Permission.INCIDENTS_MANAGE)]


@router.get(
    "/problems", operation_id="listProblems", response_model=shapes.Paged[ProblemShape], dependencies=_READ
)  # fmt: skip
async def list_problems(request: Request, asked: Annotated[asking.ProblemsAsked, Query()]) -> object:
    """List problems, newest first."""
    query = ProblemQuery(tuple(asked.states), asked.owner, asked.q)
    async with context_of(request).store.read() as connection:
        return await seen.listed(connection, query, asked.window)


@router.get("/problems/{number}", operation_id="getProblem", response_model=ProblemWhole, dependencies=_READ)
async def get_problem(request: Request, number: str) -> object:
    """Get one problem with its incidents and its trail."""
    may = request.state.principal.may
    async with context_of(request).store.read() as connection:
        found = await seen.one(connection, number, may(Permission.INCIDENTS_MANAGE))
    offers = found.offers if may(Permission.INCIDENTS_WORK) else ()
    return problem_shapes.whole(found).model_copy(update={"offers": [str(each) for each in offers]})


@router.post(
    "/problems", operation_id="raiseProblem", status_code=201, response_model=ProblemWhole, dependencies=_WORK
)  # fmt: skip
async def raise_problem(request: Request, asked: RaiseAsked) -> object:
    """Make an incident a problem by hand."""
    async with acting(request) as act:
        number = await working.raised(act, asked.incident, asked.title)
    return await get_problem(request, number)


@router.post("/problems/{number}/acts", operation_id="actOnProblem", response_model=ProblemWhole, dependencies=_WORK)
async def act_on(request: Request, number: str, asked: ProblemAct) -> object:
    """Know what is behind it, resolve it, open it again."""
    return await _done(request, number, asked)


@router.post(
    "/problems/{number}/decisions", operation_id="decideProblem", response_model=ProblemWhole, dependencies=_MANAGE
)  # fmt: skip
async def decide(request: Request, number: str, asked: ProblemDecision) -> object:
    """Accept what is proposed, decline it with a reason, or close a problem."""
    return await _done(request, number, asked)


async def _done(request: Request, number: str, asked: ProblemAct | ProblemDecision) -> object:
    async with acting(request) as act:
        state = await working.do(act, number, Deed(asked.act), asked.text, asked.version)
    log.info("problem step", problem=number, act=asked.act, state=state, by=request.state.principal.name)
    return await get_problem(request, number)


@router.put("/problems/{number}", operation_id="editProblem", response_model=ProblemWhole, dependencies=_WORK)
async def edit(request: Request, number: str, asked: ProblemEdited) -> object:
    """Write what is known of it: title, owner, cause, workaround, solution."""
    async with acting(request) as act:
        await working.edit(act, number, Edited(**asked.model_dump(exclude={"version"})), asked.version)
    return await get_problem(request, number)


@router.post(
    "/problems/{number}/incidents", operation_id="linkProblem", response_model=ProblemWhole, dependencies=_WORK
)  # fmt: skip
async def link(request: Request, number: str, asked: IncidentOf) -> object:
    """Let an incident belong to it."""
    async with acting(request) as act:
        await working.link(act, number, asked.incident)
    return await get_problem(request, number)


@router.delete(
    "/problems/{number}/incidents/{incident}", operation_id="unlinkProblem", status_code=204, dependencies=_WORK
)  # fmt: skip
async def unlink(request: Request, number: str, incident: str) -> Response:
    """Let an incident belong to it no more."""
    async with acting(request) as act:
        await working.unlink(act, number, incident)
    return Response(status_code=204)
