"""Flapping of what a finding shows: which of its values went to and fro, and what could be done about it."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import drift
from collector.change.covering import DAY_MS
from collector.change.flapping import Flapping, flapping
from collector.governance import Governance
from collector.model import Path
from collector.store import courses, interning
from collector.store.browse.findings import FindingRow
from collector.store.courses import Course


async def of_finding(connection: AsyncConnection, finding: FindingRow, governance: Governance) -> tuple[Flapping, ...]:
    """Return the paths of a finding that flapped for a source that shows it, about the time of its bracket or since."""
    paths = await interning.known_paths(connection, {Path(each.section, each.key) for each in finding.items})
    since = {(finding.ci_id, path): finding.hi - 2 * DAY_MS for path in paths}
    told = await courses.read(connection, since, paths)
    found = (
        _of_lane(course, source, governance.of(course.ci_class))
        for _, course in sorted(told.items()) for source in finding.sources
    )  # fmt: skip
    return tuple({each.path: each for each in found if each and each.until >= finding.lo}.values())


def _of_lane(course: Course, source: str, governance: Governance) -> Flapping | None:
    steps = [drift.of(step, governance) for told, step in course.steps if told == source]
    needs = max((governance.needs(source, step) for step in steps), default=1)
    return flapping(steps, needs) if steps else None
