"""What waits for one person: incidents that are theirs, what they are to put back, tasks they have in changes."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.reverting import Revert
from collector.store.browse import changes, findings, incidents
from collector.store.browse.changes import TaskRow
from collector.store.browse.findings import FindingQuery, FindingRow
from collector.store.browse.incident_query import IncidentQuery
from collector.store.browse.incidents import IncidentRow
from collector.store.browse.page import Window

MOST = 20
"""Of each kind that is shown; of the newest incidents that many."""


@dataclass(frozen=True, slots=True)
class Mine:
    """`incidents` are those that are not the ones something is put back under: that is one thing to do."""

    reverts: tuple[tuple[Revert, FindingRow], ...]
    tasks: tuple[TaskRow, ...]
    incidents: tuple[IncidentRow, ...]

    @property
    def count(self) -> int:
        return len(self.reverts) + len(self.tasks) + len(self.incidents)


async def of(connection: AsyncConnection, who: str) -> Mine:
    """Return what waits for somebody, what is due first before all else."""
    asked = await findings.list_findings(connection, FindingQuery(assignee=who), Window(MOST))
    reverts = sorted(((each.revert, each) for each in asked.items if each.revert), key=lambda each: each[0].due_at)
    theirs = await incidents.list_incidents(connection, IncidentQuery(("open",), assignee=who), Window(MOST))
    under = {revert.incident for revert, _ in reverts}
    return Mine(
        tuple(reverts),
        await changes.tasks_of(connection, who, MOST),
        tuple(each for each in theirs.items if each.number not in under),
    )
