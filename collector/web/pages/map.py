"""The map of who is connected to whom, and the port finder."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.api.access import requires
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.services import cis, topology, whereabouts
from collector.services.topology import LinkRow, Map
from collector.store.browse.cis import CiQuery, CiRow
from collector.store.browse.page import Window
from collector.store.browse.search import MAX_QUERY
from collector.web.graph import graph, sentence
from collector.web.render import page
from collector.web.viewer import texts_of, viewer_of

router = APIRouter(include_in_schema=False, dependencies=[requires(Permission.CIS_READ)])

MAX_ROWS = 500
"""Links the table shows; a filter finds the others."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way that was asked for: what was typed, the CIs that is (None: no such one), the links (None: no way)."""

    start: str = ""
    goal: str = ""
    a: CiRow | None = None
    b: CiRow | None = None
    links: tuple[LinkRow, ...] | None = None

    @property
    def is_asked(self) -> bool:
        return bool(self.start and self.goal)

    @property
    def stops(self) -> tuple[tuple[LinkRow, str], ...]:
        """Each link with the uid of the CI it is entered from."""
        here, found = self.a.uid if self.a else "", []
        for link in self.links or ():
            found.append((link, here))
            here = link.far(here).ci.uid
        return tuple(found)


def _text(request: Request, name: str) -> str:
    return request.query_params.get(name, "").replace("\0", "").strip()[:MAX_QUERY]


async def _ci(connection: AsyncConnection, text: str) -> CiRow | None:
    """Return the CI a person means: by its id, its whole name, or the only one that is found."""
    if not text:
        return None
    found = (await cis.listed(connection, CiQuery(q=text), Window(20))).items
    exact = [row for row in found if text in (row.uid, row.name)]
    return exact[0] if exact else found[0] if len(found) == 1 else None


async def _way(connection: AsyncConnection, request: Request, found: Map) -> Way:
    start, goal = _text(request, "from"), _text(request, "to")
    a, b = await _ci(connection, start), await _ci(connection, goal)
    return Way(start, goal, a, b, topology.path(found.links, a.uid, b.uid) if a and b else None)


@router.get("/map")
async def map_page(request: Request) -> HTMLResponse:
    context = context_of(request)
    q = _text(request, "q")
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await topology.current(connection, context.wiring)
        way = await _way(connection, request, found)
    links = [_turned(link) for link in found.links if _holds(link, q)]
    links.sort(key=lambda link: (link.a.zone, link.a.ci.name, link.a.interface, link.b.ci.name))
    names = sorted({end.ci.name for link in found.links for end in (link.a, link.b)})
    return page(
        viewer, "map.html", found=found, links=links[:MAX_ROWS], count=len(links), q=q, way=way, names=names[:2000],
        sentence=lambda said: sentence(said, viewer.texts),
    )  # fmt: skip


def _holds(link: LinkRow, q: str) -> bool:
    told = (link.a.ci.name, link.a.interface, link.a.zone, link.b.ci.name, link.b.interface, link.b.zone, link.state)
    return not q or any(q.casefold() in each.casefold() for each in told)


def _turned(link: LinkRow) -> LinkRow:
    """A switch and what is plugged in at it are read from the switch."""
    if link.b.ci.ci_class != "network" or link.a.ci.ci_class == "network":
        return link
    return replace(link, a=link.b, b=link.a, bundle=link.bundle and (link.bundle[1], link.bundle[0]))


@router.get("/map/graph")
async def map_graph(request: Request) -> JSONResponse:
    """Answer the script of the map; `from` and `to` as on the page."""
    context = context_of(request)
    async with context.store.read() as connection:
        found = await topology.current(connection, context.wiring)
        way = await _way(connection, request, found)
        troubles = await topology.troubled(connection)
    return JSONResponse(graph(found, way.links or (), troubles, texts_of(request, request.state.principal)))


@router.get("/where")
async def where_page(request: Request) -> HTMLResponse:
    context = context_of(request)
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        answer = await whereabouts.find(connection, context.wiring, _text(request, "q"))
    return page(viewer, "where.html", answer=answer, sentence=lambda said: sentence(said, viewer.texts))
