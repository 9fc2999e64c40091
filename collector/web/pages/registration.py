"""Registering proposed CIs: one from its page, several from the list."""

from __future__ import annotations

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from collector.api.access import requires
from collector.api.acting import acting
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.services.registration import MOST, Named, NotRegistered
from collector.web.render import page
from collector.web.viewer import own_path, viewer_of

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False, dependencies=[requires(Permission.CIS_WRITE)])


@router.post("/cis/register")
async def register_several(request: Request) -> Response:
    """Register what was chosen in the list, and come back to it; what was left is told with its reasons."""
    context, principal = context_of(request), request.state.principal
    form = await request.form()
    uids = {each for each in form.getlist("ci")[:MOST] if isinstance(each, str)}
    back = own_path(str(form.get("back", "/cis")))
    async with acting(request) as act:
        left = await context.registrar.register(act, principal.roles, uids)
    log.info("registered", cis=len(uids) - len(left), left=len(left), by=principal.name)
    if uids and not left:
        return RedirectResponse(back, 303)
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
    return page(viewer, "registered.html", count=len(uids) - len(left), left=left, back=back)


@router.post("/cis/{uid}/register")
async def register_one(request: Request, uid: str) -> Response:
    principal = request.state.principal
    ci_class, _, ci_type = str((await request.form()).get("named", ""))[:80].partition("/")
    try:
        async with acting(request) as act:
            await context_of(request).registrar.register_one(act, principal.roles, uid, Named(ci_class, ci_type))
    except NotRegistered as error:
        return RedirectResponse(f"/cis/{uid}?left={error.why}", 303)
    log.info("registered", ci=uid, by=principal.name)
    return RedirectResponse(f"/cis/{uid}", 303)
