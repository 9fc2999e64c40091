"""Runs: in which CIs were looked for, whose misses count, and those a person may believe."""

from __future__ import annotations

from typing import Final

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from collector.api.access import requires
from collector.api.acting import acting
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.services import presence
from collector.services.presence import Refused
from collector.web.render import page
from collector.web.viewer import viewer_of

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False, prefix="/presence")

ROWS: Final = 100
DONE: Final = ("believed", "refused")


@router.get("", dependencies=[requires(Permission.SWEEPS_READ)])
async def runs_page(request: Request) -> Response:
    before, done = (request.query_params.get(name, "")[:64] for name in ("before", "done"))
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await presence.runs(connection, ROWS + 1, before)
    more = found[ROWS - 1].reference if len(found) > ROWS else ""
    return page(viewer, "presence.html", rows=found[:ROWS], more=more, done=done if done in DONE else "")


@router.post("/{reference}/believe", dependencies=[requires(Permission.SWEEPS_WRITE)])
async def believe(request: Request, reference: str) -> Response:
    """Let the misses of a run in quarantine count."""
    form = await request.form()
    try:
        async with acting(request) as act:
            await presence.believe(act, reference, str(form.get("reason", ""))[:2000])
    except Refused:
        return RedirectResponse("/presence?done=refused", 303)
    log.info("run believed", run=reference, by=request.state.principal.name)
    return RedirectResponse("/presence?done=believed", 303)
