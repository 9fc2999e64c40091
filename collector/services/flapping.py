"""Flapping of what a finding shows: which of its values went to and fro, and what could be done about it."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import drift
from collector.change.covering import DAY_MS
from collector.change.flapping import Flapping, flapping
from collector.governance import Governance
from collector.model import Path, Step
from collector.store import interning, tracks
from collector.store.browse.findings import FindingRow


async def of_finding(connection: AsyncConnection, finding: FindingRow, governance: Governance) -> tuple[Flapping, ...]:
    """Return the paths of a finding that flapped in its lane, about the time of its bracket or since."""
    paths = await interning.known_paths(connection, {Path(each.section, each.key) for each in finding.items})
    since = {(finding.ci_id, path): finding.hi - 2 * DAY_MS for path in paths}
    courses = await tracks.courses(connection, since, paths)
    lanes = (
        [_controlled(step, governance) for source, step in course.steps if source == finding.source]
        for _, course in sorted(courses.items())
    )
    return tuple(found for steps in lanes if steps and (found := flapping(steps)) and found.until >= finding.lo)


def _controlled(step: Step, governance: Governance) -> Step:
    old, new = (drift.controlled(step.path, each, governance) for each in (step.old, step.new))
    return Step(step.path, old, new, step.lo, step.hi, step.cause)
