"""Plans of periodic maintenance: the list with the templates, the form, one plan with its runs and versions."""

from __future__ import annotations

from typing import Final

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from collector.api.access import requires
from collector.api.acting import acting
from collector.api.context import context_of
from collector.inspecting.plan import ANSWERS, CADENCES, NON_WORKDAYS, PHOTOS, BadPlan, Plan
from collector.security.roles import CLASSES, Permission
from collector.services.inspecting import plans, runs, seen
from collector.services.refused import Refused
from collector.store.browse.inspections import RunQuery
from collector.store.browse.page import Window
from collector.web import forms, schedule_form
from collector.web.forms import Form
from collector.web.inspection_form import CLASS, count_of, form_of, more_items, values_of
from collector.web.recurrence import recurrence
from collector.web.render import page
from collector.web.sending import sent, was_done
from collector.web.viewer import viewer_of

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False)
_READ = [requires(Permission.INSPECTIONS_READ)]
_PLAN = [requires(Permission.INSPECTIONS_PLAN)]
NEW: Final = schedule_form.NEW | {
    "rrule": "FREQ=WEEKLY;BYDAY=MO;BYHOUR=9;BYMINUTE=0", "cadence": "weekly", "review": "yes",
}  # fmt: skip
RUNS: Final = 20
WRONG: Final = {
    "title": "form.required", "assignee": "inspection.wrong.person", "deputy": "inspection.wrong.deputy",
    "rrule": "inspection.wrong.rrule", "zone": "inspection.wrong.zone", "starts": "inspection.wrong.starts",
    "match": "inspection.wrong.match", "checks": "inspection.wrong.checks", "plan": "inspection.wrong.same",
}  # fmt: skip
"""Field of the form → what is said beside it."""


@router.get("/inspections/plans", dependencies=_READ)
async def plans_page(request: Request) -> Response:
    context = context_of(request)
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await plans.every(connection)
    return page(
        viewer, "inspection_plans.html", plans=found, templates=context.inspector.templates,
        recurrence=recurrence,
    )  # fmt: skip


@router.get("/inspections/plans/new", dependencies=_PLAN)
async def new_page(request: Request, template: str = "") -> Response:
    me = request.state.principal.name
    if template:
        return await _form(request, form_of(plans.of_template(context_of(request).inspector, template, me)), template)
    return await _form(request, forms.of_values(NEW | {"assignee": me}))


async def _form(
    request: Request, form: Form, template: str = "", number: str = "", shown: Plan | None = None
) -> Response:
    context = context_of(request)
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        people = await plans.inspectors(connection)
    preview = plans.preview(context.inspector, shown, context.clock()) if shown else None
    return page(
        viewer, "inspection_plan_form.html", 200 if form.is_right else 400, form=form, people=people, classes=CLASSES,
        count=count_of(form), made_of=template, number=number, preview=preview, chosen=form.texts(CLASS),
        answers=ANSWERS, photos=PHOTOS, cadences=CADENCES, non_workdays=NON_WORKDAYS,
    )  # fmt: skip


def _read(form: Form, template: str) -> Plan | None:
    """Return the plan a form asks for; what is wrong is marked in it."""
    values = values_of(form) | {"template": template}
    return schedule_form.read(form, lambda: plans.read(values), WRONG)


@router.post("/inspections/plans", dependencies=_PLAN)
async def add(request: Request) -> Response:
    form = await sent(request)
    return await _sent(request, form, form.text("template"), "")


@router.post("/inspections/plans/{number}", dependencies=_PLAN)
async def change(request: Request, number: str) -> Response:
    return await _sent(request, await sent(request), "", number)


async def _sent(request: Request, form: Form, template: str, number: str) -> Response:
    """Keep what a form says, show what it would do, or give it more room for items."""
    inspector = context_of(request).inspector
    if form.text("do") == "more":
        return await _form(request, more_items(form), template, number)
    plan = _read(form, template)
    if plan is None or form.text("do") == "preview":
        return await _form(request, form, template, number, plan)
    try:
        async with acting(request) as act:
            if number:
                await plans.change(act, inspector, number, plan)
            else:
                number = await plans.add(act, inspector, plan)
    except Refused as error:
        schedule_form.mark(form, error, WRONG)
        return await _form(request, form, template, number)
    inspector.wake()
    log.info("plan kept", number=number, by=request.state.principal.name)
    return RedirectResponse(f"/inspections/plans/{number}", 303)


@router.get("/inspections/plans/{number}", dependencies=_READ)
async def plan_page(request: Request, number: str) -> Response:
    return await _one(request, number, forms.of_values({}))


async def _one(request: Request, number: str, form: Form) -> Response:
    context = context_of(request)
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        kept = await plans.find(connection, number)
        found = await seen.listed(connection, RunQuery(plan_id=kept.id), Window(RUNS))
        versions = await plans.versions(connection, kept)
    try:
        preview = plans.preview(context.inspector, kept.plan, kept.next_for - 1 if kept.next_for else context.clock())
    except BadPlan as error:
        form.refused, preview = str(error), None
    return page(
        viewer, "inspection_plan.html", 200 if form.is_right else 400, kept=kept, plan=kept.plan, runs=found,
        versions=versions, preview=preview, form=form, recurrence=recurrence,
    )  # fmt: skip


@router.get("/inspections/plans/{number}/edit", dependencies=_PLAN)
async def edit_page(request: Request, number: str) -> Response:
    async with context_of(request).store.read() as connection:
        kept = await plans.find(connection, number)
    return await _form(request, form_of(kept.plan), number=number)


@router.post("/inspections/plans/{number}/pause", dependencies=_PLAN)
async def pause(request: Request, number: str) -> Response:
    form, inspector = await sent(request), context_of(request).inspector
    paused = form.text("paused") == "yes"
    if not await was_done(request, form, lambda act: plans.pause(act, inspector, number, paused), {}):
        return await _one(request, number, form)
    inspector.wake()
    return RedirectResponse(f"/inspections/plans/{number}", 303)


@router.post("/inspections/plans/{number}/run", dependencies=_PLAN)
async def run_now(request: Request, number: str) -> Response:
    """Make a run of it now, beside its schedule."""
    form, context = await sent(request), context_of(request)
    try:
        async with context.store.read() as connection:
            found = await runs.asked(connection, context.inspector, number, context.clock())
        async with acting(request) as act:
            run = await runs.make_now(act, context.inspector, *found)
    except Refused as error:
        form.refused = str(error)
        return await _one(request, number, form)
    log.info("inspection made", number=run.number, plan=number, by=request.state.principal.name)
    return RedirectResponse(f"/inspections/runs/{run.number}", 303)
