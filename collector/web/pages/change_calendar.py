"""Templates of standard changes, and the calendar of freezes."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from collector.api.access import requires
from collector.api.acting import acting
from collector.api.context import context_of
from collector.change.lifecycle import Denied
from collector.change.record import Window
from collector.model import Path
from collector.security.audit import Act
from collector.security.roles import CLASSES, Permission
from collector.services.changes import freezing, templates
from collector.services.changes.desk import actor_of
from collector.services.changes.templates import NewTemplate
from collector.services.refused import Refused
from collector.web import change_form, forms, units
from collector.web.forms import Form
from collector.web.render import page
from collector.web.sending import attempt, sent
from collector.web.viewer import viewer_of

CHOSEN: Final = "class"
router = APIRouter(include_in_schema=False)
_READ = [requires(Permission.CHANGES_READ)]
_RAISE = [requires(Permission.CHANGES_RAISE)]
_GOVERN = [requires(Permission.CHANGES_GOVERN)]
REFUSED: Final = {
    "title": "form.required", "paths": "changes.wrong.paths", "until": "changes.wrong.until", "name": "form.required",
    "window": "changes.wrong.window",
}  # fmt: skip


async def _templates(request: Request, form: Form, denied: tuple[str, ...] = ()) -> Response:
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await templates.everyone(connection)
    status = 409 if denied else 200 if form.is_right else 400
    return page(
        viewer, "change_templates.html", status, form=form, templates=found, denied=denied,
        sections=change_form.SECTIONS,
    )  # fmt: skip


@router.get("/changes/templates", dependencies=_READ)
async def templates_page(request: Request) -> Response:
    return await _templates(request, forms.of_values({}))


@router.post("/changes/templates", dependencies=_RAISE)
async def propose(request: Request) -> Response:
    form = await sent(request)
    named = [each.partition("/") for each in form.lines("paths")]
    paths = [Path(section.strip(), key.strip()) for section, _, key in named]
    new = NewTemplate(form.text("title"), form.text("text"), paths, units.read_field(form.text("until")) or 0)
    if await attempt(request, form, lambda act: templates.propose(act, new), REFUSED) is None:
        return await _templates(request, form)
    return RedirectResponse("/changes/templates", 303)


@router.post("/changes/templates/{number}/decide", dependencies=_GOVERN)
async def decide(request: Request, number: str) -> Response:
    form, principal = await sent(request), request.state.principal
    who = actor_of(principal.name, principal.roles)
    try:
        async with acting(request) as act:
            await templates.decide(act, who, number, form.text("decision"), form.text("reason"))
    except Denied as error:
        return await _templates(request, forms.of_values({}), error.reasons)
    except Refused as error:
        form.refused = str(error)
        return await _templates(request, form)
    return RedirectResponse("/changes/templates", 303)


async def _freezes(request: Request, form: Form) -> Response:
    context = context_of(request)
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await freezing.since(connection, context.clock())
    return page(
        viewer, "freezes.html", 200 if form.is_right else 400, form=form, freezes=found, classes=CLASSES,
        chosen=form.texts(CHOSEN),
    )  # fmt: skip


@router.get("/changes/freezes", dependencies=_READ)
async def freezes_page(request: Request) -> Response:
    return await _freezes(request, forms.of_values({}))


@router.post("/changes/freezes", dependencies=_GOVERN)
async def set_freeze(request: Request) -> Response:
    form = await sent(request)
    start, end = (units.read_field(form.text(name)) or 0 for name in ("start", "end"))
    classes = frozenset(form.texts(CHOSEN))

    async def write(act: Act) -> str:
        return await freezing.set_(act, form.text("name"), Window(start, end), classes)

    if await attempt(request, form, write, REFUSED) is None:
        return await _freezes(request, form)
    return RedirectResponse("/changes/freezes", 303)


@router.post("/changes/freezes/{uid}/lift", dependencies=_GOVERN)
async def lift(request: Request, uid: str) -> Response:
    async with acting(request) as act:
        await freezing.lift(act, uid)
    return RedirectResponse("/changes/freezes", 303)
