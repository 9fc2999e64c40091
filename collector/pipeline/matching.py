"""Change control with its store: what moved on a CI, held against the changes of that CI.

Every time anything of it moves (a value, a change, a clock that ends), the value's course is followed anew from where
it was last at rest; what that says is written: items of findings, and the authorised lane. So no verdict depends on
what came first, and the past is judged by the same call as the present.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import drift
from collector.change import approval, evidence, filing, package_log
from collector.change.authorised import in_time
from collector.change.covering import Margins
from collector.change.evidence import Trace
from collector.change.filing import Filed, Filing
from collector.change.item import Item
from collector.change.record import Change, ChangeType, Line, Window
from collector.change.sighting import Sighting
from collector.change.telling import SILENT, Telling
from collector.change.track import Acceptance, Followed, Judged, Track, follow
from collector.governance import Governance
from collector.model import Event, Path, Step
from collector.store import acceptances, changes, events, filings, findings, known, standing, tracks
from collector.store.changes import Kept
from collector.store.findings import Waiting
from collector.store.lanes import Ids
from collector.store.tracks import Course, Moving, Place

CLOCK_SLACK_MS = 60_000
"""How far the clock of whoever tells of a change may be off."""
USUAL = Margins()

Drifted = Mapping[int, Mapping[Path, int]]
"""CI → paths that moved there, with when they were last seen as before (ms)."""


@dataclass(frozen=True, slots=True)
class Terms:
    """By what things are judged: what is controlled and how often it must be seen, and the margins of a source.

    `telling`: which traces speak of what.
    """

    governance: Governance
    margins: Callable[[str], Margins] = lambda _: USUAL
    telling: Telling = SILENT


async def match(tx: AsyncConnection, drifted: Drifted, terms: Terms, now: int, ids: Ids | None = None) -> set[int]:
    """Hold what drifted against changes; return the CIs whose findings moved. `ids`: what is known of them already."""
    if not drifted:
        return set()
    since, ids = {(ci_id, path): lo for ci_id, its in drifted.items() for path, lo in its.items()}, ids or Ids()
    await ids.learn(tx, paths=(path for _, path in since))
    waiting = await findings.concerning(tx, since, ids.paths)
    for place in since.keys() & waiting.items.keys():
        since[place] = min(since[place], _rest(waiting.items[place]))
    seen = await _seen(tx, since, ids, terms, now)
    if earlier := await _begun(tx, since, seen):
        seen = await _seen(tx, since | earlier, ids, terms, now)
    return await _follow(tx, seen, waiting, terms, now)


async def again(tx: AsyncConnection, ci_ids: Collection[int], terms: Terms, now: int) -> set[int]:
    """Hold what is open on these CIs against changes again, and what rests on a change that may still be another one.

    Return the CIs whose findings moved.
    """
    waiting, resting = await findings.waiting(tx, ci_ids), await findings.resting(tx, ci_ids)
    since = {
        place: _rest([*waiting.items.get(place, ()), *resting.get(place, ())])
        for place in waiting.items.keys() | resting.keys()
    }
    if not since:
        return set()
    ids = Ids()
    await ids.learn(tx, paths=(path for _, path in since))
    return await _follow(tx, await _seen(tx, since, ids, terms, now), waiting, terms, now)


async def due(tx: AsyncConnection, terms: Terms, now: int, limit: int) -> set[int]:
    """Judge again where a clock or a waiver has ended by `now` (ms), or a second look has come; return those CIs."""
    ci_ids = await findings.due(tx, now, limit)
    await again(tx, ci_ids, terms, now)
    await findings.end_waivers(tx, now)
    return ci_ids


def _rest(items: Iterable[Filed]) -> int:
    """Return when the value was last known to be at rest: before the first item that is open."""
    return min(min(each.judged.item.lo, each.judged.item.hi - 1) for each in items)


async def _begun(tx: AsyncConnection, since: Mapping[Place, int], seen: _Seen) -> dict[Place, int]:
    """Return where what moved may belong to work that was judged there before, with when the value was at rest then.

    Work is told in parts when its observations come in parts, for instance after an outage: its net effect counts.
    """
    plans = {change.number: change.plan for its in seen.known.changes.values() for change in its if change.plan}
    if not plans:
        return {}
    first = min(plan.window.start for plan in plans.values()) - USUAL.span_ms
    earlier: dict[Place, int] = {}
    for ci_id, filed in (await findings.on_paths(tx, dict.fromkeys(since, first), seen.ids.paths)).items():
        for each in filed:
            place, rest = (ci_id, each.judged.item.path), _rest([each])
            if each.judged.judgement.change in plans and rest < since[place]:
                earlier[place] = min(rest, earlier.get(place, rest))
    return earlier


async def _follow(tx: AsyncConnection, seen: _Seen, waiting: Waiting, terms: Terms, now: int) -> set[int]:
    courses, since = seen.courses, {place: course.since for place, course in seen.courses.items()}
    course_of = _followed(courses, seen.known, terms, now)
    stood = waiting.stood if since == waiting.since else await findings.on_paths(tx, since, seen.ids.paths)
    filed = {
        ci_id: filing.file(judged, _reached(stood.get(ci_id, []), courses), list(waiting.homes.get(ci_id, {}).values()))
        for ci_id, judged in _by_ci(course_of).items()
    }
    moving = [_moving(place, courses[place], each, terms.governance) for place, each in course_of.items()]
    sources = {code: key for course in courses.values() for code, key in course.sources.items()}
    told = {ci_id: each for ci_id, each in filed.items() if not each.is_empty}
    return await _write(tx, told, moving, (seen.ids, sources), now)


def _reached(stood: Iterable[Filed], courses: Mapping[Place, Course]) -> list[Filed]:
    """Return what stands without what is final and of a step the course does not have: from before an arrival."""
    return [each for each in stood if not filing.is_final(each.judged.judgement) or _is_step(each.judged.item, courses)]


def _is_step(item: Item, courses: Mapping[Place, Course]) -> bool:
    return any((item.source, item.hi) == (code, step.hi) for code, step in courses[item.ci_id, item.path].steps)


async def followed(
    connection: AsyncConnection, courses: Mapping[Place, Course], terms: Terms, now: int
) -> dict[Place, Followed]:
    """Return what those courses come to, by what is known at `now` (ms); nothing is written."""
    return _followed(courses, await _known(connection, courses, terms, now), terms, now)


def _followed(courses: Mapping[Place, Course], known: _Known, terms: Terms, now: int) -> dict[Place, Followed]:
    margins = {code: terms.margins(code) for course in courses.values() for code in course.sources}
    return {place: _one(place, course, known, (terms.governance, margins), now) for place, course in courses.items()}


async def _write(
    tx: AsyncConnection, told: Mapping[int, Filing], moving: Iterable[Moving],
    known: tuple[Ids, Mapping[str, int]], now: int,
) -> set[int]:  # fmt: skip
    """Write what moved; `known`: ids of paths and values, and of sources."""
    ids, lanes = known
    moves = [each for each in moving if not each.is_as_it_was]
    authorised = (move[0] for each in moves for move in each.moves)
    await ids.learn(tx, values=chain(filings.values_of(told.values()), authorised))
    moved = await filings.apply(tx, told, lanes, ids, now)
    await tracks.authorise(tx, moves, now, ids)
    return set(moved.values())


def _by_ci(followed: Mapping[Place, Followed]) -> dict[int, list[Judged]]:
    found: dict[int, list[Judged]] = {}
    for (ci_id, _), each in followed.items():
        found.setdefault(ci_id, []).extend(each.items)
    return found


def _moving(place: Place, course: Course, followed: Followed, governance: Governance) -> Moving:
    began_at = drift.controlled(place[1], course.base and course.base.value, governance.of(course.ci_class))
    moves = in_time(began_at, followed.moves)
    return Moving(
        place, course, tuple((each.value, each.valid_from, str(each.basis), each.reference) for each in moves)
    )  # fmt: skip


# --- what is known of what moved


@dataclass(frozen=True, slots=True)
class _Known:
    """By CI: its changes, the traces of who did what, the acceptances of its items."""

    changes: Mapping[int, Sequence[Change]]
    traces: Mapping[int, Sequence[Trace]]
    acceptances: Mapping[Place, Sequence[Acceptance]]


@dataclass(frozen=True, slots=True)
class _Seen:
    """The courses of some values since some moment, what is known beside them, and the ids of their paths."""

    courses: Mapping[Place, Course]
    known: _Known
    ids: Ids


async def _seen(tx: AsyncConnection, since: Mapping[Place, int], ids: Ids, terms: Terms, now: int) -> _Seen:
    courses = await tracks.courses(tx, since, ids.paths)
    return _Seen(courses, await _known(tx, courses, terms, now), ids)


async def _known(tx: AsyncConnection, courses: Mapping[Place, Course], terms: Terms, now: int) -> _Known:
    times = [at for course in courses.values() for _, step in course.steps for at in (step.lo, step.hi)]
    if not times:
        return _Known({}, {}, {})
    ci_ids = {ci_id for ci_id, _ in courses}
    reach = max(terms.margins(code).span_ms for course in courses.values() for code in course.sources)
    found = await changes.concerning(tx, ci_ids, Window(min(times) - reach, max(times) + reach))
    by_ci: dict[int, list[Change]] = {}
    for change in (kept.change for kept in found):
        for ci_id in {line.ci_id for line in change.lines} & ci_ids:
            by_ci.setdefault(ci_id, []).append(change)
    traces = await _traces(tx, courses, (min(times), max(times)), terms.telling)
    accepted = await acceptances.on(tx, ci_ids)
    for place, each in await _made_afterwards(tx, found, ci_ids, now):
        accepted.setdefault(place, []).append(each)
    return _Known(by_ci, traces, accepted)


async def _traces(
    tx: AsyncConnection, courses: Iterable[Place], span: tuple[int, int], telling: Telling
) -> dict[int, list[Trace]]:
    """Return CI → what was told of who did something to what moved there, within `span` (ms)."""
    moved = {(ci_id, path.section) for ci_id, path in courses if path.section in telling.sections}
    kinds = telling.kinds(frozenset(section for _, section in moved))
    told = await events.of_cis(tx, {ci_id for ci_id, _ in moved}, *span, kinds) if kinds else {}
    found = await _logged(tx, courses)
    for ci_id, its in told.items():
        found.setdefault(ci_id, []).extend(
            _trace(ci_id, each, section)
            for each in its
            for section in telling.events[each.kind]
            if (ci_id, section) in moved
        )
    return found


async def _logged(tx: AsyncConnection, courses: Iterable[Place]) -> dict[int, list[Trace]]:
    """Return CI → the traces package managers left on the packages that moved there."""
    moved: dict[int, list[Path]] = {}
    for ci_id, path in courses:
        if path.section == package_log.SPEAKS_OF:
            moved.setdefault(ci_id, []).append(path)
    if not moved:
        return {}
    _, bodies = await known.read(tx, dict.fromkeys(moved, (package_log.SECTION,)))
    return {
        ci_id: package_log.traces(ci_id, json.loads(body), moved[ci_id], CLOCK_SLACK_MS)
        for (ci_id, _), body in bodies.items()
    }


async def _made_afterwards(
    tx: AsyncConnection, known: Iterable[Kept], ci_ids: Collection[int], now: int
) -> list[tuple[Place, Acceptance]]:
    """Return what changes accept that were made from findings and approved since; emergencies have rules of their own.

    Somebody must have said so: a template approves work that is to come, not what somebody did already.

    An acceptance is of the items such a change names, with the values it says they have: of the finding it was made
    from, and of those that stood when it was written. So one change answers a campaign.
    """
    found = []
    for kept in known:
        change, finding_id = kept.change, kept.origin.finding_id
        at = approval.granted_at(change, now)
        if finding_id is None or at is None or change.type is ChangeType.EMERGENCY:
            continue
        stood = await standing.at(tx, {line.ci_id for line in change.lines}.intersection(ci_ids), change.recorded_at)
        for filed in chain.from_iterable((await findings.of_findings(tx, {finding_id, *stood})).values()):
            item = filed.judged.item
            if any(_names(line, item) for line in change.lines if line.ci_id == item.ci_id):
                place = item.ci_id, item.path
                found.append((place, Acceptance(item.source, item.field, item.new, item.hi, at, change.number)))
    return found


def _names(line: Line, item: Item) -> bool:
    """Return whether a line names an item and its value: the whole of a section or element, or that field of it."""
    is_it = line.path in (item.path, Path(item.path.section, "")) and line.field in ("", item.field)
    return is_it and line.expected.met_by(item.new) is not False


def _trace(ci_id: int, told: Event, section: str) -> Trace:
    return Trace(ci_id, told.at, told.kind, told.actor, Path(section, ""), CLOCK_SLACK_MS, told.authentic)


def _one(
    place: Place, course: Course, known: _Known, policy: tuple[Governance, Mapping[str, Margins]], now: int
) -> Followed:
    (ci_id, path), governance = place, policy[0].of(course.ci_class)
    authorised = drift.controlled(path, course.base and course.base.value, governance)
    sightings = [
        _sighting(source, step, (seen, governance.needs(source, step)), known.traces.get(ci_id, ()))
        for source, step, seen in _sights(course, governance)
    ]
    accepted, tolerances = tuple(known.acceptances.get(place, ())), governance.policy(path.section).of_path(path.key)
    track = Track(ci_id, path, authorised, tuple(sightings), accepted, tolerances)
    return follow(track, known.changes.get(ci_id, ()), now, policy[1])


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
