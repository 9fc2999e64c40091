"""Change control with its store: what moved on a CI, held against the changes of that CI.

Every time anything of it moves (a value, a change, a clock that ends), the value's course is followed anew from where
it was last at rest; what that says is written: items of findings, and the authorised lane. So no verdict depends on
what came first, and the past is judged by the same call as the present.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import drift
from collector.change import filing
from collector.change.authorised import in_time
from collector.change.filing import Filed, Filing
from collector.change.item import Item
from collector.change.track import Followed, Judged
from collector.governance import Governance
from collector.model import Path
from collector.pipeline import evidencing, following
from collector.pipeline.evidencing import Evidence
from collector.pipeline.terms import USUAL, Terms
from collector.store import courses, filings, findings, tracks
from collector.store.courses import Course, Place
from collector.store.findings import Waiting
from collector.store.lanes import Ids
from collector.store.tracks import Moving

Drifted = Mapping[int, Mapping[Path, int]]
"""CI → paths that moved there, with when they were last seen as before (ms)."""


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
    plans = {change.number: change.plan for its in seen.beside.changes.values() for change in its if change.plan}
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
    since = {place: course.since for place, course in seen.courses.items()}
    followed = following.by_evidence(seen.courses, seen.beside, terms, now)
    stood = waiting.stood if since == waiting.since else await findings.on_paths(tx, since, seen.ids.paths)
    filed = {
        ci_id: filing.file(judged, _reached(stood.get(ci_id, []), seen), list(waiting.homes.get(ci_id, {}).values()))
        for ci_id, judged in _by_ci(followed).items()
    }
    moving = [_moving(place, seen.courses[place], each, terms.governance) for place, each in followed.items()]
    sources = {code: key for course in seen.courses.values() for code, key in course.sources.items()}
    told = {ci_id: each for ci_id, each in filed.items() if not each.is_empty}
    return await _write(tx, told, moving, (seen.ids, sources), now)


def _reached(stood: Iterable[Filed], seen: _Seen) -> list[Filed]:
    """Return what stands without what is final and of a step the course does not have: from before an arrival."""
    return [each for each in stood if not filing.is_final(each.judged.judgement) or _is_step(each.judged.item, seen)]


def _is_step(item: Item, seen: _Seen) -> bool:
    return any((item.source, item.hi) == (code, step.hi) for code, step in seen.courses[item.ci_id, item.path].steps)


async def _write(
    tx: AsyncConnection, told: Mapping[int, Filing], moving: Iterable[Moving],
    interned: tuple[Ids, Mapping[str, int]], now: int,
) -> set[int]:  # fmt: skip
    """Write what moved; `interned`: ids of paths and values, and of sources."""
    ids, lanes = interned
    moves = [each for each in moving if not each.is_as_it_was]
    authorised = (move[0] for each in moves for move in each.moves)
    await ids.learn(tx, values=chain(filings.values_of(told.values()), authorised))
    moved = await filings.apply(tx, told, lanes, ids, now)
    await tracks.authorise(tx, moves, now, ids)
    return moved


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


@dataclass(frozen=True, slots=True)
class _Seen:
    """The courses of some values since some moment, what is known beside them, and the ids of their paths."""

    courses: Mapping[Place, Course]
    beside: Evidence
    ids: Ids


async def _seen(tx: AsyncConnection, since: Mapping[Place, int], ids: Ids, terms: Terms, now: int) -> _Seen:
    found = await courses.read(tx, since, ids.paths)
    return _Seen(found, await evidencing.of(tx, found, terms, now), ids)
