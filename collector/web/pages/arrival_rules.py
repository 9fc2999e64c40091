"""Rules that accept newcomers: their list, one of them with what it would do now, and the form they are written in."""

from __future__ import annotations

from typing import Any, Final

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from collector.api.access import requires
from collector.api.context import context_of
from collector.arrival import ArrivalRule
from collector.classes import TYPES, UNKNOWN
from collector.record import ENVIRONMENTS, FIELDS, BadValue
from collector.security.roles import Permission, administers
from collector.services import arrival_rules, arrival_terms, arrivals
from collector.services.arrival_rules import Listed
from collector.services.arrival_terms import GIVES, MAX_NAME, Asked
from collector.services.records import NotTheirs
from collector.services.refused import Refused
from collector.web import forms, register_form, units
from collector.web.forms import Form
from collector.web.render import page
from collector.web.sending import attempt, sent
from collector.web.viewer import viewer_of

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False, prefix="/arrivals/rules")
_READ = [requires(Permission.CIS_READ)]
_WRITE = [requires(Permission.CIS_WRITE)]
MARKS: Final = {
    "name": "arrival_rule.wrong.name", "class": "arrival_rule.wrong.kind", "type": "arrival_rule.wrong.kind",
    "zone": "arrival_rule.wrong.zone", "ranges": "arrival_rule.wrong.ranges", "ends": "arrival_rule.wrong.ends",
    "version": "arrival_rule.wrong.version",
}  # fmt: skip
_FIELD: Final = {"class": "kind", "type": "kind", "version": "name"}
"""What the service calls a field → where the form shows it, where that is another name."""


@router.get("", dependencies=_READ)
async def rules_page(request: Request) -> Response:
    context = context_of(request)
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        rows = await arrival_rules.listed(connection, context.clock())
    return page(viewer, "arrival_rules.html", rules=rows)


@router.get("/new", dependencies=_WRITE)
async def new_page(request: Request) -> Response:
    return await _form(request, Form({}))


@router.post("/new", dependencies=_WRITE)
async def make(request: Request) -> Response:
    """Write a rule, or say what it would do while it is not written."""
    form, roles = await sent(request), request.state.principal.roles
    asked = _asked(form)
    if form.text("do") == "try":
        return await _tried(request, form, asked)
    number = await _attempt(request, form, lambda act: arrival_rules.make(act, roles, asked))
    if number is None:
        return await _form(request, form)
    log.info("arrival rule made", number=number, by=request.state.principal.name)
    return RedirectResponse(f"/arrivals/rules/{number}", 303)


@router.get("/{number}", dependencies=_READ)
async def rule_page(request: Request, number: str) -> Response:
    return await _shown(request, number, Form({}))


@router.get("/{number}/edit", dependencies=_WRITE)
async def edit_page(request: Request, number: str) -> Response:
    context = context_of(request)
    async with context.store.read() as connection:
        row = await arrival_rules.one(connection, number, context.clock())
    return await _form(request, _of_rule(row.rule), number)


@router.post("/{number}/edit", dependencies=_WRITE)
async def change(request: Request, number: str) -> Response:
    """Write the next version of a rule, or say what it would do while it is not written."""
    form, roles = await sent(request), request.state.principal.roles
    asked, version = _asked(form), _version(form)
    if form.text("do") == "try":
        return await _tried(request, form, asked, number)

    async def written(act: Any) -> bool:
        await arrival_rules.change(act, roles, number, version, asked)
        return True

    if await _attempt(request, form, written) is None:
        return await _form(request, form, number)
    log.info("arrival rule changed", number=number, by=request.state.principal.name)
    return RedirectResponse(f"/arrivals/rules/{number}", 303)


@router.post("/{number}/on", dependencies=_WRITE)
async def turn_on(request: Request, number: str) -> Response:
    """Turn a rule on, with those that wait as the page listed them."""
    context, form, roles = context_of(request), await sent(request), request.state.principal.roles
    listed = [Listed(*each.split("|", 2)) for each in form.texts("accept") if each.count("|") == 2]
    version = _version(form)
    told = await _attempt(
        request, form, lambda act: context.reception.turn_on(act, roles, number, version, listed[: arrivals.MOST])
    )
    if told is None:
        return await _shown(request, number, form)
    log.info("arrival rule on", number=number, accepted=told[0], left=len(told[1]), by=request.state.principal.name)
    return RedirectResponse(f"/arrivals/rules/{number}?accepted={told[0]}&left={len(told[1])}", 303)


