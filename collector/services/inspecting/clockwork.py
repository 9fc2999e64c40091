"""Plans come due: each makes its run, and is then due for its next time. What is not done in time is told of, once."""

from __future__ import annotations

import structlog

from collector.services import recurring
from collector.services.inspecting import runs
from collector.services.inspecting.inspector import Inspector
from collector.services.inspecting.plans import Kept
from collector.services.recurring import Recurring
from collector.store import inspection_incidents, inspection_runs
from collector.store.engine import Store
from collector.store.failure import reading, writing
from collector.store.plans import INSPECTIONS

log = structlog.get_logger(__name__)


async def due(store: Store, inspector: Inspector, now: int) -> list[str]:
    """Make the runs whose time has come at `now` (ms), return their numbers."""

    async def make(kept: Kept, when: tuple[int, int], now: int) -> str:
        run = await runs.make(store, inspector, kept, when, now)
        return run.number if run else ""

    return await recurring.due(store, Recurring(INSPECTIONS, inspector.calendar, make), now)


async def escalate(store: Store, inspector: Inspector, now: int) -> int:
    """Tell of the runs that soon will be late and of those that are, each once; return how many there were."""
    async with reading(store) as connection:
        soon, late = await inspection_runs.to_warn_of(connection, now), await inspection_runs.overdue(connection, now)
    for run in soon:
        async with writing(store) as tx:
            if await inspection_incidents.warn(tx, run, inspector.desk.warn_percent, now):
                log.info("inspection due soon", number=run.number, incident=run.incident, assignee=run.new.assignee)
            await inspection_runs.warned(tx, run.id)
    for run in late:
        async with writing(store) as tx:
            if await inspection_incidents.escalate(tx, run, now):
                log.info("inspection overdue", number=run.number, incident=run.incident, assignee=run.new.assignee)
            await inspection_runs.escalated(tx, run.id, now)
    return len(soon) + len(late)
