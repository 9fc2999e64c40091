"""Samples: what rules look back on. A section that moved → the samples it gives, and samples → a history to ask.

Only fields some rule has a window over are sampled. What did not move needs no sample: where it was last confirmed is
known of its section, so a value is written when it moves, with a second sample of the old one at the time it was last
confirmed. A window of `span` ms keeps at most one number a `span / 60` and one word a `span / 600`: the last of each.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from collector.model import Value
from wire.sections import Body, row_key, shape_of

NUMBERS, WORDS = 60, 600
"""Slots of a window, for numbers and for everything else."""
MAX_ELEMENTS = 2_000
"""Elements of one section that are sampled at a time: more instances no rule tells apart."""

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

    Rows that stand equal in both may be left out of both. `was` None: it was never seen. `lo`: when `was` was last
    confirmed; `at`: when `now` was seen.
    """
    before, after = _rows(section, was), _rows(section, now)
    elements = [key for key in {**before, **after} if before.get(key) != after.get(key)][:MAX_ELEMENTS]
    found = []
    for element in elements:
        old, new = before.get(element, {}), after.get(element, {})
        for name, span in fields.items():
            if old.get(name) != new.get(name):
                line = section, element, name
                found += _pair(line, (lo, old.get(name)), (at, new.get(name)), span)
    return found


def _pair(line: Line, old: Point, new: Point, span: int) -> list[Sample]:
    """Return both samples, the old one in a slot before that of the new: neither takes the place of the other."""
    slot = _slot(*new, span)
    last = Sample(*line, *new, slot)
    return [last] if old[1] is None else [Sample(*line, *old, min(_slot(*old, span), slot - 1)), last]


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


class History:
    """What is remembered of one CI: asked for the samples of one field."""

    def __init__(self, lines: Mapping[Line, Sequence[Point]]) -> None:
        """Take the samples of each line, oldest first."""
        self._lines = lines

    def series(self, section: str, key: str, field: str, from_ms: int) -> Sequence[Point]:
        """Return the samples since `from_ms`, oldest first, without what was before a time at which it was not there.

        Where a value is known to have held at `from_ms` itself, it is the first one.
        """
        points = self._lines.get((section, key, field), ())
        first = next((at for at in range(len(points), 0, -1) if points[at - 1][1] is None), 0)
        start = max(first, bisect_left(points, from_ms, key=_moment))
        inside = list(points[start:])
        if inside and start > first and inside[0][0] > from_ms and points[start - 1][1] == inside[0][1]:
            inside.insert(0, (from_ms, inside[0][1]))
        return inside


def _moment(point: Point) -> int:
    return point[0]


@dataclass(frozen=True, slots=True)
class Told:
    """One line as one source tells it, oldest first; the source confirmed its section last at `fresh` (ms)."""

    line: Line
    points: Sequence[Point]
    fresh: int


def remembered(told: Iterable[Told]) -> History:
    """Return the history of one CI. Of several sources of a line the one that spoke last is asked."""
    latest: dict[Line, Told] = {}
    for each in told:
        held = latest.get(each.line)
        if each.points and (held is None or _end(held) < _end(each)):
            latest[each.line] = each
    return History({line: list(_confirmed(each)) for line, each in latest.items()})


def _end(told: Told) -> int:
    return max(told.fresh, told.points[-1][0])


def _confirmed(told: Told) -> Iterator[Point]:
    """Yield the samples, and the last value once more when it was last confirmed."""
    yield from told.points
    at, value = told.points[-1]
    if told.fresh > at and value is not None:
        yield told.fresh, value
