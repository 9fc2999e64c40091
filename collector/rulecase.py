"""Cases: what a rule must say of one CI, as the packs write them down."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from collector.language.times import duration, timestamp
from collector.model import Value
from collector.yamlfile import Entry

OUTCOMES: Final = ("fires", "silent", "unknown", "not_applicable")
CASE_KEYS = frozenset({"ci", "status", "age", "now", "was", "severity", "history", "held"})
MAX_POINTS: Final = 1000
_LINE: Final = re.compile(r"(?P<section>[a-z_]+)(\[(?P<key>[^\]]*)\])?\.(?P<field>[a-z0-9_]+)")
_NOW: Final = "2026-01-15T08:00:00Z"

Line = tuple[str, str, str]
"""Section, key of the row ("" of a record), field."""


@dataclass(frozen=True, slots=True)
class Case:
    """What a rule must say of one CI. `ages_ms` and `statuses` are for sections that are not fresh and well.

    `history`: what values were, as (when in ms, value), the oldest first. `held_ms`: how long the facts have stood;
    None: as long as the rule's own timer wants.
    """

    name: str
    expect: str
    ci: Mapping[str, Value]
    now: int
    was: str = "ok"
    severity: str | None = None
    statuses: Mapping[str, str] = field(default_factory=dict)
    ages_ms: Mapping[str, int] = field(default_factory=dict)
    history: Mapping[Line, tuple[tuple[int, Value], ...]] = field(default_factory=dict)
    held_ms: int | None = None


def read_case(entry: Entry) -> Case:
    """Return the case that `entry` holds; raise `BadFile`."""
    expected = [key for key in OUTCOMES if key in entry]
    if len(expected) != 1:
        raise entry.bad(f"a case says one of {', '.join(OUTCOMES)}")
    entry.only(frozenset(expected), CASE_KEYS)
    now = _time(entry)
    return Case(
        name=entry.text(expected[0]),
        expect=expected[0],
        ci=_plain(entry.entry("ci")),
        now=now,
        was=entry.text("was", "ok"),
        severity=entry.text("severity") if "severity" in entry else None,
        statuses={name: entry.entry("status").text(name) for name in entry.entry("status")},
        ages_ms={name: _ms(entry.entry("age"), name, entry.entry("age").text(name)) for name in entry.entry("age")},
        history=_history(entry.entry("history"), now),
        held_ms=_ms(entry, "held", entry.text("held")) if "held" in entry else None,
    )


def _history(entry: Entry, now: int) -> dict[Line, tuple[tuple[int, Value], ...]]:
    found = {}
    for name in entry:
        line = _LINE.fullmatch(name)
        if not line:
            raise entry.bad(f"history: section.field or section[key].field expected, not {name}", name)
        points = [_point(entry, name, each, now) for each in entry.items_of(name)]
        if len(points) > MAX_POINTS or points != sorted(points, key=lambda point: point[0]):
            raise entry.bad(f"history: at most {MAX_POINTS} values are expected, the oldest first", name)
        found[line["section"], line["key"] or "", line["field"]] = tuple(points)
    return found


def _point(entry: Entry, name: str, point: object, now: int) -> tuple[int, Value]:
    if not isinstance(point, list) or len(point) != 2 or not isinstance(point[0], str):
        raise entry.bad('history: pairs of an age and a value are expected, as in ["-15m", 0]', name)
    return now - _ms(entry, name, point[0].removeprefix("-")), point[1]


def _time(entry: Entry) -> int:
    moment = timestamp(entry.text("now", _NOW))
    if not isinstance(moment, datetime):
        raise entry.bad("now: an RFC 3339 time expected", "now")
    return int(moment.timestamp() * 1000)


def _ms(entry: Entry, key: str, text: str) -> int:
    span = duration(text)
    if not isinstance(span, timedelta) or span < timedelta():
        raise entry.bad(f"{key}: a duration such as 10m or 26h expected", key)
    return span // timedelta(milliseconds=1)


def _plain(value: Any) -> Any:
    if isinstance(value, Entry):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value
