"""A credential tried on one address: the form, and what came of the latest tries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from collector.api.access import requires
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.services import credentials, sweeps
from collector.web import forms
from collector.web.forms import Form
from collector.web.render import page
from collector.web.sending import attempt, sent
from collector.web.viewer import viewer_of

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False)
_READ = [requires(Permission.CREDENTIALS_READ)]
_WRITE = [requires(Permission.CREDENTIALS_WRITE)]

MAX_ADDRESS: Final = 64
REFUSED: Final[Mapping[str, str]] = {"address": "trial.not_there", "zone": "form.zone"}


@router.get("/credentials/{uid}/test", dependencies=_READ)
async def trials_page(request: Request, uid: str) -> Response:
    return await _page(request, uid, forms.of_values({}))


async def _page(request: Request, uid: str, form: Form) -> Response:
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await credentials.one(connection, uid)
        latest = await sweeps.trials(connection, uid)
    moving = next((each for each in latest if not each.ended_at), None)
    status = 200 if form.is_right and not form.refused else 400
    return page(viewer, "trial.html", status, credential=found, form=form, trials=latest, moving=moving)


@router.post("/credentials/{uid}/test", dependencies=_WRITE)
async def try_out(request: Request, uid: str) -> Response:
    """Have the probe of a zone try the credential."""
    context, form = context_of(request), await sent(request)
    address, zone = form.needed("address", MAX_ADDRESS), form.optional("zone", MAX_ADDRESS)
    made = await attempt(
        request, form, lambda act: sweeps.try_out(act, uid, address, zone, context.clock()), REFUSED
    )  # fmt: skip
    if made is None:
        return await _page(request, uid, form)
    context.wake_probes()
    log.info("credential tried", credential=uid, sweep=made, by=request.state.principal.name)
    return RedirectResponse(f"/credentials/{uid}/test", 303)