@router.post("/{number}/off", dependencies=_WRITE)
async def turn_off(request: Request, number: str) -> Response:
    form, roles = await sent(request), request.state.principal.roles

    async def done(act: Any) -> bool:
        await arrival_rules.turn_off(act, roles, number)
        return True

    if await _attempt(request, form, done) is None:
        return await _shown(request, number, form)
    log.info("arrival rule off", number=number, by=request.state.principal.name)
    return RedirectResponse(f"/arrivals/rules/{number}", 303)


async def _attempt(request: Request, form: Form, do: Any) -> Any:
    """Do what was asked, None where it cannot be; the form says why."""
    try:
        done = await attempt(request, form, do, MARKS)
    except NotTheirs:
        form.mark("kind", "arrival_rule.wrong.not_yours")
        return None
    except BadValue as error:
        register_form.mark(form, error)
        return None
    for name, shown in _FIELD.items():
        if name in form.wrong:
            form.wrong.setdefault(shown, form.wrong.pop(name))
    return done


async def _tried(request: Request, form: Form, asked: Asked, number: str = "") -> Response:
    """Return the form with what the rule in it would do now."""
    context = context_of(request)
    rule: ArrivalRule | None = None
    try:
        rule = arrival_terms.own(request.state.principal.roles, asked, context.clock())
    except NotTheirs:
        form.mark("kind", "arrival_rule.wrong.not_yours")
    except BadValue as error:
        register_form.mark(form, error)
    except Refused as error:
        form.mark(_FIELD.get(error.field, error.field), MARKS.get(error.field, "form.choice"))
    if rule is None:
        return await _form(request, form, number)
    async with context.store.read() as connection:
        return await _form(request, form, number, await context.reception.fit(connection, rule))


async def _form(request: Request, form: Form, number: str = "", fit: arrivals.Fit | None = None) -> Response:
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
    roles = request.state.principal.roles
    kinds = {name: its for name, its in TYPES.items() if name != UNKNOWN and administers(roles, name)}
    return page(
        viewer, "arrival_rule_form.html", 200 if form.is_right else 400, form=form, number=number, kinds=kinds,
        gives={name: FIELDS[name] for name in GIVES}, environments=ENVIRONMENTS, most_name=MAX_NAME, fit=fit,
    )  # fmt: skip


async def _shown(request: Request, number: str, form: Form) -> Response:
    context = context_of(request)
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        row = await arrival_rules.one(connection, number, context.clock())
        fit = await context.reception.fit(connection, row.rule)
        versions = await arrival_rules.versions(connection, number, context.clock())
    asked = request.query_params
    done = {name: int(asked[name]) for name in ("accepted", "left") if asked.get(name, "").isdecimal()}
    return page(
        viewer, "arrival_rule.html", 200 if form.is_right else 400, row=row, rule=row.rule, fit=fit, form=form,
        versions=versions, done=done, is_mine=administers(request.state.principal.roles, row.rule.ci_class),
    )  # fmt: skip


def _asked(form: Form) -> Asked:
    ci_class, _, ci_type = form.text("kind")[:80].partition("/")
    gives = {name: form.text(name) for name in GIVES if form.text(name)}
    ends = form.text("ends")
    ends_at = units.read_field(ends) if ends else None
    if ends and ends_at is None:
        form.mark("ends", "arrival_rule.wrong.ends")
    return Asked(form.text("name"), ci_class, ci_type, form.text("zone"), form.lines("ranges"), gives, ends_at)


def _version(form: Form) -> int:
    typed = form.text("version")
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 10 else 0


def _of_rule(rule: ArrivalRule) -> Form:
    kind = f"{rule.ci_class}/{rule.ci_type}" if rule.ci_type else rule.ci_class
    ends = units.field_text(rule.ends_at) if rule.ends_at else ""
    return forms.of_values({
        "name": rule.name, "kind": kind, "zone": rule.zone, "ranges": "\n".join(rule.within), "ends": ends,
        "version": str(rule.version), **rule.gives,
    })  # fmt: skip
