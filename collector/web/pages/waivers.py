"""Waivers: what is let off, by whom and until when; asking for one, and deciding on what others ask for."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from collector.api.access import requires
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.services import waivers
from collector.severity import SEVERITIES
from collector.waiver import RISKS
from collector.web import forms, units
from collector.web.forms import Form
from collector.web.render import page
from collector.web.sending import attempt, sent, was_done
from collector.web.viewer import viewer_of

router = APIRouter(include_in_schema=False)
_READ = [requires(Permission.RULES_READ)]
_WAIVE = [requires(Permission.RULES_WAIVE)]
MARKS: Final = {
    "rule": "waivers.wrong.rule", "expires": "waivers.wrong.expires", "effect": "waivers.wrong.effect",
    "scope": "waivers.wrong.scope", "reason": "form.required", "note": "form.required",
}  # fmt: skip


async def _shown(request: Request, form: Form) -> Response:
    context = context_of(request)
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await waivers.listed(connection, context.rulebook.rules, context.clock())
    waivable = tuple(name for name, each in context.rulebook.rules.items() if each.rule.waivable)
    return page(
        viewer, "waivers.html", 200 if form.is_right else 400, form=form, waivers=found,
        rules=waivable, levels=SEVERITIES, risks=RISKS,
    )  # fmt: skip


@router.get("/waivers", dependencies=_READ)
async def waivers_page(request: Request) -> Response:
    """The form comes filled in from an alert's page: its rule and instance."""
    given = {name: [value] for name, value in request.query_params.items() if name in ("rule", "scope", "instance")}
    return await _shown(request, Form({"risk": ["medium"], **given}))


@router.post("/waivers", dependencies=_WAIVE)
async def ask(request: Request) -> Response:
    form, rules = await sent(request), context_of(request).rulebook.rules
    lower = form.text("effect").removeprefix("lower:")
    is_lower = lower != form.text("effect")
    asked = waivers.Asked(
        form.text("rule"), form.text("reason"), units.read_field(form.text("expires")) or 0,
        "lower" if is_lower else form.text("effect"), lower if is_lower else "", form.text("scope"),
        form.text("instance"), form.text("risk"), form.text("ticket"), units.read_field(form.text("starts")) or 0,
    )  # fmt: skip
    if await attempt(request, form, lambda act: waivers.ask(act, asked, rules), MARKS) is None:
        return await _shown(request, form)
    return RedirectResponse("/waivers", 303)


@router.post("/waivers/{number}/decide", dependencies=_WAIVE)
async def decide(request: Request, number: str) -> Response:
    form, rules = await sent(request), context_of(request).rulebook.rules
    decision, note = form.text("decision"), form.text("note")
    if not await was_done(request, form, lambda act: waivers.decide(act, decision, number, rules, note), {}):
        again = forms.of_values({})
        again.refused = form.refused
        return await _shown(request, again)
    return RedirectResponse("/waivers", 303)
