"""Plans of any sort, as people deal with them: kept, changed, paused, ended, and when they come due."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.inspecting import schedule
from collector.inspecting.plan import BadPlan, Schedule
from collector.inspecting.schedule import Days
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.store import accounts, plans
from collector.store.accounts import AccountRow
from collector.store.plans import ACTIVE, ENDED, Kept, P, Plans

MAX_PLANS: Final = 1_000
"""Of one sort."""
COMING: Final = 5
"""Times of a plan that are shown beforehand."""
_NUMBER: Final = re.compile(r"[A-Z]{3}-\d{4,12}", re.ASCII)


def checked(plan: P) -> P:
    """Return a plan whose schedule can be read; raise `BadPlan`."""
    schedule.check(plan.schedule)
    return plan


async def find(connection: AsyncConnection, of: Plans[P], number: str, hold: bool = False) -> Kept[P]:
    """Return a plan; raise `NotFound`."""
    kept = await of.find(connection, number, hold) if _NUMBER.fullmatch(number) else None
    if kept is None:
        raise NotFound("plan", number[:40])
    return kept


async def still_going(tx: AsyncConnection, of: Plans[P], number: str) -> Kept[P]:
    """Return a plan that is not ended, held until the transaction ends; raise `NotFound`, `Refused`."""
    kept = await find(tx, of, number, hold=True)
    if kept.state == ENDED:
        raise Refused("it is ended: make a new one", "state")
    return kept


async def keep(tx: AsyncConnection, of: Plans[P], days: Days, plan: P, made: tuple[str, int]) -> Kept[P]:
    """Write a new plan with when it is due first; `made`: by whom and when (ms). Raise `Refused`."""
    going = [kept for kept in await of.every(tx) if kept.state != ENDED]
    if len(going) >= MAX_PLANS:
        raise Refused(f"there are {MAX_PLANS} plans; change one of them", "plan")
    kept = await of.add(tx, plan, *made)
    await set_next(tx, days, kept.id, plan.schedule, made[1])
    return kept


async def set_next(tx: AsyncConnection, days: Days, plan_id: int, its: Schedule, now: int) -> None:
    """Write when a plan is due next from `now` (ms) on; raise `Refused` when that is never."""
    at = schedule.next_after(its, days, now)
    if not at:
        raise Refused("this schedule is never due", "schedule.rrule")
    await plans.set_next(tx, plan_id, at, at - its.ahead_ms)


async def turn(tx: AsyncConnection, kept: Kept[Any], state: str, days: Days, now: int) -> None:
    """Let a plan rest, go on from `now` (ms), or end for good; raise `Refused`."""
    if kept.state == state:
        raise Refused(f"it is {state} already", "state")
    await plans.set_state(tx, kept.id, state)
    if state == ACTIVE:
        await set_next(tx, days, kept.id, kept.plan.schedule, now)


def upcoming(its: Schedule, days: Days, now: int) -> tuple[int, ...]:
    """Return when a schedule comes due next (ms), for people to see; nothing where it cannot be read any more."""
    try:
        return schedule.upcoming(its, days, now, COMING)
    except BadPlan:
        return ()


async def check_person(
    connection: AsyncConnection, field: str, name: str, may: Callable[[AccountRow | None], bool]
) -> None:
    """Raise `Refused` unless somebody of that name may do it."""
    if not may(await accounts.by_name(connection, name)):
        raise Refused("the name of an account that may do it is expected", field)
