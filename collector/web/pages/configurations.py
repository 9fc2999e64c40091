"""The configurations of a CI: the versions that are kept, one of them, and what differs between two."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response

from collector.api.access import requires
from collector.api.context import context_of
from collector.api.files import kept_as
from collector.security.roles import Permission
from collector.services import cis, configurations
from collector.services.configurations import Configurations, Version
from collector.web.render import page
from collector.web.viewer import viewer_of

router = APIRouter(include_in_schema=False, dependencies=[requires(Permission.CIS_READ)])

MOST_LINES: Final = 5000
"""Lines of one text that the page shows; the file has all."""
_DIGEST: Final = 64


@router.get("/cis/{uid}/configuration")
async def configuration_page(request: Request, uid: str) -> Response:
    """Show two versions compared where both are asked for, else one: the one asked for, or what runs."""
    old, new, asked = (request.query_params.get(name, "")[:_DIGEST] for name in ("old", "new", "show"))
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        ci = await cis.one(connection, uid)
        found = await configurations.of_ci(connection, ci)
        compared = await configurations.compared(connection, ci, old, new) if old and new else None
        chosen = None if compared else _chosen(found, asked)
        text = await configurations.text(connection, ci, chosen.sha256) if chosen and chosen.size else ""
    lines = text.splitlines()
    return page(
        viewer, "configuration.html", ci=ci, found=found, compared=compared, old=old, new=new, chosen=chosen,
        lines=lines[:MOST_LINES], count=len(lines),
    )  # fmt: skip


def _chosen(found: Configurations, asked: str) -> Version | None:
    named = next((each for each in found.versions if each.sha256 == asked), None)
    return named or found.current("running") or (found.versions[0] if found.versions else None)


@router.get("/cis/{uid}/configuration/{sha256}.txt")
async def configuration_file(request: Request, uid: str, sha256: str) -> Response:
    async with context_of(request).store.read() as connection:
        text = await configurations.text(connection, await cis.one(connection, uid), sha256[:_DIGEST])
    return Response(text, media_type="text/plain; charset=utf-8", headers=kept_as(f"{sha256[:12]}.txt"))
