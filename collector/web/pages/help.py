"""Self-service: anybody says what is broken, follows it, and says at the end whether it is solved."""

from __future__ import annotations

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from collector.api.access import requires
from collector.api.context import context_of
from collector.desk.flow import Deed
from collector.desk.lifecycle import Why
from collector.desk.table import URGENCIES
from collector.security.roles import Permission
from collector.services.changes import picking
from collector.services.incidents import listed, reporting, seen
from collector.services.incidents.reporting import MAX_TITLE, Report
from collector.services.missing import NotFound
from collector.store.browse.incident_query import IncidentQuery
from collector.store.browse.page import Window
from collector.store.browse.ref import CiRef
from collector.web.forms import Form
from collector.web.pages.incidents import suggestions, suggestions_of, version_of, who, wish_of
from collector.web.render import page
from collector.web.sending import attempt, sent, stepped
from collector.web.viewer import viewer_of

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False, dependencies=[requires(Permission.INCIDENTS_REPORT)])
PICKED = 12
"""CIs that are offered for a word; who does not find theirs among them types more of it."""
MINE = ("comment", "close", "score", "reopen", "cancel")
"""What whoever reported it can do."""
FIELDS = ("title", "text", "ci", "urgency", "contact", "affected", "place", "category")


@router.get("/help")
async def help_page(request: Request) -> Response:
    ci, title = request.query_params.get("ci", "")[:64], request.query_params.get("title", "")[:MAX_TITLE]
    return await _form(request, Form({"ci": (ci,), "title": (title,), "urgency": ("medium",)}))


async def _form(request: Request, form: Form, offered: tuple[CiRef, ...] = ()) -> Response:
    context = context_of(request)
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        query = IncidentQuery(reporter=request.state.principal.name)
        mine = await listed.listed(connection, query, Window(50, request.query_params.get("cursor")))
        named = await picking.called(connection, [form.text("ci")]) if form.text("ci") else {}
        chosen = next((each[0] for each in named.values() if len(each) == 1), None)
        said = f"{form.text('title')} {form.text('text')}"
        suggested = await suggestions(connection, viewer, said, chosen.ci_class if chosen else "")
    status = 400 if form.refused or form.wrong else 200
    return page(
        viewer, "help.html", status, form=form, mine=mine, offered=offered, urgencies=URGENCIES,
        chosen=chosen, suggested=suggested,
        words=context.service_desk.table, cursor=request.query_params.get("cursor"),
    )  # fmt: skip


@router.post("/help")
async def report(request: Request) -> Response:
    """Report it, or only look for what may help; a word that names several CIs, or none, comes back with those."""
    form = await sent(request)
    if form.text("look"):
        return await _form(request, form)
    if not form.text("title"):
        form.mark("title", "form.required")
        return await _form(request, form)
    said = {name: form.text(name) for name in FIELDS} | {"urgency": form.text("urgency") or "medium"}
    if (device := form.text("device")) and not said["ci"]:
        async with context_of(request).store.read() as connection:
            offered = await picking.matching(connection, device, PICKED)
        if len(offered) != 1:
            form.mark("device", "help.which" if offered else "help.no_device")
            return await _form(request, form, offered)
        said["ci"] = offered[0].uid
    desk = context_of(request).service_desk
    number = await attempt(request, form, lambda act: reporting.report(act, desk, Report(**said)), {})
    if number is None:
        return await _form(request, form)
    log.info("incident reported", incident=number, by=request.state.principal.name)
    return RedirectResponse(f"/help/{number}", 303)


@router.get("/help/{number}")
async def report_page(request: Request, number: str) -> Response:
    return await _one(request, number)


async def _one(request: Request, number: str, denied: tuple[Why, ...] = (), form: Form | None = None) -> Response:
    context = context_of(request)
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await seen.one(connection, context.service_desk, number, who(request), context.clock())
        suggested = await suggestions_of(connection, viewer, found.row)
    if request.state.principal.name not in found.row.reporters:
        raise NotFound("incident", number)
    refused = form.refused if form else ""
    return page(
        viewer, "help_one.html", 409 if denied else 400 if refused else 200, seen=found, incident=found.row,
        denied=denied, refused=refused, form=form or Form({}), words=context.service_desk.table,
        may=[each for each in MINE if each in found.may], suggested=suggested,
    )  # fmt: skip


@router.post("/help/{number}/acts")
async def act_on(request: Request, number: str) -> Response:
    form, person = await sent(request), who(request)
    asked = form.text("act")
    if asked not in MINE:
        return await _one(request, number, (Why.NOT_IN_THIS_STATE,), form)
    await _one(request, number)  # only what is theirs
    desk = context_of(request).service_desk
    return await stepped(
        request, form, lambda act: desk.do(act, person, number, Deed(asked), wish_of(form), version_of(form)),
        lambda why: _one(request, number, why, form), f"/help/{number}",
    )  # fmt: skip
