"""`/api/v1/sweep-plans`: what is swept, how and when."""

from __future__ import annotations

import structlog
from fastapi import APIRouter, Request, Response

from collector.api import sweep_shapes
from collector.api.access import requires
from collector.api.acting import acting
from collector.api.answer import tagged
from collector.api.context import Context, context_of
from collector.api.sweep_shapes import PlanAsked
from collector.security.roles import Permission
from collector.services import sweeps
from collector.services.missing import NotFound
from collector.services.sweeps import NewPlan

log = structlog.get_logger(__name__)
router = APIRouter(tags=["sweeps"])
_READ = [requires(Permission.SWEEPS_READ)]
_WRITE = [requires(Permission.SWEEPS_WRITE)]


def _new(asked: PlanAsked) -> NewPlan:
    return NewPlan(asked.name, asked.zone, asked.settings.plain(), asked.schedule)


async def _one(context: Context, uid: str) -> sweeps.Plan:
    async with context.store.read() as connection:
        found = await sweeps.plan(connection, uid)
    if found is None:
        raise NotFound("plan", uid)
    return found


@router.get("/sweep-plans", operation_id="listSweepPlans", response_model=list[sweep_shapes.Plan], dependencies=_READ)
async def list_plans(request: Request) -> object:
    """List plans by name, each with its newest sweep."""
    async with context_of(request).store.read() as connection:
        return await sweeps.plans(connection)


@router.post(
    "/sweep-plans", operation_id="createSweepPlan", status_code=201, response_model=sweep_shapes.Plan,
    dependencies=_WRITE,
)  # fmt: skip
async def create_plan(request: Request, asked: PlanAsked) -> object:
    """Make a plan."""
    context, by = context_of(request), request.state.principal.name
    async with acting(request) as act:
        uid = await sweeps.create_plan(act, _new(asked))
    log.info("plan made", plan=uid, by=by)
    return await _one(context, uid)


@router.get("/sweep-plans/{uid}", operation_id="getSweepPlan", response_model=sweep_shapes.Plan, dependencies=_READ)
async def get_plan(request: Request, uid: str) -> Response:
    """Get one plan."""
    return tagged(request, sweep_shapes.Plan.model_validate(await _one(context_of(request), uid)))


@router.put("/sweep-plans/{uid}", operation_id="changeSweepPlan", response_model=sweep_shapes.Plan, dependencies=_WRITE)
async def change_plan(request: Request, uid: str, asked: PlanAsked) -> object:
    """Write a plan anew; a sweep of it that is under way goes on as it began."""
    context = context_of(request)
    async with acting(request) as act:
        found = await sweeps.change_plan(act, uid, _new(asked))
    if not found:
        raise NotFound("plan", uid)
    log.info("plan changed", plan=uid, by=request.state.principal.name)
    return await _one(context, uid)


@router.delete("/sweep-plans/{uid}", operation_id="removeSweepPlan", status_code=204, dependencies=_WRITE)
async def remove_plan(request: Request, uid: str) -> Response:
    """Remove a plan; its sweeps and what they found stay."""
    async with acting(request) as act:
        found = await sweeps.remove_plan(act, uid)
    if not found:
        raise NotFound("plan", uid)
    log.info("plan removed", plan=uid, by=request.state.principal.name)
    return Response(status_code=204)
