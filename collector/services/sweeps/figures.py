"""What /metrics shows of sweeps: how many are in each state, and what the last one of each plan came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.services.sweeps import lateness
from collector.services.sweeps.lateness import ProbeFigures
from collector.services.sweeps.ledger import Subnet, subnets
from collector.services.sweeps.standing import standing
from collector.store import sweep_targets, sweeps
from collector.store.sweeps import SweepRow

MOST_SUBNETS: Final = 256
"""Of each plan; smaller ones beyond are told together, so that a large plan does not flood whoever stores samples."""
REST: Final = "other"
MOST_KEPT: Final = 100


@dataclass(frozen=True, slots=True)
class Swept:
    """What the last sweep of a plan that has ended came to. `ended_at`: epoch ms."""

    plan: str
    ended_at: int
    subnets: Sequence[Subnet]


@dataclass(frozen=True, slots=True)
class SweepFigures:
    """Sweeps by state, the last one of each plan, and what probes have to do."""

    states: Mapping[str, int] = field(default_factory=dict)
    last: Sequence[Swept] = ()
    probes: Sequence[ProbeFigures] = ()


class Figures:
    """Reads the figures; the ledger of a sweep that has ended is counted once, for it can be long."""

    def __init__(self) -> None:
        self._counted: dict[tuple[str, int], Sequence[Subnet]] = {}

    async def read(self, connection: AsyncConnection, now: int) -> SweepFigures:
        rows = await sweeps.last_of_plans(connection, ended=True)
        last = [Swept(row.plan_name or "", row.ended_at, await self._subnets(connection, row)) for row in rows]
        return SweepFigures(await sweeps.count_by_state(connection), last, await lateness.read(connection, now))

    async def _subnets(self, connection: AsyncConnection, row: SweepRow) -> Sequence[Subnet]:
        # What was cancelled may still be told of, and that moves when it was last heard of.
        key = row.uid, standing(row.counts).heard_at
        if key not in self._counted:
            if len(self._counted) >= MOST_KEPT:
                self._counted.clear()
            self._counted[key] = bounded(subnets(await sweep_targets.tallies(connection, row.id)))
        return self._counted[key]


def bounded(some: Sequence[Subnet], most: int = MOST_SUBNETS) -> Sequence[Subnet]:
    """Return the first `most` subnets, and what the others come to as one named `other`."""
    if len(some) <= most:
        return some
    rest = some[most:]
    failed: dict[str, int] = {}
    for each in rest:
        for cause, number in each.failed.items():
            failed[cause] = failed.get(cause, 0) + number
    targets, alive, identified = (
        sum(getattr(each, name) for each in rest) for name in ("targets", "alive", "identified")
    )
    return [*some[:most], Subnet(REST, targets, alive, identified, failed)]
