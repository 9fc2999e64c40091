"""`/api/v1/plans`: periodic maintenance, planned; made of a template or of values."""

from __future__ import annotations

from typing import Any

import structlog
from fastapi import APIRouter, Request

from collector.api import inspection_shapes as its
from collector.api.access import requires
from collector.api.acting import acting
from collector.api.context import context_of
from collector.inspecting.plan import BadPlan, Plan, values_of
from collector.security.roles import Permission
from collector.services.inspecting import plans, runs

log = structlog.get_logger(__name__)
router = APIRouter(tags=["periodic maintenance"])
_READ = [requires(Permission.INSPECTIONS_READ)]
_PLAN = [requires(Permission.INSPECTIONS_PLAN)]


@router.get("/plans", operation_id="listPlans", response_model=list[its.PlanShape], dependencies=_READ)
async def list_plans(request: Request) -> object:
    """List the plans, the active ones first, by when they come due."""
    async with context_of(request).store.read() as connection:
        return [its.plan_shape(kept) for kept in await plans.every(connection)]


@router.get(
    "/plans/templates", operation_id="listPlanTemplates", response_model=list[its.TemplateShape], dependencies=_READ
)
async def list_templates(request: Request) -> object:
    """List the templates plans are made of."""
    found = context_of(request).inspector.templates
    return [{"name": name, "plan": values_of(plan)} for name, plan in found.items()]


@router.get("/plans/{number}", operation_id="getPlan", response_model=its.PlanShape, dependencies=_READ)
async def get_plan(request: Request, number: str) -> object:
    """Get a plan, when it comes due next and what it asks."""
    return await _one(request, number)


async def _one(request: Request, number: str) -> dict[str, Any]:
    context = context_of(request)
    async with context.store.read() as connection:
        kept = await plans.find(connection, number)
    try:
        return its.plan_shape(kept, plans.preview(context.inspector, kept.plan, context.clock()))
    except BadPlan:
        return its.plan_shape(kept)


@router.post(
    "/plans", operation_id="addPlan", status_code=201, response_model=its.PlanShape, dependencies=_PLAN,
)  # fmt: skip
async def add_plan(request: Request, asked: its.PlanAsked) -> object:
    """Make a plan; it comes due by itself from then on."""
    inspector = context_of(request).inspector
    async with acting(request) as act:
        number = await plans.add(act, inspector, _plan(request, asked))
    inspector.wake()
    log.info("plan kept", number=number, by=request.state.principal.name)
    return await _one(request, number)


def _plan(request: Request, asked: its.PlanAsked) -> Plan:
    if asked.template:
        return plans.of_template(context_of(request).inspector, asked.template, asked.assignee, asked.deputy)
    return plans.read(asked.plan)


@router.put("/plans/{number}", operation_id="changePlan", response_model=its.PlanShape, dependencies=_PLAN)
async def change_plan(request: Request, number: str, asked: its.PlanAsked) -> object:
    """Write the next version of a plan; inspections that were made keep theirs."""
    inspector = context_of(request).inspector
    async with acting(request) as act:
        await plans.change(act, inspector, number, plans.read(asked.plan))
    inspector.wake()
    return await _one(request, number)


@router.post("/plans/{number}/pause", operation_id="pausePlan", response_model=its.PlanShape, dependencies=_PLAN)
async def pause_plan(request: Request, number: str, asked: its.PauseAsked) -> object:
    """Let a plan rest, or go on from now."""
    inspector = context_of(request).inspector
    async with acting(request) as act:
        await plans.pause(act, inspector, number, asked.paused)
    inspector.wake()
    return await _one(request, number)


@router.post(
    "/plans/{number}/runs", operation_id="runPlan", status_code=201, response_model=its.RunShape, dependencies=_PLAN,
)  # fmt: skip
async def run_plan(request: Request, number: str) -> object:
    """Make an inspection of it now, beside its schedule."""
    context = context_of(request)
    async with context.store.read() as connection:
        found = await runs.asked(connection, context.inspector, number, context.clock())
    async with acting(request) as act:
        run = await runs.make_now(act, context.inspector, *found)
    log.info("inspection made", number=run.number, plan=number, by=request.state.principal.name)
    return its.run_shape(run) | {"plan": number}
