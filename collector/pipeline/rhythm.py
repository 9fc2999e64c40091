"""How often each source looks: a target by the plans that cover it, an agent by the collector's setting.

Work that was done at the end of its window may be seen one look later, so that is how far beside it a change covers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change.covering import Margins
from collector.services.refused import Refused
from collector.services.sweeps import schedule, settings
from collector.store import sweep_plans
from wire.ranges import Ranges

_MONDAY_MS: Final = 1_767_571_200_000
"""2026-01-05, from where schedules are looked at: what they come to does not hang on when they are asked."""
_TIMES: Final = 32
"""How many times of a schedule are looked at, at most a month of days."""


@dataclass(frozen=True, slots=True)
class Beat:
    """What one plan looks at, and how often (ms)."""

    zone: str
    targets: Ranges
    every_ms: int

    def covers(self, address: str) -> bool:
        try:
            return address in self.targets
        except ValueError:  # what a third party calls its source is no address
            return False


@dataclass(slots=True)
class Rhythm:
    """The plans as they were last read; before that, and for what none covers, margins are the usual ones."""

    agents_ms: int = 0
    beats: tuple[Beat, ...] = ()

    async def learn(self, connection: AsyncConnection) -> None:
        """Read which plans there are."""
        plans = (each for each in await sweep_plans.everyone(connection) if each.state == "active" and each.schedule)
        found = (_beat(each.zone, each.settings, each.schedule) for each in plans)
        self.beats = tuple(each for each in found if each is not None)

    def margins(self, source: str) -> Margins:
        """Return the margins of the source with that code."""
        return Margins.scanned_every(self.every_ms(source))

    def every_ms(self, source: str) -> int:
        """Return how often that source looks (ms); 0: nobody said."""
        kind, _, rest = source.partition("/")
        if kind == "agent":
            return self.agents_ms
        zone, _, place = rest.partition("/")
        address = place.partition("/")[0]
        return min((each.every_ms for each in self.beats if each.zone == zone and each.covers(address)), default=0)


@lru_cache(maxsize=1024)
def _beat(zone: str, said: str, line: str) -> Beat | None:
    """Return the beat of a plan that reads values; None of one that only asks whether anybody is there."""
    plan = settings.stored(said)
    if plan.until == "alive":
        return None
    return Beat(zone, plan.targets, _shortest(line))


def _shortest(line: str) -> int:
    """Return the shortest time (ms) between two times of a schedule; 0 where it has not two."""
    times = [_MONDAY_MS]
    try:
        while len(times) <= _TIMES:
            times.append(schedule.next_at(line, times[-1]))
    except Refused:
        pass
    return min((later - earlier for earlier, later in pairwise(times[1:])), default=0)
