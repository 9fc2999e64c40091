"""Plans come due by the clock: each makes what it plans, once a time, and is then due for its next time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic

import structlog

from collector.desk.table import BUILT_IN, Table
from collector.inspecting import schedule
from collector.inspecting.plan import BadPlan
from collector.inspecting.schedule import Days
from collector.services import unrun
from collector.services.refused import Refused
from collector.store import plans
from collector.store.engine import Store
from collector.store.failure import reading, writing
from collector.store.plans import Kept, P, Plans

log = structlog.get_logger(__name__)

Make = Callable[[Kept[P], tuple[int, int], int], Awaitable[str]]
"""Make what a plan plans for a time (ms, and how many before it nobody ran), now (ms); return its number, nothing where
there is one already. Raise `BadPlan` or `Refused` where it cannot be made."""


@dataclass(frozen=True, slots=True)
class Recurring(Generic[P]):
    """Plans of one sort, the days their schedules count by, how what they plan is made, and how the desk works."""

    plans: Plans[P]
    days: Days
    make: Make[P]
    desk: Table = BUILT_IN


async def due(store: Store, its: Recurring[P], now: int) -> list[str]:
    """Make what is due at `now` (ms), return its numbers.

    Of times that passed while nothing ran, the latest is made and the others are counted. Whoever dies between the two
    transactions of a plan finds it made, and only moves the plan on.
    """
    async with reading(store) as connection:
        waiting = await its.plans.due(connection, now)
    made = [await _one(store, its, kept, now) for kept in waiting]
    return [number for number in made if number]


async def _one(store: Store, its: Recurring[P], kept: Kept[P], now: int) -> str:
    when, at, number, wrong = kept.plan.schedule, kept.next_for, "", ""
    try:
        at, missed = schedule.latest(when, its.days, kept.next_for, now + when.ahead_ms)
        number = await its.make(kept, (at, missed), now)
    except (BadPlan, Refused) as error:  # a field or a zone that is no more, a scope that grew: for a person to see
        wrong = str(error)
        log.warning("a plan cannot be run", plan=kept.number, why=wrong)
    upcoming = _next(its, kept, at)
    async with writing(store) as tx:
        if wrong:
            await unrun.tell(tx, kept, wrong, its.desk, now)
        elif number:
            await unrun.over(tx, kept, now)
        await plans.move_on(tx, kept, upcoming, upcoming and upcoming - when.ahead_ms)
    if number:
        log.info("made by plan", number=number, plan=kept.number)
    return number


def _next(its: Recurring[P], kept: Kept[P], at: int) -> int:
    """Return when a plan is due after `at` (ms), 0 for never and for a schedule that cannot be read any more."""
    try:
        return schedule.next_after(kept.plan.schedule, its.days, at)
    except BadPlan:
        return 0
