"""The incident of a run, and those that are open for what its checks found."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.incident.family import DONE
from collector.incident.planning import ASSIGNED, RESOLVED, Plan
from collector.inspecting.line import State
from collector.model import Cause
from collector.store import desk, incidents, interning, telling
from collector.store.desk import Mark
from collector.store.inspection_runs import Run
from collector.store.schema import incident, incident_cause
from collector.wording import time_text

KIND: Final = "maintenance"


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
    return await incidents.open_maintenance(tx, _cause(run), run.new.assignee, run.new.due_at, now)


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


async def give(tx: AsyncConnection, number: str, assignee: str, by: tuple[str, int]) -> None:
    """Give the incident of what is planned to whom that is given; `by`: who does it, and when (ms)."""
    found, (who, at) = await incidents.find(tx, number), by
    if found is None or found.resolved_at is not None or found.assignee == assignee:
        return
    moved = replace(found, assignee=assignee, state=ASSIGNED)
    await desk.save(tx, found, {"assignee": assignee, "state": ASSIGNED, "pending_reason": "", "wake_at": at})
    await desk.turn(tx, [moved], at)
    await desk.note(tx, [(found.id, Mark(at, who, "assign", detail={"to": assignee}))])
    await telling.tell(tx, [(moved, "updated")], at)


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
