"""The incident of a run, and those that are open for what its checks found."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.incident.planning import ASSIGNED, RESOLVED, Plan
from collector.inspecting.line import State
from collector.model import Cause
from collector.store import incidents, interning
from collector.store.inspection_runs import Run
from collector.store.schema import incident, incident_cause

KIND: Final = "maintenance"
DONE: Final = "done"
"""The code an incident is resolved with when its report is signed."""


async def open_causes(connection: AsyncConnection, ci_ids: Collection[int]) -> dict[str, str]:
    """Return key of a cause → number of the incident that is open for it, of those CIs."""
    found = {}
    joined = incident_cause.join(incident, incident.c.id == incident_cause.c.incident_id)
    wanted = select(incident_cause.c.cause_key, incident.c.number).select_from(joined)
    for part in interning.chunks(sorted(ci_ids)):
        where = (incident_cause.c.ended_at.is_(None), incident_cause.c.ci_id.in_(part))
        found.update({row.cause_key: row.number for row in await connection.execute(wanted.where(*where))})
    return found


async def open_for(tx: AsyncConnection, run: Run, now: int, destinations: Sequence[str]) -> str:
    """Open the incident of a run, with whom the plan names, and return its number."""
    (number,) = await incidents.apply(tx, Plan(open=(_cause(run),)), now, destinations)
    values = {"source": KIND, "assignee": run.new.assignee, "state": ASSIGNED, "resolution_due_at": run.new.due_at}
    await tx.execute(update(incident).where(incident.c.number == number).values(values))
    return number


async def resolve_for(tx: AsyncConnection, run: Run, now: int, destinations: Sequence[str]) -> None:
    """Resolve the incident of a run whose report is signed, if it is open still."""
    ids = await tx.execute(select(incident.c.cause_key).where(incident.c.number == run.incident))
    key = ids.scalar()
    found = [each for each in await incidents.open_of_kind(tx, KIND) if each.cause_key == key]
    resolved = tuple(replace(each, state=RESOLVED, resolved_at=now, resolution_code=DONE) for each in found)
    await incidents.apply(tx, Plan(resolve=resolved), now, destinations)


def _cause(run: Run) -> Cause:
    seen = run.coverage
    problems = seen.states.get(str(State.PROBLEM), 0)
    day = datetime.fromtimestamp(run.new.scheduled_for / 1000, UTC).strftime("%Y-%m-%d %H:%M")
    title = run.new.title
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
            "inspection": run.number, "scheduled_for": day, "problems": problems, "expected": seen.expected,
            "covered": seen.covered,
        },
        since=run.new.scheduled_for,
        category=KIND,
        line=2,
    )  # fmt: skip
