"""Timelines as files: what a rule must say of a CI whose values move. The format is told in rules/README.md.

A series says one value an interval: `85x4` is 85 and four more of it, `91+0.5x10` goes on in steps, `_x5` five
intervals in which nothing was heard of its section, `!x5` five in which reading it failed. So do words: `up downx3`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from collector.language.times import duration, timestamp
from collector.model import Value
from collector.yamlfile import BadFile, Entry, read
from wire.sections import SECTIONS, row_key

MAX_TICKS: Final = 20_000
"""Intervals of one timeline."""
MAX_FILES: Final = 500
UNHEARD, FAILED = "_", "!"
OPEN, RESOLVE = "open", "resolve"
_PLACE: Final = re.compile(r"(?P<section>\w+)(?:\[(?P<element>[^\]]*)\])?\.(?P<field>\w+)")
_NUMBER: Final = re.compile(r"(?P<first>-?\d+(?:\.\d+)?)(?P<step>[+-]\d+(?:\.\d+)?)?(?:x(?P<more>\d+))?")
_WORD: Final = re.compile(r"(?P<word>\S+?)(?:x(?P<more>\d+))?", re.ASCII)
_TRUTHS: Final[Mapping[str, bool]] = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Place:
    """One field of a section: of a record, or of the row that `element` names as the catalogue does."""

    section: str
    element: str
    field: str


@dataclass(frozen=True, slots=True)
class Unheard:
    """An interval without a value: nothing was heard of the section, or reading it failed."""

    failed: bool


Said = Value | Unheard


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the alert of one instance must be so long (ms) after the start; None: whichever it is."""

    at: int
    state: str
    instance: str | None
    outcome: str | None
    severity: str | None
    flapping: bool | None


@dataclass(frozen=True, slots=True)
class Timeline:
    """One story of one rule. `incidents`: (so long after the start, open or resolve); None: nobody looks."""

    name: str
    rule: str
    start: int
    interval: int
    ci: Mapping[str, Value]
    series: Mapping[Place, Sequence[Said]]
    expect: tuple[Expectation, ...]
    incidents: tuple[tuple[int, str], ...] | None = None
    sections: frozenset[str] = field(default=frozenset())


def load(folder: Path) -> tuple[Timeline, ...]:
    """Return the timelines of every `*.yaml` in `folder`, none where it is missing; raise `BadFile`."""
    files = sorted(folder.glob("*.yaml"))
    if len(files) > MAX_FILES:
        raise BadFile(f"{folder}: {len(files)} files of timelines, at most {MAX_FILES}")
    return tuple(timeline for file in files for timeline in _file(read(file)))


def _file(entry: Entry) -> Iterator[Timeline]:
    entry.only(frozenset({"timelines"}), frozenset({"start", "interval"}))
    start = timestamp(entry.text("start", "2026-01-15T08:00:00Z"))
    if not isinstance(start, datetime):
        raise entry.bad("start: an RFC 3339 time expected", "start")
    interval = _span(entry, "interval", "1m")
    if interval <= 0:
        raise entry.bad("interval: more than nothing expected", "interval")
    for one in entry.entries("timelines"):
        yield _timeline(one, int(start.timestamp() * 1000), interval)


def _timeline(entry: Entry, start: int, interval: int) -> Timeline:
    entry.only(frozenset({"name", "rule", "series", "expect"}), frozenset({"ci", "incidents"}))
    ci = _plain(entry.entry("ci"))
    series = {_place(entry, key, ci): _values(entry, key) for key in entry.entry("series")}
    expect = tuple(_expectation(each) for each in entry.entries("expect"))
    if not expect:
        raise entry.bad("expect: at least one expectation", "expect")
    ops = tuple(_op(each) for each in entry.entries("incidents")) if "incidents" in entry else None
    last = max([each.at for each in expect] + [at for at, _ in ops or ()])
    if last // interval > MAX_TICKS:
        raise entry.bad(f"expect: more than {MAX_TICKS} intervals", "expect")
    return Timeline(
        entry.text("name"), entry.text("rule"), start, interval, ci, series, expect, ops,
        frozenset(place.section for place in series),
    )  # fmt: skip


def _place(entry: Entry, key: str, ci: Mapping[str, Any]) -> Place:
    found = _PLACE.fullmatch(key)
    shape = SECTIONS.get(found["section"]) if found else None
    if found is None or shape is None or found["field"] not in shape.fields or shape.is_record != (found[2] is None):
        raise entry.entry("series").bad(f"{key}: no field of a section", key)
    if not shape.is_record and found["element"] not in {row_key(shape, row) for row in ci.get(shape.name, ())}:
        raise entry.entry("series").bad(f"{key}: the CI has no such row", key)
    return Place(found["section"], found["element"] or "", found["field"])


def _values(entry: Entry, key: str) -> tuple[Said, ...]:
    series = entry.entry("series")
    values: list[Said] = []
    for token in str(series[key]).split():
        values += _token(series, key, token, MAX_TICKS - len(values))
    return tuple(values)


def _token(series: Entry, key: str, token: str, left: int) -> list[Said]:
    number, word = _NUMBER.fullmatch(token), _WORD.fullmatch(token)
    found = number or word
    if found is None or int(found["more"] or 0) >= left:
        raise series.bad(f"{key}: {token} is no value, or too many", key)
    more = int(found["more"] or 0)
    if number:
        first, step = _number(number["first"]), _number(number["step"] or "0")
        return [round(first + step * at, 9) for at in range(more + 1)]
    text = found["word"]
    if text in (UNHEARD, FAILED):
        return [Unheard(text == FAILED)] * max(1, more)
    return [_TRUTHS.get(text, text)] * (more + 1)


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text)


def _expectation(entry: Entry) -> Expectation:
    entry.only(frozenset({"at", "state"}), frozenset({"instance", "outcome", "severity", "flapping"}))
    optional: dict[str, Any] = {name: entry.get(name) for name in ("instance", "outcome", "severity", "flapping")}
    return Expectation(_span(entry, "at", ""), entry.text("state"), **optional)


def _op(entry: Entry) -> tuple[int, str]:
    entry.only(frozenset({"at", "op"}))
    if entry["op"] not in (OPEN, RESOLVE):
        raise entry.bad(f"op: {OPEN} or {RESOLVE} expected", "op")
    return _span(entry, "at", ""), entry.text("op")


def _span(entry: Entry, key: str, default: str) -> int:
    span = duration(entry.text(key, default))
    if not isinstance(span, timedelta) or span < timedelta():
        raise entry.bad(f"{key}: a duration such as 10m expected", key)
    return span // timedelta(milliseconds=1)


def _plain(value: Any) -> Any:
    if isinstance(value, Entry):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value
