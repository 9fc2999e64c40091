"""Plans come due: each makes its run, and is then due for its next time. What is not done in time is told of, once."""

from __future__ import annotations

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.inspecting import schedule
from collector.inspecting.plan import BadPlan
from collector.services.inspecting import runs
from collector.services.inspecting.inspector import Inspector
from collector.store import inspecting, inspection_incidents, inspection_runs
from collector.store.engine import Store
from collector.store.failure import reading, writing
from collector.store.inspecting import Kept

log = structlog.get_logger(__name__)


async def due(store: Store, inspector: Inspector, now: int) -> list[str]:
    """Make the runs whose time has come at `now` (ms), return their numbers.

    Of times that passed while nothing ran, the latest is made and the others are counted. Whoever dies between the two
    transactions of a plan finds the run made, and only moves the plan on.
    """
    async with reading(store) as connection:
        waiting = await inspecting.due(connection, now)
    made = [await _one(store, inspector, kept, now) for kept in waiting]
    return [number for number in made if number]


async def escalate(store: Store, inspector: Inspector, now: int) -> int:
    """Tell of the runs that were not done in their time, each once; return how many there were."""
    async with reading(store) as connection:
        late = await inspection_runs.overdue(connection, now)
    for run in late:
        async with writing(store) as tx:
            if await inspection_incidents.escalate(tx, run, now, inspector.destinations):
                log.info("inspection overdue", number=run.number, incident=run.incident, assignee=run.new.assignee)
            await inspection_runs.escalated(tx, run.id, now)
    return len(late)


async def _one(store: Store, inspector: Inspector, kept: Kept, now: int) -> str:
    its, calendar, at, run = kept.plan.schedule, inspector.calendar, kept.next_for, None
    try:
        at, missed = schedule.latest(its, calendar, kept.next_for, now + its.ahead_ms)
        run = await runs.make(store, inspector, kept, (at, missed), now)
    except BadPlan as error:  # a field or a zone that is no more, a scope that grew: for a person to see
        log.warning("a plan cannot be run", plan=kept.number, why=str(error))
    async with writing(store) as tx:
        await _move_on(tx, kept, _next(inspector, kept, at))
    if run is not None:
        log.info("inspection made", number=run.number, plan=kept.number, incident=run.incident, missed=run.new.missed)
    return run.number if run else ""


def _next(inspector: Inspector, kept: Kept, at: int) -> int:
    """Return when a plan is due after `at` (ms), 0 for never and for a schedule that cannot be read any more."""
    try:
        return schedule.next_after(kept.plan.schedule, inspector.calendar, at)
    except BadPlan:
        return 0


async def _move_on(tx: AsyncConnection, kept: Kept, upcoming: int) -> None:
    """Write when a plan is due next, unless somebody has written it meanwhile."""
    present = await inspecting.find(tx, kept.number, hold=True)
    if present is not None and (present.version, present.next_for) == (kept.version, kept.next_for):
        await inspecting.set_next(tx, kept.id, upcoming, upcoming and upcoming - kept.plan.schedule.ahead_ms)
