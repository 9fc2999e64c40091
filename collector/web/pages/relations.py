"""The page on which people say what a CI is to others, and take it back."""

from __future__ import annotations

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from collector.api.access import requires
from collector.api.context import context_of
from collector.security.audit import Act
from collector.security.roles import Permission
from collector.services import cis, relations
from collector.services.records import NotTheirs
from collector.web.forms import Form
from collector.web.render import page
from collector.web.sending import attempt, sent
from collector.web.viewer import viewer_of

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False, dependencies=[requires(Permission.CIS_WRITE)])

MAX_NAME = 200


async def _shown(request: Request, uid: str, form: Form) -> Response:
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        ci = await cis.one(connection, uid)
        said = await relations.said(connection, ci.id)
    status = 200 if form.is_right and not form.refused else 400
    return page(viewer, "relations.html", status, ci=ci, said=said, kinds=relations.KINDS, form=form, most=MAX_NAME)


@router.get("/cis/{uid}/relate")
async def relations_page(request: Request, uid: str) -> Response:
    return await _shown(request, uid, Form({}))


@router.post("/cis/{uid}/relate")
async def say(request: Request, uid: str) -> Response:
    """Say a relation to the CI of that name, or take one back where the form says so."""
    principal, form = request.state.principal, await sent(request)
    kind, name = form.choice("kind", relations.KINDS), form.needed("other", MAX_NAME)

    async def do(act: Act) -> None:
        step = relations.untie if form.text("end") else relations.tie
        await step(act, principal.roles, uid, kind, await relations.called(act.tx, name), context_of(request).tied)

    try:
        await attempt(request, form, do, {})
    except NotTheirs:
        form.mark("kind", "record.not_yours")
    if not form.is_right or form.refused:
        return await _shown(request, uid, form)
    log.info("relations said", ci=uid, kind=kind, by=principal.name)
    return RedirectResponse(f"/cis/{uid}/relate", 303)
