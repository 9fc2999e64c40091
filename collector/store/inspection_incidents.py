"""The incident of a run, and those that are open for what its checks found."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.desk.clocks import FULL
from collector.desk.table import RESOLUTION
from collector.incident.family import DONE
from collector.incident.planning import RESOLVED, Plan
from collector.inspecting.line import State
from collector.model import Cause
from collector.store import desk, incidents, interning, telling
from collector.store.desk import Mark
from collector.store.inspection_runs import Run
from collector.store.schema import incident, incident_cause
from collector.wording import time_text

KIND: Final = "maintenance"
COLLECTOR: Final = "collector"
"""Who does what the clock does."""


async def open_causes(connection: AsyncConnection, ci_ids: Collection[int]) -> dict[str, str]:
    """Return key of a cause → number of the incident that is open for it, of those CIs."""
    found = {}
    joined = incident_cause.join(incident, incident.c.id == incident_cause.c.incident_id)
    wanted = select(incident_cause.c.cause_key, incident.c.number).select_from(joined)
    for part in interning.chunks(sorted(ci_ids)):
        where = (incident_cause.c.ended_at.is_(None), incident_cause.c.ci_id.in_(part))
        found.update({row.cause_key: row.number for row in await connection.execute(wanted.where(*where))})
    return found


async def open_for(tx: AsyncConnection, run: Run, now: int) -> str:
    """Open the incident of a run, with whom the plan names, and return its number."""
    return await incidents.open_maintenance(tx, _cause(run), run.new.assignee, now)


async def retell(tx: AsyncConnection, run: Run, items: int, now: int) -> None:
    """Let the incident of a run say how much is wrong of it, with as many items people filled in."""
    found = await incidents.find(tx, run.incident)
    if found is not None and found.resolved_at is None:
        cause = _cause(run, items)
        told = replace(found, title=cause.title, detail={**found.detail, **cause.detail}, severity=cause.severity)
        if told != found:
            await incidents.apply(tx, Plan(update=(told,)), now)


async def resolve(tx: AsyncConnection, number: str, now: int) -> None:
    """Resolve the incident of what is signed, if it is open still."""
    found = await incidents.find(tx, number)
    if found is not None and found.resolved_at is None:
        resolved = replace(found, state=RESOLVED, resolved_at=now, resolution_code=DONE)
        await incidents.apply(tx, Plan(resolve=(resolved,)), now)


async def escalate(tx: AsyncConnection, run: Run, now: int) -> bool:
    """Tell the incident manager, once, that a run was not done in its time; return whether that is new.

    The desk promises a time by the priority; a plan has a shorter one of its own.
    """
    return await passed(tx, run.incident, FULL, run.new.due_at, now)


async def warn(tx: AsyncConnection, run: Run, percent: int, now: int) -> bool:
    """Tell, once, that so much of the time of a run has gone; return whether that is new."""
    return await passed(tx, run.incident, percent, run.new.warn_at, now)


async def passed(tx: AsyncConnection, number: str, percent: int, at: int, now: int) -> bool:
    """Tell, once, that so much of a maintenance incident's time was gone at `at` (ms); return whether that is new."""
    found = await incidents.find(tx, number)
    if found is None or found.resolved_at is not None or not await desk.ring(tx, found.id, RESOLUTION, percent, at):
        return False
    act, event = ("escalate", "escalated") if percent == FULL else ("warn", "updated")
    detail = {"clock": RESOLUTION, "percent": percent, "at": at}
    await desk.note(tx, [(found.id, Mark(now, COLLECTOR, act, detail=detail))])
    await telling.tell(tx, [(found, event, f"{RESOLUTION} {percent} %")], now)
    return True


def _cause(run: Run, items: int = 0) -> Cause:
    """Return what the incident of a run tells; `items`: those people filled in and found wrong."""
    seen, title = run.coverage, run.new.title
    problems = seen.states.get(str(State.PROBLEM), 0) + items
    return Cause(
        key=f"{KIND}|{run.number}",
        ci_id=None,
        kind=KIND,
        severity="warning" if problems else "notice",
        title={
            "zh": f"{title['zh']}" + (f"：{problems} 项异常" if problems else ""),
            "en": f"{title['en']}" + (f": {problems} problems" if problems else ""),
        },
        detail={
            "inspection": run.number, "scheduled_for": time_text(run.new.scheduled_for),
            "due_at": time_text(run.new.due_at), "problems": problems, "expected": seen.expected,
            "covered": seen.covered,
        },
        since=run.new.scheduled_for,
        category=KIND,
        line=2,
    )  # fmt: skip
