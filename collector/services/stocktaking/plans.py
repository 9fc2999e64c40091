"""Plans of rounds and of the yearly stock-take: made, changed, paused, ended; and what one would make."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.inspecting.plan import BadPlan
from collector.inspecting.rounds import Round, of_values
from collector.security.audit import Act
from collector.services import planning
from collector.services.inspecting.inspector import Inspector
from collector.services.refused import Refused
from collector.services.stocktaking.opening import chosen, may_count
from collector.store import accounts, plans
from collector.store.plans import ACTIVE, ENDED, PAUSED, ROUNDS

Kept = plans.Kept[Round]
STATES = (ACTIVE, PAUSED, ENDED)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a plan would make: when next (ms), how many CIs are in its scope now, who of its people may count now."""

    times: tuple[int, ...]
    cis: int
    people: tuple[str, ...]


def read(values: Mapping[str, Any]) -> Round:
    """Return the plan that JSON values say; raise `Refused`, naming the field."""
    try:
        return planning.checked(of_values(values))
    except BadPlan as error:
        raise Refused(str(error), error.field) from None


async def add(act: Act, inspector: Inspector, plan: Round) -> str:
    """Keep a new plan and return its number; raise `Refused`."""
    await _check_people(act.tx, plan)
    kept = await planning.keep(act.tx, ROUNDS, inspector.calendar, plan, (act.by, act.at))
    act.tell("round_plan.add", f"round_plan/{kept.number}", after=_told(plan))
    return kept.number


async def change(act: Act, inspector: Inspector, number: str, plan: Round) -> int:
    """Keep the next version of a plan and return its number; raise `NotFound`, `Refused`."""
    kept = await planning.still_going(act.tx, ROUNDS, number)
    if plan == kept.plan:
        raise Refused("nothing of it is different", "plan")
    await _check_people(act.tx, plan)
    version = await ROUNDS.change(act.tx, kept, plan, act.by, act.at)
    await planning.set_next(act.tx, inspector.calendar, kept.id, plan.schedule, act.at)
    act.tell("round_plan.change", f"round_plan/{number}", _told(kept.plan), _told(plan) | {"version": version})
    return version


async def turn(act: Act, inspector: Inspector, number: str, state: str) -> None:
    """Let a plan rest (paused), go on from now (active) or end for good (ended); raise `NotFound`, `Refused`.

    What it has made stays as it is.
    """
    if state not in STATES:
        raise Refused("active, paused or ended is expected", "state")
    kept = await planning.still_going(act.tx, ROUNDS, number)
    await planning.turn(act.tx, kept, state, inspector.calendar, act.at)
    act.tell("round_plan.turn", f"round_plan/{number}", {"state": kept.state}, {"state": state})


async def find(connection: AsyncConnection, number: str) -> Kept:
    """Return a plan; raise `NotFound`."""
    return await planning.find(connection, ROUNDS, number)


async def every(connection: AsyncConnection) -> list[Kept]:
    """Return all plans, by when they are due next, those that are ended last."""
    return await ROUNDS.every(connection)


async def preview(connection: AsyncConnection, inspector: Inspector, plan: Round, now: int) -> Preview:
    """Return what a plan would make from `now` (ms) on."""
    times = planning.upcoming(plan.schedule, inspector.calendar, now)
    return Preview(times, len(await chosen(connection, plan.scope)), await able(connection, plan))


async def able(connection: AsyncConnection, plan: Round) -> tuple[str, ...]:
    """Return those of a plan who may count now, whoever is responsible first."""
    return tuple([name for name in plan.people if may_count(await accounts.by_name(connection, name))])


async def _check_people(connection: AsyncConnection, plan: Round) -> None:
    named = [("assignee", plan.assignee), ("deputy", plan.deputy), *(("helpers", name) for name in plan.helpers)]
    for field, name in named:
        if name:
            await planning.check_person(connection, field, name, may_count)


def _told(plan: Round) -> dict[str, Any]:
    """Return what the audit log is told of a plan; what is long as text of one line."""
    return {
        "kind": str(plan.kind), "title": plan.title, "rrule": plan.schedule.rrule, "zone": plan.schedule.zone,
        "people": list(plan.people), "scope": json.dumps(asdict(plan.scope), ensure_ascii=False), "blind": plan.blind,
    }  # fmt: skip
