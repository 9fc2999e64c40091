"""Plans of rounds and of the yearly stock-take: the list, the form, one plan with what it has made."""

from __future__ import annotations

from typing import Any, Final

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from collector.api.access import requires
from collector.api.acting import acting
from collector.api.context import context_of
from collector.inspecting.plan import NON_WORKDAYS
from collector.inspecting.rounds import Round
from collector.security.roles import CLASSES, Permission
from collector.services.refused import Refused
from collector.services.stocktaking import opening, plans, seen
from collector.stocktake import Kind
from collector.store.browse.page import Window
from collector.store.browse.stocktakes import StocktakeQuery
from collector.web import forms, schedule_form
from collector.web.forms import Form
from collector.web.recurrence import recurrence
from collector.web.render import page
from collector.web.sending import sent, was_done
from collector.web.viewer import viewer_of

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False, prefix="/stocktakes/plans")
_READ = [requires(Permission.CIS_READ)]
_LEAD = [requires(Permission.CIS_WRITE)]
NEW: Final = {
    Kind.ROUND: {"rrule": "FREQ=MONTHLY;BYDAY=1MO;BYHOUR=9;BYMINUTE=0", "due": "40"},
    Kind.YEARLY: {"rrule": "FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=1;BYHOUR=9;BYMINUTE=0", "due": "160"},
}
"""What a plan of a kind begins with: the first Monday of the month, November."""
MADE: Final = 20
"""Stock-takes of a plan that its page shows."""
WRONG: Final = {
    "title": "form.required", "assignee": "inspection.wrong.person", "deputy": "inspection.wrong.deputy",
    "helpers": "inspection.wrong.person", "rrule": "inspection.wrong.rrule", "zone": "inspection.wrong.zone",
    "starts": "inspection.wrong.starts", "plan": "inspection.wrong.same", "place": "stocktake.wrong.line",
    "label_from": "stocktake.wrong.line", "label_to": "stocktake.wrong.line",
}  # fmt: skip
"""Field of the form → what is said beside it."""


@router.get("", dependencies=_READ)
async def plans_page(request: Request) -> Response:
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await plans.every(connection)
    return page(viewer, "round_plans.html", plans=found, recurrence=recurrence)


@router.get("/new", dependencies=_LEAD)
async def new_page(request: Request, kind: str = Kind.ROUND) -> Response:
    of = Kind.YEARLY if kind == Kind.YEARLY else Kind.ROUND
    me = request.state.principal.name
    return await _form(request, forms.of_values({**schedule_form.NEW, **NEW[of], "kind": of, "assignee": me}))


async def _form(request: Request, form: Form, number: str = "", shown: Round | None = None) -> Response:
    context = context_of(request)
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        people = await opening.counters(connection)
        preview = await plans.preview(connection, context.inspector, shown, context.clock()) if shown else None
    return page(
        viewer, "round_plan_form.html", 200 if form.is_right else 400, form=form, people=people, classes=CLASSES,
        kinds=tuple(Kind), number=number, preview=preview, chosen=form.texts("class"), helpers=form.texts("person"),
        non_workdays=NON_WORKDAYS,
    )  # fmt: skip


def _values(form: Form) -> dict[str, Any]:
    """Return the values of the plan a form asks for; who is responsible or stands in is no helper beside."""
    leaders = (form.text("assignee"), form.text("deputy"))
    return {
        "kind": form.text("kind"), "title": form.text("title"), "schedule": schedule_form.values_of(form),
        "assignee": leaders[0], "deputy": leaders[1],
        "helpers": [name for name in form.texts("person") if name not in leaders],
        "scope": {"classes": list(form.texts("class")), **{name: form.text(name) for name in _SCOPE}},
        "blind": form.text("blind") == "yes",
    }  # fmt: skip


_SCOPE: Final = ("place", "label_from", "label_to")


def _shown(plan: Round) -> Form:
    return forms.of_values({
        **schedule_form.shown(plan.schedule), "kind": plan.kind, "title": plan.title, "assignee": plan.assignee,
        "deputy": plan.deputy, "person": plan.helpers, "class": plan.scope.classes,
        **{name: getattr(plan.scope, name) for name in _SCOPE}, "blind": "yes" if plan.blind else "",
    })  # fmt: skip


@router.post("", dependencies=_LEAD)
async def add(request: Request) -> Response:
    return await _sent(request, "")


@router.post("/{number}", dependencies=_LEAD)
async def change(request: Request, number: str) -> Response:
    return await _sent(request, number)


async def _sent(request: Request, number: str) -> Response:
    """Keep what a form says, or show what it would make."""
    form, inspector = await sent(request), context_of(request).inspector
    plan = _read(form)
    if plan is None or form.text("do") == "preview":
        return await _form(request, form, number, plan)
    try:
        async with acting(request) as act:
            if number:
                await plans.change(act, inspector, number, plan)
            else:
                number = await plans.add(act, inspector, plan)
    except Refused as error:
        schedule_form.mark(form, error, WRONG)
        return await _form(request, form, number)
    inspector.wake()
    log.info("plan of rounds kept", number=number, by=request.state.principal.name)
    return RedirectResponse(f"/stocktakes/plans/{number}", 303)


def _read(form: Form) -> Round | None:
    """Return the plan a form asks for; what is wrong is marked in it."""
    values = _values(form)
    return schedule_form.read(form, lambda: plans.read(values), WRONG)


@router.get("/{number}", dependencies=_READ)
async def plan_page(request: Request, number: str) -> Response:
    return await _one(request, number, forms.of_values({}))


async def _one(request: Request, number: str, form: Form) -> Response:
    context = context_of(request)
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        kept = await plans.find(connection, number)
        made = await seen.listed(connection, StocktakeQuery(plan_id=kept.id), Window(MADE))
        begins = kept.next_for - 1 if kept.next_for else context.clock()
        preview = await plans.preview(connection, context.inspector, kept.plan, begins)
    return page(
        viewer, "round_plan.html", 200 if form.is_right else 400, kept=kept, plan=kept.plan, made=made, form=form,
        preview=preview, recurrence=recurrence,
    )  # fmt: skip


@router.get("/{number}/edit", dependencies=_LEAD)
async def edit_page(request: Request, number: str) -> Response:
    async with context_of(request).store.read() as connection:
        kept = await plans.find(connection, number)
    return await _form(request, _shown(kept.plan), number)


@router.post("/{number}/state", dependencies=_LEAD)
async def turn(request: Request, number: str) -> Response:
    """Let it rest, go on, or end."""
    form, inspector = await sent(request), context_of(request).inspector
    if not await was_done(request, form, lambda act: plans.turn(act, inspector, number, form.text("state")), {}):
        return await _one(request, number, form)
    inspector.wake()
    return RedirectResponse(f"/stocktakes/plans/{number}", 303)
