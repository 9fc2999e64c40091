"""The items of an inspection on foot: one column for a phone, large buttons, photos; no script is needed."""

from __future__ import annotations

import uuid
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from collector.api.access import requires
from collector.api.context import context_of
from collector.api.photos import photo_of
from collector.inspecting.photo import MAX_BYTES
from collector.security.roles import Permission
from collector.services.inspecting import answers, finding, reporting, seen
from collector.services.inspecting.answers import Filling
from collector.services.inspecting.seen import OPEN
from collector.web import forms
from collector.web.forms import Form
from collector.web.pages.walk import CAMERA
from collector.web.render import page
from collector.web.sending import attempt
from collector.web.viewer import viewer_of

router = APIRouter(include_in_schema=False)
_DO = [requires(Permission.INSPECTIONS_DO)]
_FILL = [requires(Permission.INSPECTIONS_DO, files=1)]
REFUSED: Final = {
    name: f"inspection_walk.wrong.{name}" for name in ("value", "note", "photo", "item", "state", "key")
}  # fmt: skip


@router.get("/inspections/runs/{number}/walk", dependencies=_DO)
async def walk_page(request: Request, number: str) -> Response:
    return await _show(request, number, forms.of_values({}))


async def _show(request: Request, number: str, form: Form) -> Response:
    context = context_of(request)
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await seen.one(connection, number)
        foreseen = await finding.before_signing(connection, context.inspector.rules, found, viewer.now)
    if found.run.state != OPEN and form.is_right:
        return RedirectResponse(f"/inspections/runs/{number}", 303)
    may_sign = request.state.principal.name in (found.run.new.assignee, found.run.new.deputy)
    shown = page(
        viewer, "inspection_walk.html", 200 if form.is_right else 400, seen=found, run=found.run, new=found.run.new,
        form=form, key=str(uuid.uuid4()), may_sign=may_sign, wrongs=REFUSED, limits_text=reporting.limits_text,
        answer_of=reporting.answer_of, most=MAX_BYTES, wrong_item=form.text("item") if not form.is_right else "",
        foreseen=foreseen,
    )  # fmt: skip
    shown.headers["Permissions-Policy"] = CAMERA
    return shown


@router.post("/inspections/runs/{number}/walk", dependencies=_FILL)
async def fill(request: Request, number: str) -> Response:
    """Take what was filled in of one item and go on below it."""
    async with request.form(max_files=1, max_fields=100) as given:
        form, photo = forms.of_form(given.multi_items()), await photo_of(given)
    filling = Filling(form.text("item"), form.text("key"), form.text("value"), form.text("note"), photo)
    if await attempt(request, form, lambda act: answers.fill(act, number, filling), REFUSED) is None:
        return await _show(request, number, form)
    return RedirectResponse(f"/inspections/runs/{number}/walk#{filling.item}", 303)
