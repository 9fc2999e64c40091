"""A stock-take made by its plan: once for a time, with the incident of whoever it is given to, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from collector.inspecting import schedule
from collector.security.audit import COLLECTOR, Act, recorded
from collector.services.inspecting.inspector import Inspector
from collector.services.refused import Refused
from collector.services.stocktaking.opening import begin, lines_of
from collector.services.stocktaking.plans import Kept, able
from collector.stocktake import Line
from collector.store import rounds
from collector.store.engine import Store
from collector.store.failure import reading, writing
from collector.store.plans import ROUNDS
from collector.store.rounds import Due
from collector.store.stocktakes import New


async def make(store: Store, inspector: Inspector, kept: Kept, when: tuple[int, int], now: int) -> str:
    """Make the stock-take of a plan for a time and return its number; `when`: that time (ms), and how many before it
    nobody ran.

    Nothing is made where there is one already, or where the plan has changed meanwhile. Raise `Refused` where nothing
    is in scope, or nobody of the plan may count any more. The look at what is there holds nobody up.
    """
    async with reading(store) as connection:
        if await rounds.is_made(connection, kept.id, when[0]):
            return ""
        lines = await lines_of(connection, inspector.wiring, kept.plan.scope)
    async with writing(store) as tx:
        if not await ROUNDS.is_as(tx, kept) or await rounds.is_made(tx, kept.id, when[0]):
            return ""
        async with recorded(tx, COLLECTOR, now) as act:
            return await _write(act, inspector, kept, when, lines)


async def _write(
    act: Act, inspector: Inspector, kept: Kept, when: tuple[int, int], lines: Sequence[Line]
) -> str:  # fmt: skip
    plan, (at, missed) = kept.plan, when
    people = await able(act.tx, plan)
    if not people:
        raise Refused("nobody of this plan may count any more", "assignee")
    title = f"{plan.title} {schedule.day_of(plan.schedule, at)}"
    made = await begin(act, New(plan.kind, title, plan.scope, plan.blind, act.by, act.at), people, lines)
    deputy = plan.deputy if plan.deputy in people[1:] else ""
    allowed = plan.schedule.due_ms
    due_at = inspector.calendar.after(max(at, act.at), allowed) if allowed else 0
    due = Due(made.id, kept.id, at, due_at, people[0], deputy, missed, "")
    await rounds.add(act.tx, replace(due, incident=await rounds.open_incident(act.tx, made, due, len(lines), act.at)))
    return made.number
