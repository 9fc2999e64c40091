"""Plans of sweeps: the form of one, and its removal."""

from __future__ import annotations

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from collector.api.access import requires
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.services import sweeps
from collector.services.missing import NotFound
from collector.services.sweeps import NewPlan, Plan
from collector.web import forms, plan_form, removal
from collector.web.forms import Form
from collector.web.plan_form import DAYS, REFUSED, UNTIL
from collector.web.removal import Removal
from collector.web.render import page
from collector.web.sending import attempt, sent
from collector.web.viewer import viewer_of

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False, prefix="/sweeps/plans")
_READ = [requires(Permission.SWEEPS_READ)]
_WRITE = [requires(Permission.SWEEPS_WRITE)]


async def _form(request: Request, form: Form, plan: Plan | None = None) -> Response:
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
    status = 200 if form.is_right else 400
    windows = plan_form.windows_of(form)
    return page(viewer, "plan.html", status, form=form, plan=plan, until=UNTIL, days=DAYS, windows=windows)


def _read(form: Form) -> NewPlan:
    return NewPlan(
        form.needed("name", plan_form.MAX_NAME), form.optional("zone", plan_form.MAX_NAME),
        plan_form.settings_of(form), plan_form.schedule_of(form),
    )  # fmt: skip


async def _one(request: Request, uid: str) -> Plan:
    async with context_of(request).store.read() as connection:
        found = await sweeps.plan(connection, uid)
    if found is None:
        raise NotFound("plan", uid)
    return found


@router.get("/new", dependencies=_WRITE)
async def new_page(request: Request) -> Response:
    return await _form(request, forms.of_values(plan_form.START))


@router.post("", dependencies=_WRITE)
async def create(request: Request) -> Response:
    form = await sent(request)
    new = _read(form)
    uid = await attempt(request, form, lambda act: sweeps.create_plan(act, new), REFUSED)
    if uid is None:
        return await _form(request, form)
    log.info("plan made", plan=uid, by=request.state.principal.name)
    return RedirectResponse("/sweeps", 303)


@router.get("/{uid}", dependencies=_READ)
async def plan_page(request: Request, uid: str) -> Response:
    found = await _one(request, uid)
    return await _form(request, plan_form.shown(found.name, found.zone, found.schedule, found.settings), found)


@router.post("/{uid}", dependencies=_WRITE)
async def change(request: Request, uid: str) -> Response:
    form, found = await sent(request), await _one(request, uid)
    new = _read(form)
    if not await attempt(request, form, lambda act: sweeps.change_plan(act, uid, new), REFUSED):
        return await _form(request, form, found)
    log.info("plan changed", plan=uid, by=request.state.principal.name)
    return RedirectResponse("/sweeps", 303)


def _removal(plan: Plan) -> Removal:
    above = {"nav.sweeps": "/sweeps"}
    return Removal(plan.name, "plan", f"/sweeps/plans/{plan.uid}", above, "/sweeps", refused="plan.under_way")


@router.get("/{uid}/remove", dependencies=_WRITE)
async def remove_page(request: Request, uid: str) -> Response:
    return await removal.ask(request, _removal(await _one(request, uid)))


@router.post("/{uid}/remove", dependencies=_WRITE)
async def remove(request: Request, uid: str) -> Response:
    """Remove a plan; its sweeps stay."""
    what = _removal(await _one(request, uid))
    return await removal.when_named(request, what, lambda act: sweeps.remove_plan(act, uid))
