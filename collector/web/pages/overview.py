"""The first page, and the search over everything."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from collector.api.access import requires
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.security.sessions import Principal
from collector.services import mine, overview, search
from collector.services.agents import silent_before
from collector.web.catalogue import SHORT
from collector.web.pages.sweeps import figures_of
from collector.web.render import page
from collector.web.viewer import viewer_of

router = APIRouter(include_in_schema=False, dependencies=[requires(Permission.OWN)])


@router.get("/")
async def overview_page(request: Request) -> Response:
    context = context_of(request)
    principal: Principal = request.state.principal
    if not principal.may(Permission.CIS_READ):
        return RedirectResponse("/settings", 303)  # who only administers accounts has no business here
    before = silent_before(context.settings, context.clock())
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        seen = await overview.overview(connection, context.rulebook.rules, context.hostname, before)
        own = await mine.of(connection, principal.name)
    figures = figures_of(seen.sweep.settings) if seen.sweep else ()
    return page(
        viewer, "overview.html", seen=seen, mine=own, now=context.clock(), figures=figures,
        language=SHORT[viewer.texts.language],
    )  # fmt: skip


@router.get("/search")
async def search_page(request: Request) -> Response:
    """Show what was found of all a person may read."""
    context = context_of(request)
    principal: Principal = request.state.principal
    before = silent_before(context.settings, context.clock())
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await search.find(
            connection, request.query_params.get("q", ""), principal.allowed, before, context.wiring
        )
    return page(viewer, "search.html", found=found)
