"""`/api/v1/stocktakes/plans`: rounds and yearly stock-takes that come by themselves."""

from __future__ import annotations

from typing import Any

import structlog
from fastapi import APIRouter, Request

from collector.api.access import requires
from collector.api.acting import acting
from collector.api.context import context_of
from collector.api.stocktake_shapes import RoundPlanAsked, RoundPlanShape, TurnAsked, round_plan_shape
from collector.security.roles import Permission
from collector.services.stocktaking import plans

log = structlog.get_logger(__name__)
router = APIRouter(tags=["stock-takes"], prefix="/stocktakes/plans")
_READ = [requires(Permission.CIS_READ)]
_LEAD = [requires(Permission.CIS_WRITE)]


@router.get("", operation_id="listRoundPlans", response_model=list[RoundPlanShape], dependencies=_READ)
async def list_round_plans(request: Request) -> object:
    """List the plans, by when they come due, those that are ended last."""
    async with context_of(request).store.read() as connection:
        return [round_plan_shape(kept) for kept in await plans.every(connection)]


@router.get("/{number}", operation_id="getRoundPlan", response_model=RoundPlanShape, dependencies=_READ)
async def get_round_plan(request: Request, number: str) -> object:
    """Get a plan, when it comes due next and how many CIs are in its scope now."""
    return await _one(request, number)


async def _one(request: Request, number: str) -> dict[str, Any]:
    context = context_of(request)
    async with context.store.read() as connection:
        kept = await plans.find(connection, number)
        return round_plan_shape(kept, await plans.preview(connection, context.inspector, kept.plan, context.clock()))


@router.post("", operation_id="addRoundPlan", status_code=201, response_model=RoundPlanShape, dependencies=_LEAD)
async def add_round_plan(request: Request, asked: RoundPlanAsked) -> object:
    """Make a plan; its stock-takes begin by themselves from then on."""
    inspector = context_of(request).inspector
    async with acting(request) as act:
        number = await plans.add(act, inspector, plans.read(asked.plan))
    inspector.wake()
    log.info("plan of rounds kept", number=number, by=request.state.principal.name)
    return await _one(request, number)


@router.put("/{number}", operation_id="changeRoundPlan", response_model=RoundPlanShape, dependencies=_LEAD)
async def change_round_plan(request: Request, number: str, asked: RoundPlanAsked) -> object:
    """Write the next version of a plan; what it has made stays."""
    inspector = context_of(request).inspector
    async with acting(request) as act:
        await plans.change(act, inspector, number, plans.read(asked.plan))
    inspector.wake()
    return await _one(request, number)


@router.post("/{number}/state", operation_id="turnRoundPlan", response_model=RoundPlanShape, dependencies=_LEAD)
async def turn_round_plan(request: Request, number: str, asked: TurnAsked) -> object:
    """Let a plan rest (paused), go on from now (active), or end for good (ended)."""
    inspector = context_of(request).inspector
    async with acting(request) as act:
        await plans.turn(act, inspector, number, asked.state)
    inspector.wake()
    return await _one(request, number)
