"""Plans come due: each makes its run, and is then due for its next time. That it is done in time is its incident's."""

from __future__ import annotations

from collector.services import recurring
from collector.services.inspecting import runs
from collector.services.inspecting.inspector import Inspector
from collector.services.inspecting.plans import Kept
from collector.services.recurring import Recurring
from collector.store.engine import Store
from collector.store.plans import INSPECTIONS


async def due(store: Store, inspector: Inspector, now: int) -> list[str]:
    """Make the runs whose time has come at `now` (ms), return their numbers."""

    async def make(kept: Kept, when: tuple[int, int], now: int) -> str:
        return ", ".join(run.number for run in await runs.make(store, inspector, kept, when, now))

    return await recurring.due(store, Recurring(INSPECTIONS, inspector.calendar, make, inspector.desk), now)
