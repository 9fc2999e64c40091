"""What is removed once its name was typed: the page that asks for it, and the removal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog
from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from collector.api.acting import acting
from collector.api.context import context_of
from collector.security.audit import Act
from collector.services.refused import Refused
from collector.web.render import page
from collector.web.sending import sent
from collector.web.viewer import viewer_of

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Removal:
    """What is to be removed, once its `name` was typed. `words`: what the catalogue's texts about it begin with.

    `address`: its own; `above`: the pages above it, title in the catalogue → address; `done`: where one is led
    afterwards; `refused`: the text that says why the service does not do it, "" where it does not refuse.
    """

    name: str
    words: str
    address: str
    above: Mapping[str, str]
    done: str
    refused: str = ""


async def ask(request: Request, what: Removal, error: str = "") -> Response:
    """Return the page that asks for the name of what is to be removed."""
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
    return page(viewer, "removal.html", 400 if error else 200, what=what, error=error)


async def when_named(request: Request, what: Removal, do: Callable[[Act], Awaitable[object]]) -> Response:
    """Do it where the name was typed; else, and where the service refuses, ask again and say why."""
    if (await sent(request)).text("name") != what.name:
        return await ask(request, what, "plan.wrong_name")
    try:
        async with acting(request) as act:
            await do(act)
    except Refused:
        if not what.refused:
            raise
        return await ask(request, what, what.refused)
    log.info(f"{what.words} removed", address=what.address, by=request.state.principal.name)
    return RedirectResponse(what.done, 303)
