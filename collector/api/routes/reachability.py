"""`/api/v1/reachability`: how CIs can be reached, and what explains that they cannot."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import Field

from collector.api import parts, reach_shapes
from collector.api.access import requires
from collector.api.asking import Asked
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.services import cis, reachability

router = APIRouter(tags=["reachability"])

State = Literal["up", "degraded", "unreachable", "unknown"]


class ReachAsked(Asked):
    """In which states; none: in any."""

    states: Annotated[list[State], Field(max_length=4)] = Field(default_factory=list, alias="state")


@router.get(
    "/reachability", operation_id="listReachability", response_model=reach_shapes.Reachability,
    dependencies=[requires(Permission.CIS_READ)],
)  # fmt: skip
async def list_reachability(request: Request, asked: Annotated[ReachAsked, Query()]) -> object:
    """List what is watched: how each CI can be reached, since when, and what explains it where it cannot."""
    (behind,) = parts.after(asked.cursor) or ("",)
    async with context_of(request).store.read() as connection:
        found = await reachability.listed(connection, asked.states, behind, asked.limit + 1)
        counts = await reachability.counts(connection)
    return {**parts.part(found, asked.limit, lambda each: (each.ci.uid,)), "counts": counts}


@router.get(
    "/cis/{uid}/reachability", operation_id="getReachability", response_model=reach_shapes.OfCi,
    dependencies=[requires(Permission.CIS_READ)],
)  # fmt: skip
async def get_reachability(request: Request, uid: str) -> object:
    """Get how a CI can be reached, who is behind it, how that moved, and its availability of the last 30 days."""
    context = context_of(request)
    async with context.store.read() as connection:
        ci = await cis.one(connection, uid)
        return {"id": ci.uid, "reachability": await reachability.of_ci(connection, ci.id, context.clock())}
