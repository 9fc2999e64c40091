"""What is known of one CI over a past period, as rules read it: facts as they moved, and samples of what is no fact.

A field that is a fact has all of its past. Of measurements there is what rules that run look back on, as far as it is
kept: the longest window over each.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from collector.language import Window
from collector.model import Value
from collector.samples import History, Line, Point, Told, Watch, remembered
from collector.services.element import element
from collector.store.replay import Held
from wire.sections import Shape, row_key, shape_of


class Past:
    """One CI at one time after the other; `windows`: what is looked back on."""

    def __init__(self, facts: Sequence[Held], told: Sequence[Told], windows: Collection[Window]) -> None:
        self._bodies = _Bodies(facts)
        self._samples = remembered(told)
        lines, self._of_facts = _of_facts(facts, {(each.section, each.field) for each in windows})
        self._history = self._samples.beside(lines, self._of_facts)
        self.sections = {each.path.section for each in facts} | {each.line[0] for each in told}
        self.moves = {at for each in facts for at in (each.vf, each.vt)} | {
            at for each in told for at, _ in each.points
        }
        """When anything of it moved (ms)."""

    def at(self, now: int) -> tuple[dict[str, Any], History]:
        """Return section → body, and the history, as they were at `now` (ms), which never goes back."""
        bodies = self._bodies.at(now)
        for (section, key, field), value in self._samples.values(now):
            if (section, field) not in self._of_facts and value is not None:
                _lay(bodies, section, key, field, value)
        return bodies, self._history.until(now).over(bodies)


def _lay(bodies: dict[str, Any], section: str, key: str, field: str, value: Value) -> None:
    """Put a value that is no fact where it was."""
    shape = shape_of(section)
    if shape.is_record:
        bodies[section] = {**bodies.get(section, {}), field: value}
        return
    rows = bodies.setdefault(section, [])
    row = next((each for each in rows if row_key(shape, each) == key), None)
    if row is None:
        rows.append(element(shape, key, {field: value}))
    else:
        row[field] = value


def _of_facts(
    facts: Iterable[Held], fields: Collection[tuple[str, str]]
) -> tuple[dict[Line, list[Point]], dict[tuple[str, str], Watch]]:
    """Return the past of those fields that are facts, and since when each is known and until when (ms)."""
    lines: dict[Line, list[Point]] = {}
    watches: dict[tuple[str, str], Watch] = {}
    for each in facts:
        for field, value in _fields(each):
            if (section := each.path.section, field) in fields:
                line = section, "" if shape_of(section).is_record else each.path.key, field
                watch = watches.get((section, field), Watch(each.vf, each.vt))
                watches[section, field] = Watch(watch.since, max(watch.fresh, each.vt))
                _append(lines.setdefault(line, []), each, value, watch.since)
    return lines, watches


def _fields(each: Held) -> Iterator[tuple[str, Value]]:
    if shape_of(each.path.section).is_record:
        yield each.path.key, each.value
    elif isinstance(each.value, Mapping):
        yield from each.value.items()


def _append(points: list[Point], each: Held, value: Value, since: int) -> None:
    """Add a value that held: what was not there before begins with nothing, and what ends goes on as nothing."""
    if points and points[-1] == (each.vf, None):
        points.pop()
    elif not points and each.vf > since:
        points.append((each.vf - 1, None))
    points += [(each.vf, value), (each.vt, None)]


class _Bodies:
    """The sections of one CI put together from its facts, at one time after the other."""

    def __init__(self, facts: Sequence[Held]) -> None:
        self._facts = facts
        self._next = 0
        self._now: dict[tuple[str, str], Held] = {}
        self._sections: set[str] = set()

    def at(self, now: int) -> dict[str, Any]:
        """Return the bodies at `now` (ms), which never goes back; a section is there from its first fact on."""
        while self._next < len(self._facts) and self._facts[self._next].vf <= now:
            one = self._facts[self._next]
            self._now[one.path.section, one.path.key] = one
            self._sections.add(one.path.section)
            self._next += 1
        self._now = {key: one for key, one in self._now.items() if one.vt > now}
        return {name: self._body(name) for name in self._sections}

    def _body(self, name: str) -> Any:
        shape, held = shape_of(name), [one for one in self._now.values() if one.path.section == name]
        if shape.is_record:
            return {one.path.key: one.value for one in held}
        return list(_rows(shape, held))


def _rows(shape: Shape, held: Iterable[Held]) -> Iterator[dict[str, Any]]:
    for one in sorted(held, key=lambda each: each.path.key):
        yield element(shape, one.path.key, one.value)
