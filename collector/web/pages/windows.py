"""Maintenance windows and silences: when nobody is to be called, and for what."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from collector.api.access import requires
from collector.api.context import context_of
from collector.classes import CLASSES
from collector.maintenance import MAINTENANCE, SILENCE, Recurrence
from collector.security.roles import Permission
from collector.services import maintenance_windows
from collector.web import forms, units
from collector.web.forms import Form
from collector.web.render import page
from collector.web.sending import attempt, sent, was_done
from collector.web.viewer import viewer_of

router = APIRouter(include_in_schema=False)
_READ = [requires(Permission.RULES_READ)]
_WAIVE = [requires(Permission.RULES_WAIVE)]
KINDS: Final = (MAINTENANCE, SILENCE)
ZONE: Final = "Asia/Shanghai"
MARKS: Final = {
    "name": "form.required", "window": "windows.wrong.window", "selector": "windows.wrong.selector",
    "cis": "windows.wrong.cis", "match": "waivers.wrong.scope", "rrule": "windows.wrong.rrule",
    "zone": "windows.wrong.zone", "until": "windows.wrong.until", "rules": "waivers.wrong.rule",
}  # fmt: skip


async def _shown(request: Request, form: Form) -> Response:
    context = context_of(request)
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await maintenance_windows.listed(connection, context.clock())
    return page(
        viewer, "windows.html", 200 if form.is_right else 400, form=form, windows=found, classes=CLASSES, kinds=KINDS,
        chosen=form.texts("class"),
    )  # fmt: skip


@router.get("/windows", dependencies=_READ)
async def windows_page(request: Request) -> Response:
    given = {name: [value] for name, value in request.query_params.items() if name in ("cis", "rules", "instance")}
    return await _shown(request, Form({"kind": [MAINTENANCE], "zone": [ZONE], "children": ["on"], **given}))


@router.post("/windows", dependencies=_WAIVE)
async def set_window(request: Request) -> Response:
    form, rules = await sent(request), context_of(request).rulebook.rules
    start, end, until = (units.read_field(form.text(name)) or 0 for name in ("start", "end", "until"))
    again = Recurrence(form.text("rrule"), form.text("zone"), until) if form.text("rrule") else None
    asked = maintenance_windows.Asked(
        form.text("name"), start, end, form.text("kind"), form.text("reason"), again, form.listed("cis"),
        form.texts("class"), form.text("match"), bool(form.text("children")), form.listed("rules"),
        form.text("instance"),
    )  # fmt: skip
    if await attempt(request, form, lambda act: maintenance_windows.set_(act, asked, rules), MARKS) is None:
        return await _shown(request, form)
    return RedirectResponse("/windows", 303)


@router.post("/windows/{uid}/end", dependencies=_WAIVE)
async def end(request: Request, uid: str) -> Response:
    form = await sent(request)
    if not await was_done(request, form, lambda act: maintenance_windows.end(act, uid), {}):
        again = forms.of_values({})
        again.refused = form.refused
        return await _shown(request, again)
    return RedirectResponse("/windows", 303)
