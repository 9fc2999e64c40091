"""Keys of addresses: those that have changed and those nobody has said to trust, for a person to look at."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from collector.api.access import requires
from collector.api.acting import acting
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.services import pins
from collector.services.pins import FORMS, STATES, Refused
from collector.web.render import page
from collector.web.viewer import viewer_of

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False, prefix="/pins")
_READ = [requires(Permission.CREDENTIALS_READ)]
_WRITE = [requires(Permission.CREDENTIALS_WRITE)]

ROWS: Final = 100
DONE: Final = ("accepted", "forgotten", "refused")


@router.get("", dependencies=_READ)
async def pins_page(request: Request) -> Response:
    asked = request.query_params
    state = asked.get("state", "") if asked.get("state", "") in STATES else ""
    at = tuple(asked.get(name, "")[:64] for name in ("zone", "address", "kind"))
    behind = (at[0], at[1], at[2]) if at[1] else None
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await pins.listed(connection, state, behind, ROWS + 1)
    more = _behind(state, found[ROWS - 1]) if len(found) > ROWS else ""
    done = asked.get("done", "")
    return page(
        viewer, "pins.html", rows=found[:ROWS], states=STATES, state=state, more=more, done=done if done in DONE else ""
    )


def _behind(state: str, last: pins.PinRow) -> str:
    return "/pins?" + urlencode({"state": state, "zone": last.zone, "address": last.address, "kind": last.kind})


@router.post("/accept", dependencies=_WRITE)
async def accept(request: Request) -> Response:
    """Trust the key that was looked at."""
    key, value = await _named(request)
    try:
        async with acting(request) as act:
            done = await pins.accept(act, key, value)
    except Refused:
        done = False
    if not done:
        return RedirectResponse("/pins?done=refused", 303)
    log.info("key accepted", zone=key[0], address=key[1], kind=key[2], by=request.state.principal.name)
    return RedirectResponse("/pins?done=accepted", 303)


@router.post("/forget", dependencies=_WRITE)
async def forget(request: Request) -> Response:
    key, _ = await _named(request)
    async with acting(request) as act:
        await pins.forget(act, key)
    log.info("key forgotten", zone=key[0], address=key[1], kind=key[2], by=request.state.principal.name)
    return RedirectResponse("/pins?done=forgotten", 303)


async def _named(request: Request) -> tuple[tuple[str, str, str], str]:
    """Return which key the form is about, and the value in it."""
    form = await request.form()
    zone, address, kind, value = (str(form.get(name, ""))[:200] for name in ("zone", "address", "kind", "value"))
    return (zone, address, kind if kind in FORMS else ""), value
