"""What probes have to do: the watches of their zones, and the sweeps that wait and run, by lane."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store import schema
from collector.store.sweeps import LANE, RUNNING, WAITING

_sweep, _watch = schema.sweep.c, schema.reach_watch.c


@dataclass(frozen=True, slots=True)
class WatchRow:
    """How the latest watch of a zone is: when it was due, and when a probe began with it (0: not yet).

    `slot`: the moment of its minute it counts for. Times in ms.
    """

    zone: str
    slot: int
    state: str
    reason: str
    due_at: int
    started_at: int
    sweep_id: int


async def watches(connection: AsyncConnection) -> list[WatchRow]:
    """Return the latest watch of every zone."""
    rows = await connection.execute(
        select(_watch.zone, _watch.began_at, _sweep.state, _sweep.reason, _sweep.asked_at, _sweep.started_at,
               _sweep.id)
        .select_from(schema.reach_watch.join(schema.sweep, _sweep.id == _watch.sweep_id))
        .order_by(_watch.zone)
    )  # fmt: skip
    return [WatchRow(*row) for row in rows]


async def waiting(connection: AsyncConnection) -> Mapping[tuple[str, str], int]:
    """Return (zone, lane) → how many sweeps wait."""
    rows = select(_sweep.zone, LANE, func.count()).where(_sweep.state == WAITING).group_by(_sweep.zone, LANE)
    return {(zone, lane): number for zone, lane, number in await connection.execute(rows)}


async def running(connection: AsyncConnection) -> Mapping[tuple[int | None, str], int]:
    """Return (agent, lane) → how many sweeps run."""
    rows = select(_sweep.agent_id, LANE, func.count()).where(_sweep.state == RUNNING).group_by(_sweep.agent_id, LANE)
    return {(agent, lane): number for agent, lane, number in await connection.execute(rows)}
