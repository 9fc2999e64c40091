"""The page on which a value is locked until a day, or follows its sources again."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from collector.api.access import requires
from collector.api.context import context_of
from collector.model import Path
from collector.security.audit import Act
from collector.security.roles import Permission
from collector.services import because, cis
from collector.services.because import Because
from collector.services.locks import MAX_REASON, Asked
from collector.services.missing import NotFound
from collector.services.records import NotTheirs
from collector.web import units
from collector.web.forms import Form
from collector.web.render import page
from collector.web.sending import attempt, sent
from collector.web.viewer import viewer_of

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False, dependencies=[requires(Permission.CIS_WRITE)])

MARKS = {"until": "lock.until.wrong", "change": "lock.change.wrong", "reason": "lock.reason.wrong"}
"""What the service may refuse, and the words for it."""


def _path(form: Form) -> Path:
    return Path(form.text("section")[:64], form.text("key")[:4096])


async def _shown(request: Request, uid: str, form: Form) -> Response:
    """Return the page of one value; `form` holds which, and what was typed."""
    context, path = context_of(request), _path(form)
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        ci = await cis.one(connection, uid)
        why = await cis.why(connection, ci, path.section, path.key)
        counted = await because.explained(connection, ci, path, context.locker.precedence, viewer.now)
    values = {json.dumps(each.claim.value, sort_keys=True): each for each in reversed(counted.weighed)}
    return page(
        viewer, "lock.html", 200 if form.is_right else 400, ci=ci, why=why, counted=counted, form=form,
        said=sorted(values.values(), key=lambda each: each.claim.source), most=MAX_REASON,
    )  # fmt: skip


@router.get("/cis/{uid}/lock")
async def lock_page(request: Request, uid: str) -> Response:
    return await _shown(request, uid, Form({name: (value,) for name, value in request.query_params.items()}))


@router.post("/cis/{uid}/lock")
async def lock(request: Request, uid: str) -> Response:
    """Lock the value as it stands, or to what one of its sources says."""
    context, form = context_of(request), await sent(request)
    path, until = _path(form), units.read_field(form.text("until")) or 0
    async with context.store.read() as connection:
        ci = await cis.one(connection, uid)
        counted = await because.explained(connection, ci, path, context.locker.precedence, context.clock())
    value = _said(counted, form.text("source"))
    asked = Asked(path, until, form.text("reason"), form.text("change"), value)
    return await _act(request, uid, form, lambda act, roles: context.locker.lock(act, roles, uid, asked))


@router.post("/cis/{uid}/unlock")
async def unlock(request: Request, uid: str) -> Response:
    context, form = context_of(request), await sent(request)
    path, reason = _path(form), form.text("reason")
    return await _act(request, uid, form, lambda act, roles: context.locker.release(act, roles, uid, path, reason))


Do = Callable[[Act, Any], Awaitable[None]]


async def _act(request: Request, uid: str, form: Form, do: Do) -> Response:
    principal = request.state.principal
    try:
        await attempt(request, form, lambda act: do(act, principal.roles), MARKS)
    except NotTheirs:
        form.mark("section", "record.not_yours")
    if not form.is_right:
        return await _shown(request, uid, form)
    log.info("locks moved", ci=uid, section=form.text("section"), by=principal.name)
    return RedirectResponse(f"/cis/{uid}#locks", 303)


def _said(counted: Because, source: str) -> Any:
    """Return what that source says, None for no source; raise `NotFound` for one that says nothing."""
    if not source:
        return None
    for each in counted.weighed:
        if each.claim.source == source:
            return each.claim.value
    raise NotFound("source", source[:200])
