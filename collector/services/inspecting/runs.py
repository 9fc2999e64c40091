"""A run of a plan: made once for a time and part of its scope, with its report and incident in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

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


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a scope a run is of, counted from 0, of how many. `ci_ids` None: of all of it."""

    at: int = 0
    of: int = 1
    ci_ids: Collection[int] | None = None

    def title(self, title: Mapping[str, str]) -> Mapping[str, str]:
        """Return what its run is called."""
        if self.of == 1:
            return title
        at = self.at + 1
        return {"zh": f"{title['zh']}（第 {at}/{self.of} 部分）", "en": f"{title['en']} (part {at} of {self.of})"}


WHOLE = Part()


async def make(store: Store, inspector: Inspector, kept: Kept, when: tuple[int, int], now: int) -> list[Run]:
    """Make the runs of a plan for a time; `when`: that time (ms) and how many before it nobody ran.

    A scope that is too large for one report has several, one after the other, so only one is in memory. Return those
    that were made: none that there were, and none when the plan has changed while it was looked at. The look itself
    holds nobody up.
    """
    made = [await _make(store, inspector, kept, when, part, now) for part in await _parts(store, inspector, kept)]
    return [run for run in made if run is not None]


async def _parts(store: Store, inspector: Inspector, kept: Kept) -> list[Part]:
    async with reading(store) as connection:
        divided = await inspector.divide(connection, kept.plan)
    if len(divided) == 1:
        return [WHOLE]
    return [Part(at, len(divided), ci_ids) for at, ci_ids in enumerate(divided)]


async def _make(
    store: Store, inspector: Inspector, kept: Kept, when: tuple[int, int], part: Part, now: int
) -> Run | None:
    async with reading(store) as connection:
        if await inspection_runs.is_made(connection, kept.id, when[0], part.at):
            return None
        looked = await inspector.look(connection, kept.plan, now, part.ci_ids)
    async with writing(store) as tx:
        if not await INSPECTIONS.is_as(tx, kept):
            return None
        async with recorded(tx, COLLECTOR, now) as act:
            return await _write(act, inspector, kept, (*when, part), looked)


async def asked(connection: AsyncConnection, inspector: Inspector, number: str, now: int) -> tuple[Kept, Looked]:
    """Return a plan that is to be run at once, and what a look at it comes to; raise `NotFound`, `Refused`.

    One of several reports is for the clock alone, which makes them one after the other.
    """
    kept = await find_plan(connection, number)
    try:
        reports = len(await inspector.divide(connection, kept.plan))
    except BadPlan as error:
        raise Refused(str(error), error.field) from None
    if reports > 1:
        raise Refused(f"its scope takes {reports} reports: they are made when it is due", "scope")
    return kept, await looked_at(connection, inspector, kept.plan, now)


async def make_now(act: Act, inspector: Inspector, kept: Kept, looked: Looked) -> Run:
    """Make a run of a plan for this minute, beside its schedule; raise `Refused`."""
    run = await _write(act, inspector, kept, (act.at - act.at % MINUTE_MS, 0, WHOLE), looked)
    if run is None:
        raise Refused("this plan was run in this very minute already", "plan")
    return run


async def looked_at(
    connection: AsyncConnection, inspector: Inspector, plan: Plan, now: int, only: Collection[int] | None = None
) -> Looked:
    """Return what a look comes to; raise `Refused` for a scope that is none any more."""
    try:
        return await inspector.look(connection, plan, now, only)
    except BadPlan as error:
        raise Refused(str(error), error.field) from None


async def _write(act: Act, inspector: Inspector, kept: Kept, when: tuple[int, int, Part], looked: Looked) -> Run | None:
    plan, (at, missed, part) = kept.plan, when
    allowed = plan.schedule.due_ms
    due_at = inspector.calendar.after(max(at, act.at), allowed) if allowed else 0
    new = New(
        kept.id, kept.version, part.title(plan.title), at, act.at, due_at, plan.assignee, plan.deputy, missed, part.at
    )
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
    run, plan = await still_open(connection, number)
    kept = await inspection_runs.parted(connection, run)
    return await looked_at(connection, inspector, plan, now, kept)


async def look_again(act: Act, number: str, looked: Looked) -> Run:
    """Put what is found now in the place of what was found; raise `NotFound`, `Refused` once it is signed."""
    run, _ = await still_open(act.tx, number, hold=True)
    again = await _report(act, run, looked)
    act.tell("inspection.look", f"inspection/{number}", _told(run), _told(again))
    return again


async def _report(act: Act, run: Run, looked: Looked) -> Run:
    """Write the report of a run, held against the run before it."""
    before = await inspection_runs.lines_before(act.tx, run, looked.things, difference.PROBLEMS)
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
