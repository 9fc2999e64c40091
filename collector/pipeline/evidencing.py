"""What is known beside what moved, from the store: changes of its CI, traces of who did what, what was accepted."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change import approval, package_log
from collector.change.evidence import Trace
from collector.change.item import Item
from collector.change.record import Change, ChangeType, Line, Window
from collector.change.telling import Telling
from collector.change.track import Acceptance
from collector.model import Event, Path
from collector.pipeline.terms import Terms
from collector.store import changes, events, findings, standing
from collector.store.changes import Kept
from collector.store.courses import Course, Place

CLOCK_SLACK_MS = 60_000
"""How far the clock of whoever tells of a change may be off."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """By CI its changes and the traces of who did what; by place the acceptances of its items."""

    changes: Mapping[int, Sequence[Change]] = field(default_factory=dict)
    traces: Mapping[int, Sequence[Trace]] = field(default_factory=dict)
    acceptances: Mapping[Place, Sequence[Acceptance]] = field(default_factory=dict)


async def of(connection: AsyncConnection, courses: Mapping[Place, Course], terms: Terms, now: int) -> Evidence:
    """Return what is known at `now` (ms) beside those courses."""
    times = [at for course in courses.values() for _, step in course.steps for at in (step.lo, step.hi)]
    if not times:
        return Evidence()
    ci_ids = {ci_id for ci_id, _ in courses}
    reach = max(terms.margins(code).span_ms for course in courses.values() for code in course.sources)
    found = await changes.concerning(connection, ci_ids, Window(min(times) - reach, max(times) + reach))
    by_ci: dict[int, list[Change]] = {}
    for change in (kept.change for kept in found):
        for ci_id in {line.ci_id for line in change.lines} & ci_ids:
            by_ci.setdefault(ci_id, []).append(change)
    traces = await _traces(connection, courses, (min(times), max(times)), terms.telling)
    accepted = {place: list(course.accepted) for place, course in courses.items()}
    for place, each in await _made_afterwards(connection, found, ci_ids, now):
        accepted.setdefault(place, []).append(each)
    return Evidence(by_ci, traces, accepted)


async def _traces(
    connection: AsyncConnection, courses: Mapping[Place, Course], span: tuple[int, int], telling: Telling
) -> dict[int, list[Trace]]:
    """Return CI → what was told of who did something to what moved there, within `span` (ms)."""
    moved = {(ci_id, path.section) for ci_id, path in courses if path.section in telling.sections}
    kinds = telling.kinds(frozenset(section for _, section in moved))
    told = await events.of_cis(connection, {ci_id for ci_id, _ in moved}, *span, kinds) if kinds else {}
    found = _logged(courses)
    for ci_id, its in told.items():
        found.setdefault(ci_id, []).extend(
            _trace(ci_id, each, section)
            for each in its
            for section in telling.events[each.kind]
            if (ci_id, section) in moved
        )
    return found


def _logged(courses: Mapping[Place, Course]) -> dict[int, list[Trace]]:
    """Return CI → the traces package managers left on the packages that moved there."""
    moved: dict[int, list[Path]] = {}
    bodies: dict[int, bytes] = {}
    for (ci_id, path), course in courses.items():
        if course.logged is not None:
            moved.setdefault(ci_id, []).append(path)
            bodies[ci_id] = course.logged
    return {
        ci_id: package_log.traces(ci_id, json.loads(body), moved[ci_id], CLOCK_SLACK_MS)
        for ci_id, body in bodies.items()
    }


def _trace(ci_id: int, told: Event, section: str) -> Trace:
    return Trace(ci_id, told.at, told.kind, told.actor, Path(section, ""), CLOCK_SLACK_MS, told.authentic)


async def _made_afterwards(
    connection: AsyncConnection, found: Iterable[Kept], ci_ids: Collection[int], now: int
) -> list[tuple[Place, Acceptance]]:
    """Return what changes accept that were made from findings and approved since; emergencies have rules of their own.

    Somebody must have said so: a template approves work that is to come, not what somebody did already.

    An acceptance is of the items such a change names, with the values it says they have: of the finding it was made
    from, and of those that stood when it was written. So one change answers a campaign.
    """
    accepted = []
    for kept in found:
        change, finding_id = kept.change, kept.origin.finding_id
        at = approval.granted_at(change, now)
        if finding_id is None or at is None or change.type is ChangeType.EMERGENCY:
            continue
        its = {line.ci_id for line in change.lines}.intersection(ci_ids)
        stood = await standing.at(connection, its, change.recorded_at)
        for filed in chain.from_iterable((await findings.of_findings(connection, {finding_id, *stood})).values()):
            item = filed.judged.item
            if any(_names(line, item) for line in change.lines if line.ci_id == item.ci_id):
                place = item.ci_id, item.path
                accepted.append((place, Acceptance(item.source, item.field, item.new, item.hi, at, change.number)))
    return accepted


def _names(line: Line, item: Item) -> bool:
    """Return whether a line names an item and its value: the whole of a section or element, or that field of it."""
    is_it = line.path in (item.path, Path(item.path.section, "")) and line.field in ("", item.field)
    return is_it and line.expected.met_by(item.new) is not False
