"""A run of a plan: made once for a time, with its report and its incident in one transaction."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.inspecting import difference, line
from collector.inspecting.looked import Looked
from collector.inspecting.plan import BadPlan, Plan
from collector.security.audit import COLLECTOR, Act, recorded
from collector.services.inspecting.inspector import Inspector
from collector.services.inspecting.plans import Kept, check_people
from collector.services.inspecting.plans import find as find_plan
from collector.services.inspecting.seen import still_open
from collector.services.refused import Refused
from collector.store import inspection_incidents, inspection_runs
from collector.store.engine import Store
from collector.store.failure import reading, writing
from collector.store.inspection_runs import New, Run
from collector.store.plans import INSPECTIONS

MINUTE_MS = 60_000


async def make(store: Store, inspector: Inspector, kept: Kept, when: tuple[int, int], now: int) -> Run | None:
    """Make the run of a plan for a time; `when`: that time (ms) and how many before it nobody ran.

    Return None when there is one already, or when the plan has changed while it was looked at: then nothing is
    written. The look itself holds nobody up.
    """
    async with reading(store) as connection:
        if await inspection_runs.is_made(connection, kept.id, when[0]):
            return None
        looked = await inspector.look(connection, kept.plan, now)
    async with writing(store) as tx:
        if not await INSPECTIONS.is_as(tx, kept):
            return None
        async with recorded(tx, COLLECTOR, now) as act:
            return await _write(act, inspector, kept, when, looked)


async def asked(connection: AsyncConnection, inspector: Inspector, number: str, now: int) -> tuple[Kept, Looked]:
    """Return a plan that is to be run at once, and what a look at it comes to; raise `NotFound`, `Refused`."""
    kept = await find_plan(connection, number)
    return kept, await looked_at(connection, inspector, kept.plan, now)


async def make_now(act: Act, inspector: Inspector, kept: Kept, looked: Looked) -> Run:
    """Make a run of a plan for this minute, beside its schedule; raise `Refused`."""
    run = await _write(act, inspector, kept, (act.at - act.at % MINUTE_MS, 0), looked)
    if run is None:
        raise Refused("this plan was run in this very minute already", "plan")
    return run


async def looked_at(connection: AsyncConnection, inspector: Inspector, plan: Plan, now: int) -> Looked:
    """Return what a look comes to; raise `Refused` for a scope that is none any more."""
    try:
        return await inspector.look(connection, plan, now)
    except BadPlan as error:
        raise Refused(str(error), error.field) from None


async def _write(act: Act, inspector: Inspector, kept: Kept, when: tuple[int, int], looked: Looked) -> Run | None:
    plan, at = kept.plan, when[0]
    allowed = plan.schedule.due_ms
    due_at = inspector.calendar.after(max(at, act.at), allowed) if allowed else 0
    new = New(kept.id, kept.version, plan.title, at, act.at, due_at, plan.assignee, plan.deputy, when[1])
    run = await inspection_runs.add(act.tx, new)
    if run is None:
        return None
    run = await _report(act, run, looked)
    incident = await inspection_incidents.open_for(act.tx, run, act.at)
    await inspection_runs.link(act.tx, run.id, incident)
    act.tell("inspection.make", f"inspection/{run.number}", after=_told(run) | {"incident": incident})
    return replace(run, incident=incident)


async def asked_again(connection: AsyncConnection, inspector: Inspector, number: str, now: int) -> Looked:
    """Return what another look at a run comes to; raise `NotFound`, `Refused` once it is signed."""
    _, plan = await still_open(connection, number)
    return await looked_at(connection, inspector, plan, now)


async def look_again(act: Act, number: str, looked: Looked) -> Run:
    """Put what is found now in the place of what was found; raise `NotFound`, `Refused` once it is signed."""
    run, _ = await still_open(act.tx, number, hold=True)
    again = await _report(act, run, looked)
    act.tell("inspection.look", f"inspection/{number}", _told(run), _told(again))
    return again


async def _report(act: Act, run: Run, looked: Looked) -> Run:
    """Write the report of a run, held against the run before it."""
    before = await inspection_runs.lines(act.tx, run.previous_id) if run.previous_id else []
    lines = difference.against(looked.lines, before)
    seen = line.coverage(lines, looked.things)
    await inspection_runs.write_report(act.tx, run.id, looked.things.values(), lines, seen, act.at)
    return replace(run, coverage=seen, looked_at=act.at)


async def assign(act: Act, number: str, assignee: str, deputy: str = "") -> None:
    """Give a run and its incident to somebody else; raise `NotFound`, `Refused`."""
    run, _ = await still_open(act.tx, number, hold=True)
    await check_people(act.tx, assignee, deputy)
    await inspection_runs.assign(act.tx, run.id, assignee, deputy)
    await inspection_incidents.give(act.tx, run.incident, assignee, (act.by, act.at))
    before = {"assignee": run.new.assignee, "deputy": run.new.deputy}
    act.tell("inspection.assign", f"inspection/{number}", before, {"assignee": assignee, "deputy": deputy})


def _told(run: Run) -> dict[str, object]:
    seen = run.coverage
    return {"expected": seen.expected, "covered": seen.covered, "problems": seen.states.get("PROBLEM", 0)}
