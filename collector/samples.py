"""Samples: what rules look back on. A section that moved → the samples it gives, and samples → a history to ask.

Only fields some rule has a window over are sampled, and only when they move: with the new value goes the old one, at
the time it was last confirmed. What did not move is known without: since when the field is watched, when its section
was last confirmed, and its present value. Of a window of `span` ms at most one number a `span / 60` is kept, and one
word a `span / 600`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from collector.model import Value
from wire.sections import Body, row_key, shape_of

NUMBERS, WORDS = 60, 600
"""Slots of a window, for numbers and for everything else."""
MAX_ELEMENTS = 2_000
"""Elements of one section that are sampled at a time: more instances no rule tells apart."""

WATCHED: Final = "\x1f"
"""Stands for the element of a line that tells since when a field is watched."""

Spans = Mapping[str, Mapping[str, int]]
"""Section → field → the longest window over it, ms."""
Line = tuple[str, str, str]
"""Section, element ("" of a record), field."""
Point = tuple[int, Value]
"""When (ms) and what; None: it was not there."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of one field at one time (ms). Of several in one slot the last one stays."""

    section: str
    element: str
    field: str
    at: int
    value: Value
    slot: int


def spans(windows: Iterable[Any]) -> dict[str, dict[str, int]]:
    """Return the longest span of each field among `windows`, which have a section, a field and a span_ms."""
    found: dict[str, dict[str, int]] = {}
    for each in windows:
        fields = found.setdefault(each.section, {})
        fields[each.field] = max(each.span_ms, fields.get(each.field, 0))
    return found


def taken(section: str, was: Body | None, now: Body, lo: int, at: int, fields: Mapping[str, int]) -> list[Sample]:
    """Return the samples that `section` gives by moving from `was` to `now`, of `fields` and their spans (ms).

    Rows that stand equal in both may be left out of both. `was` None: it was never seen, and is watched from now on.
    `lo`: when `was` was last confirmed; `at`: when `now` was seen.
    """
    if was is None:
        return [Sample(*watched(section, name), at, True, 0) for name in fields]
    before, after = _rows(section, was), _rows(section, now)
    elements = [key for key in {**before, **after} if before.get(key) != after.get(key)][:MAX_ELEMENTS]
    found: list[Sample] = []
    for element in elements:
        old, new = before.get(element, {}), after.get(element, {})
        for name, span in fields.items():
            if old.get(name) != new.get(name):
                found += _pair((section, element, name), (lo, old.get(name)), (at, new.get(name)), span)
    return found


def watched(section: str, name: str) -> Line:
    """Return the line that tells since when a field of a section is watched."""
    return section, WATCHED, name


def _pair(line: Line, old: Point, new: Point, span: int) -> Iterator[Sample]:
    """Yield both samples, the old one in a slot before that of the new: neither takes the place of the other."""
    slot = _slot(*new, span)
    yield Sample(*line, *old, min(_slot(*old, span), slot - 1))
    yield Sample(*line, *new, slot)


def _rows(section: str, body: Body | None) -> dict[str, Mapping[str, Any]]:
    if body is None:
        return {}
    if isinstance(body, dict):
        return {"": body}
    shape = shape_of(section)
    return {row_key(shape, row): row for row in body}


def _slot(at: int, value: Value, span_ms: int) -> int:
    slots = NUMBERS if isinstance(value, int | float) and not isinstance(value, bool) else WORDS
    return at // max(1, span_ms // slots)


@dataclass(frozen=True, slots=True)
class Watch:
    """Since when a field is watched, and when its source last confirmed the section (ms)."""

    since: int
    fresh: int


class History:
    """What is remembered of one CI: asked for the samples of one field."""

    def __init__(
        self, lines: Mapping[Line, Sequence[Point]], watches: Mapping[tuple[str, str], Watch] | None = None,
        bodies: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        """Take the samples of each line, oldest first; `bodies`: what the sections say now."""
        self._lines, self._watches, self._bodies = lines, watches or {}, bodies or {}
        self._rows: dict[str, dict[str, Mapping[str, Any]]] = {}

    def over(self, bodies: Mapping[str, Any]) -> History:
        """Return the same history of a CI whose sections say this now: what never moved is told by them."""
        return History(self._lines, self._watches, bodies)

    def beside(self, lines: Mapping[Line, Sequence[Point]], watches: Mapping[tuple[str, str], Watch]) -> History:
        """Return the same history with what else is known: a field that is known so is known so alone."""
        own = {line: its for line, its in self._lines.items() if (line[0], line[2]) not in watches}
        return History({**own, **lines}, {**self._watches, **watches}, self._bodies)

    def until(self, now: int) -> History:
        """Return what was remembered at `now` (ms)."""
        lines = {line: its[: bisect_right(its, now, key=_moment)] for line, its in self._lines.items()}
        begun = {field: each for field, each in self._watches.items() if each.since <= now}
        return History(lines, {field: Watch(each.since, min(each.fresh, now)) for field, each in begun.items()})

    def values(self, now: int) -> Iterator[tuple[Line, Value]]:
        """Yield the value of each line at `now` (ms), as far as one was there."""
        for line, its in self._lines.items():
            at = bisect_right(its, now, key=_moment)
            if at and line[1] != WATCHED:
                yield line, its[at - 1][1]

    def series(self, section: str, key: str, field: str, from_ms: int) -> Sequence[Point]:
        """Return the samples since `from_ms`, oldest first, without what was before a time at which it was not there.

        Where a value is known to have held at `from_ms` itself, it is the first one.
        """
        points = self._points(section, key, field)
        first = next((at for at in range(len(points), 0, -1) if points[at - 1][1] is None), 0)
        start = max(first, bisect_left(points, from_ms, key=_moment))
        inside = list(points[start:])
        if inside and start > first and inside[0][0] > from_ms and points[start - 1][1] == inside[0][1]:
            inside.insert(0, (from_ms, inside[0][1]))
        return inside

    def _points(self, section: str, key: str, field: str) -> Sequence[Point]:
        """Return all samples of a line, with what is known of it before the first and after the last of them."""
        watch, points = self._watches.get((section, field)), list(self._lines.get((section, key, field), ()))
        if watch is None:
            return points
        if not points:
            value = self._now(section, key).get(field)
            points = [] if value is None else [(watch.since, value)]
        elif watch.since < points[0][0] and points[0][1] is not None:
            points.insert(0, (watch.since, points[0][1]))
        if points and points[-1][0] < watch.fresh and points[-1][1] is not None:
            points.append((watch.fresh, points[-1][1]))
        return points

    def _now(self, section: str, key: str) -> Mapping[str, Any]:
        if section not in self._rows:
            self._rows[section] = _rows(section, self._bodies.get(section))
        return self._rows[section].get(key, {})


def _moment(point: Point) -> int:
    return point[0]


@dataclass(frozen=True, slots=True)
class Told:
    """One line as one source tells it, oldest first; the source confirmed its section last at `fresh` (ms)."""

    source: int
    line: Line
    points: Sequence[Point]
    fresh: int


def remembered(told: Sequence[Told]) -> History:
    """Return the history of one CI. Of several sources of a field the one that confirmed it last is asked."""
    asked: dict[tuple[str, str], Told] = {}
    for each in told:
        section, element, name = each.line
        if element == WATCHED and ((section, name) not in asked or asked[section, name].fresh < each.fresh):
            asked[section, name] = each
    watches = {field: Watch(each.points[0][0], each.fresh) for field, each in asked.items()}
    own = (each for each in told if (by := asked.get((each.line[0], each.line[2]))) and by.source == each.source)
    return History({each.line: each.points for each in own}, watches)
