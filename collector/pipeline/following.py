"""Courses followed: each value from where it was at rest, by what is known beside it; nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import drift
from collector.change import evidence
from collector.change.covering import Margins
from collector.change.evidence import Trace
from collector.change.sighting import Sighting
from collector.change.track import Followed, Track, follow
from collector.governance import Governance
from collector.model import Step
from collector.pipeline import evidencing
from collector.pipeline.evidencing import Evidence
from collector.pipeline.terms import Terms
from collector.store.courses import Course, Place


async def followed(
    connection: AsyncConnection, courses: Mapping[Place, Course], terms: Terms, now: int
) -> dict[Place, Followed]:
    """Return what those courses come to, by what is known at `now` (ms)."""
    return by_evidence(courses, await evidencing.of(connection, courses, terms, now), terms, now)


def by_evidence(courses: Mapping[Place, Course], beside: Evidence, terms: Terms, now: int) -> dict[Place, Followed]:
    """Return what those courses come to at `now` (ms), given what is known beside them."""
    margins = {code: terms.margins(code) for course in courses.values() for code in course.sources}
    return {place: _one(place, course, beside, (terms.governance, margins), now) for place, course in courses.items()}


def _one(
    place: Place, course: Course, beside: Evidence, policy: tuple[Governance, Mapping[str, Margins]], now: int
) -> Followed:
    (ci_id, path), governance = place, policy[0].of(course.ci_class)
    authorised = drift.controlled(path, course.base and course.base.value, governance)
    sightings = [
        _sighting(source, step, (seen, governance.needs(source, step)), beside.traces.get(ci_id, ()))
        for source, step, seen in _sights(course, governance)
    ]
    accepted, tolerances = tuple(beside.acceptances.get(place, ())), governance.policy(path.section).of_path(path.key)
    track = Track(ci_id, path, authorised, tuple(sightings), accepted, tolerances)
    return follow(track, beside.changes.get(ci_id, ()), now, policy[1])


def _sights(course: Course, governance: Governance) -> Iterator[tuple[str, Step, int]]:
    """Yield the steps of what is controlled, by source, with how often their new value was seen: once, or oftener.

    What is said next of the section, though nothing controlled moved with it, shows the value once more.
    """
    after: dict[str, int] = {}
    for source, step in reversed(course.steps):
        held, again = drift.of(step, governance), after.get(source, course.heard.get(source, 0)) > step.hi
        if held.old != held.new:
            yield source, held, 2 if again else 1
        after[source] = step.lo if held.old != held.new else step.hi


def _sighting(source: str, step: Step, looks: tuple[int, int], traces: Sequence[Trace]) -> Sighting:
    """Return a step as the traces on its CI narrow it; `looks`: how often it was seen, and must be.

    A trace that tells of it is as good as a second look.
    """
    narrowed = evidence.narrowed(step, (), [each for each in traces if each.speaks_of(step.path) > 1])
    seen, needs = looks
    is_told = narrowed.actor or narrowed.step != step
    return Sighting(
        source, narrowed.step, max(seen, needs) if is_told else seen, narrowed.actor, narrowed.claimed, needs
    )  # fmt: skip
