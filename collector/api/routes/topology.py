"""`/api/v1/topology` and `/api/v1/whereabouts`."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request

from collector.api import wiring_shapes as shapes
from collector.api.access import requires
from collector.api.asking import Search, Word
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.services import cis, topology, whereabouts

router = APIRouter(tags=["topology"], dependencies=[requires(Permission.CIS_READ)])

State = Literal["confirmed", "probable", "contradictory"]


@router.get("/topology", operation_id="getTopology", response_model=shapes.Topology)
async def get_topology(
    request: Request,
    ci: Annotated[Word | None, Query(description="links of this CI only")] = None,
    states: Annotated[list[State] | None, Query(alias="state", max_length=3)] = None,
    limit: Annotated[int, Query(ge=1, le=shapes.MAX_LINKS)] = 1000,
) -> object:
    """Tell who is connected to whom, with what was said of each link."""
    context = context_of(request)
    async with context.store.read() as connection:
        if ci is None:
            found = await topology.current(connection, context.wiring)
        else:
            found = await topology.of_ci(connection, context.wiring, (await cis.one(connection, ci)).id)
    links = [link for link in found.links if not states or link.state in states]
    return {"links": links[:limit], "strangers": found.strangers[:limit], "count": len(links)}


@router.get("/topology/path", operation_id="findPath", response_model=shapes.Way)
async def get_path(
    request: Request, start: Annotated[Word, Query(alias="from")], goal: Annotated[Word, Query(alias="to")]
) -> object:
    """Find a shortest way from one CI to another over links that nobody contradicts."""
    context = context_of(request)
    async with context.store.read() as connection:
        for uid in (start, goal):
            await cis.one(connection, uid)
        found = await topology.current(connection, context.wiring)
    return {"links": topology.path(found.links, start, goal)}


@router.get("/whereabouts", operation_id="findWhereabouts", response_model=shapes.Answer)
async def get_whereabouts(request: Request, q: Annotated[Search, Query(min_length=1)]) -> object:
    """Find where a MAC, an address or a host is plugged in: port, switch, VLAN, when, and what shows it."""
    context = context_of(request)
    async with context.store.read() as connection:
        return await whereabouts.find(connection, context.wiring, q)
