"""Doubts about identity: what waits for a person to decide which CI is which."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from collector.api.access import requires
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.services import duplicates
from collector.store.browse.page import Window
from collector.web.render import page
from collector.web.viewer import viewer_of

router = APIRouter(include_in_schema=False, dependencies=[requires(Permission.CIS_READ)])


@router.get("/duplicates")
async def duplicates_page(request: Request) -> HTMLResponse:
    cursor = request.query_params.get("cursor") or None
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await duplicates.listed(connection, (), Window(50, cursor))
    done, left = (request.query_params.get(name, "") for name in ("done", "left"))
    return page(
        viewer, "duplicates.html", found=found, done=_whole(done), left=left if left == "alike" else _whole(left)
    )


def _whole(text: str) -> int:
    return int(text[:4]) if text.isdecimal() else 0
