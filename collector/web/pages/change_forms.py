"""The form of a change: a new one (also made from a finding or a template), or one that is written anew."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from collector.api.access import requires
from collector.api.context import context_of
from collector.change.approval import THREE_PERSONS
from collector.change.lifecycle import Denied
from collector.change.record import ChangeType
from collector.security.audit import Act
from collector.security.roles import Permission
from collector.services.changes import drafting, picking, seen, templates
from collector.services.changes.asked import Asked
from collector.services.changes.desk import actor_of
from collector.services.changes.seen import Seen
from collector.web import change_form, forms
from collector.web.change_form import REFUSED
from collector.web.forms import Form
from collector.web.render import page
from collector.web.sending import attempt, sent, was_done
from collector.web.viewer import viewer_of

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False)
_RAISE = [requires(Permission.CHANGES_RAISE)]
_WRITE = [requires(Permission.CHANGES_WRITE)]
TYPES = tuple(ChangeType)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a form is about: one that stands already, or none; and why it was not taken."""

    found: Seen | None = None
    denied: tuple[str, ...] = ()


NEW = Sheet()


async def _form(request: Request, form: Form, sheet: Sheet = NEW) -> Response:
    q = form.text("find")[:200]
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        hits = await picking.matching(connection, q) if q else ()
        names = await picking.names(connection, [hit.uid for hit in hits])
        people = await picking.people(connection)
    return page(
        viewer, "change_form.html", 200 if form.is_right and not sheet.denied else 400, form=form, seen=sheet.found,
        denied=sheet.denied, hits=hits, names=names, people=people, types=TYPES, sections=change_form.SECTIONS,
        hows=change_form.HOWS,
    )  # fmt: skip


async def _read(request: Request, form: Form) -> Asked:
    async with context_of(request).store.read() as connection:
        called = await picking.called(connection, change_form.words(form))
    return change_form.read(form, called)


def is_number(text: str) -> bool:
    """Return whether it is written like the number of a finding."""
    return text.isascii() and text.isdecimal() and len(text) <= 15


@router.get("/changes/new", dependencies=_RAISE)
async def new_page(request: Request) -> Response:
    """Show an empty form, or one filled from a finding, a campaign, a template or CIs."""
    asked = request.query_params
    type_ = asked.get("type", ChangeType.STANDARD)
    by = "" if type_ in THREE_PERSONS else request.state.principal.name  # who initiates these does not carry them out
    content = Asked("", "", "", tuple(asked.getlist("ci")[:50]))
    finding, campaign = asked.get("finding", ""), asked.get("campaign", "")
    async with context_of(request).store.read() as connection:
        if is_number(finding):
            content, _ = await drafting.of_finding(connection, int(finding), by)
        elif is_number(campaign):
            content, origin = await drafting.of_campaign(connection, int(campaign), by)
            finding = str(origin.finding_id)
        names = await picking.names(connection, [*content.cis, *(line.ci for line in content.lines)])
    values = change_form.shown(content, type_, names)
    template = "" if finding else asked.get("template", "")  # what was done already needs somebody's word
    return await _form(request, forms.of_values(values | {"finding": finding, "template": template}))


@router.post("/changes", dependencies=_RAISE)
async def create(request: Request) -> Response:
    form = change_form.with_added(await sent(request))
    if form.text("do") != "save":
        return await _form(request, form)
    type_, asked = form.choice("type", TYPES), await _read(request, form)
    number = await attempt(request, form, lambda act: _raised(request, act, form, asked, type_), REFUSED)
    if number is None:
        return await _form(request, form)
    log.info("change raised", change=number, by=request.state.principal.name)
    return RedirectResponse(f"/changes/{number}", 303)


async def _raised(request: Request, act: Act, form: Form, asked: Asked, type_: str) -> str:
    finding, name = form.text("finding"), form.text("template")
    number = int(finding) if is_number(finding) else None
    if number is not None:
        await drafting.of_finding(act.tx, number, act.by)  # there is one
    template = await templates.live(act.tx, name, act.at) if name and type_ == ChangeType.STANDARD else None
    return await context_of(request).changes.raise_(act, ChangeType(type_), asked, finding=number, template=template)


async def _one(request: Request, number: str) -> Seen:
    context, principal = context_of(request), request.state.principal
    async with context.store.read() as connection:
        who = actor_of(principal.name, principal.roles)
        return await seen.one(connection, context.changes, number, who, context.clock())


@router.get("/changes/{number}/edit", dependencies=_WRITE)
async def edit_page(request: Request, number: str) -> Response:
    found = await _one(request, number)
    content = change_form.of_change(found)
    async with context_of(request).store.read() as connection:
        names = await picking.names(connection, [*content.cis, *(line.ci for line in content.lines)])
    values = change_form.shown(content, found.change.type, names) | {"version": str(found.kept.version)}
    return await _form(request, forms.of_values(values), Sheet(found))


@router.post("/changes/{number}/edit", dependencies=_WRITE)
async def edit(request: Request, number: str) -> Response:
    form, principal = change_form.with_added(await sent(request)), request.state.principal
    found = await _one(request, number)
    if form.text("do") != "save":
        return await _form(request, form, Sheet(found))
    asked, version = await _read(request, form), form.text("version")
    seen_version = int(version) if version.isascii() and version.isdecimal() and len(version) < 10 else None
    who, desk = actor_of(principal.name, principal.roles), context_of(request).changes

    try:
        if not await was_done(request, form, lambda act: desk.edit(act, who, number, asked, seen_version), REFUSED):
            return await _form(request, form, Sheet(found))
    except Denied as error:
        return await _form(request, form, Sheet(found, error.reasons))
    log.info("change edited", change=number, by=principal.name)
    return RedirectResponse(f"/changes/{number}", 303)
