"""Noise: how often the findings on each attribute turned out to be nothing, by month."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from collector.api.access import requires
from collector.api.context import context_of
from collector.change.noise import BUDGET, REVIEW_ABOVE
from collector.security.roles import Permission
from collector.services import noise
from collector.services.refused import Refused
from collector.web.render import page
from collector.web.viewer import viewer_of

router = APIRouter(include_in_schema=False, dependencies=[requires(Permission.FINDINGS_READ)])


@router.get("/findings/noise")
async def noise_page(request: Request) -> HTMLResponse:
    """Show a month; one that is none is the present one."""
    context, asked = context_of(request), request.query_params.get("month", "")[:10]
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        try:
            found = await noise.of_month(connection, asked, context.clock())
        except Refused:
            found = await noise.of_month(connection, "", context.clock())
    return page(viewer, "noise.html", found=found, budget=BUDGET, review_above=REVIEW_ABOVE)
