"""Registering proposed CIs, from the page of one or several from the list; or saying what one of them replaces."""

from __future__ import annotations

from typing import Any

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from collector.api.access import requires
from collector.api.acting import acting
from collector.api.context import context_of
from collector.record import BadValue
from collector.security.roles import Permission
from collector.services import cis
from collector.services.refused import Refused
from collector.services.registration import FORM, MOST, WHY_NOT, Named, NotRegistered
from collector.services.replacing import NotReplaced, Replacement, replace
from collector.store.browse.cis import CiQuery
from collector.store.browse.page import Window
from collector.web import register_form
from collector.web.forms import Form
from collector.web.render import page
from collector.web.sending import sent
from collector.web.viewer import own_path, viewer_of

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False, dependencies=[requires(Permission.CIS_WRITE)])

FOUND = 20


@router.post("/cis/register")
async def register_several(request: Request) -> Response:
    """Register what was chosen in the list, and come back to it; what was left is told with its reasons."""
    context, principal = context_of(request), request.state.principal
    form = await sent(request)
    uids, back = set(form.texts("ci")[:MOST]), own_path(form.text("back") or "/cis")
    said = register_form.said(form, register_form.TOGETHER)
    try:
        async with acting(request) as act:
            left = await context.registrar.register(act, principal.roles, uids, said)
    except BadValue as error:
        register_form.mark(form, error)
        return await _told(request, form, (), back)
    log.info("registered", cis=len(uids) - len(left), left=len(left), by=principal.name)
    return RedirectResponse(back, 303) if uids and not left else await _told(request, form, left, back)


async def _told(request: Request, form: Form, left: Any, back: str) -> Response:
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
    count = len(set(form.texts("ci")[:MOST])) - len(left) if form.is_right else 0
    return page(
        viewer, "registered.html", 200 if form.is_right else 400, form=form, count=count, left=left, back=back
    )  # fmt: skip


async def _show(
    request: Request, uid: str, form: Form | None = None, left: str = "", not_replaced: str = ""
) -> Response:
    find = request.query_params.get("find", "").replace("\0", "").strip()[:200]
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        ci = await cis.one(connection, uid)
        shown = form or await register_form.standing(connection, ci)
        hits = await cis.listed(connection, CiQuery(q=find), Window(FOUND)) if find else None
    offered = register_form.offered(request.state.principal.roles)
    return page(
        viewer, "register.html", 200 if request.method == "GET" else 400, ci=ci, form=shown,
        registering=offered, left=left, not_replaced=not_replaced, find=find,
        hits=[each for each in hits.items if each.uid != uid] if hits else [],
    )  # fmt: skip


@router.get("/cis/{uid}/register")
async def register_page(request: Request, uid: str) -> Response:
    left = request.query_params.get("left", "")
    return await _show(request, uid, left=left if left in WHY_NOT else "")


@router.post("/cis/{uid}/register")
async def register_one(request: Request, uid: str) -> Response:
    """Register one CI with what was typed of it; what cannot be kept comes back in the form."""
    principal, form = request.state.principal, await sent(request)
    ci_class, _, ci_type = form.text("named")[:80].partition("/")
    try:
        async with acting(request) as act:
            registrar, named = context_of(request).registrar, Named(ci_class, ci_type)
            await registrar.register_one(act, principal.roles, uid, named, register_form.said(form, FORM))
    except NotRegistered as error:
        if error.field:
            form.mark(error.field, f"register.why.{error.why}")
        return await _show(request, uid, form, left=error.why)
    except BadValue as error:
        register_form.mark(form, error)
        return await _show(request, uid, form)
    except Refused as error:
        form.mark(error.field, "record.label_taken")
        return await _show(request, uid, form)
    log.info("registered", ci=uid, by=principal.name)
    return RedirectResponse(f"/cis/{uid}", 303)


@router.post("/cis/{uid}/replace")
async def replace_one(request: Request, uid: str) -> Response:
    """Say which CI this one replaces, and go on to that one."""
    context, principal, form = context_of(request), request.state.principal, await sent(request)
    old = form.text("ci").replace("\0", "")[:64]
    if not old:
        return await _show(request, uid, not_replaced="choose")
    try:
        async with acting(request) as act:
            await replace(act, context.decider, principal.roles, Replacement(uid, old, form.text("reason")))
    except NotReplaced as error:
        return await _show(request, uid, not_replaced=error.why)
    except Refused:
        return await _show(request, uid, not_replaced="class")
    context.decider.decided()
    log.info("replaced", ci=old, new=uid, by=principal.name)
    return RedirectResponse(f"/cis/{old}/identity", 303)
