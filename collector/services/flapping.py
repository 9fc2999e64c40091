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
    """Return the paths of a finding that flapped for a source that shows it, about the time of its bracket or since."""
    paths = await interning.known_paths(connection, {Path(each.section, each.key) for each in finding.items})
    since = {(finding.ci_id, path): finding.hi - 2 * DAY_MS for path in paths}
    courses = await tracks.courses(connection, since, paths)
    lanes = (
        [_controlled(step, governance) for told, step in course.steps if told == source]
        for _, course in sorted(courses.items()) for source in finding.sources
    )  # fmt: skip
    found = (flapping(steps) for steps in lanes if steps)
    return tuple({each.path: each for each in found if each and each.until >= finding.lo}.values())


def _controlled(step: Step, governance: Governance) -> Step:
    old, new = (drift.controlled(step.path, each, governance) for each in (step.old, step.new))
    return Step(step.path, old, new, step.lo, step.hi, step.cause)
