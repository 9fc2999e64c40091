"""How late watches are: a watch that waits, or began late, is a zone that nobody looks at meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store import probe_lanes, probes
from collector.store.probe_lanes import WatchRow
from collector.store.probes import ProbeRow
from collector.store.sweeps import LANES, RUNNING, WAITING

EVERY_MS: Final = 60_000
"""How far apart a watch is begun, at least."""
BLACKOUT: Final = "blackout until"
"""How the reason begins why a sweep waits that may not run now: that is no delay."""


@dataclass(frozen=True, slots=True)
class ProbeFigures:
    """A probe, by its agent's uid and its host's name: zone → by how much the latest watch of it is late (ms), and
    (lane, state) → sweeps. Those that wait do so for any probe of their zone.
    """

    agent: str
    host: str
    delays: Mapping[str, int] = field(default_factory=dict)
    sweeps: Mapping[tuple[str, str], int] = field(default_factory=dict)


def delay(row: WatchRow, now: int) -> int:
    """Return how late the latest watch began, or is by now (ms)."""
    if row.state == WAITING:
        return 0 if row.reason.startswith(BLACKOUT) else max(0, now - row.due_at)
    return max(0, row.started_at - row.due_at)


def due_at(row: WatchRow) -> int | None:
    """Return when the next watch to begin is due or was (ms); None while a blackout holds it back."""
    if row.state == WAITING:
        return None if row.reason.startswith(BLACKOUT) else row.due_at
    return row.slot + EVERY_MS


async def read(connection: AsyncConnection, now: int) -> list[ProbeFigures]:
    """Return what each probe has to do at `now` (ms), and how late its watches are."""
    late = {row.zone: delay(row, now) for row in await probe_lanes.watches(connection)}
    waiting, running = await probe_lanes.waiting(connection), await probe_lanes.running(connection)

    def figures(probe: ProbeRow) -> ProbeFigures:
        counts = {(lane, RUNNING): running.get((probe.agent_id, lane), 0) for lane in LANES}
        counts |= {(lane, WAITING): sum(waiting.get((zone, lane), 0) for zone in probe.zones) for lane in LANES}
        return ProbeFigures(
            probe.uid, probe.hostname, {zone: late[zone] for zone in probe.zones if zone in late}, counts
        )

    return [figures(each) for each in await probes.everyone(connection)]


async def due_of(connection: AsyncConnection, agents: Collection[int]) -> dict[int, int | None]:
    """Return agent → when the next watch of its zones is due or was (ms), of those that have one to do; None while
    blackouts hold back all of them."""
    due = {row.zone: due_at(row) for row in await probe_lanes.watches(connection)}
    of_probes = {
        probe.agent_id: [due[zone] for zone in probe.zones if zone in due]
        for probe in await probes.everyone(connection)
        if probe.agent_id in agents
    }
    open_ = {agent: [at for at in its if at is not None] for agent, its in of_probes.items() if its}
    return {agent: min(its, default=None) for agent, its in open_.items()}
