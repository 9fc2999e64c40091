"""Unknown models: what sweeps found and no definition knows, and what to do about it."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from collector.api.access import requires
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.services import unknown_models
from collector.web.render import page
from collector.web.viewer import viewer_of

router = APIRouter(include_in_schema=False, dependencies=[requires(Permission.SWEEPS_READ)])
SHOWN = 200


@router.get("/unknown-models")
async def models_page(request: Request) -> Response:
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await unknown_models.models(connection)
    return page(viewer, "unknown_models.html", models=found[:SHOWN], count=len(found))
