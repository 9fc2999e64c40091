"""When what nobody finds any more counts as missing: the table `rules/presence.yaml`, read once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from collector.classes import CLASSES
from collector.yamlfile import Entry, read

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
SWEEP, AGENTS = "sweep", "agents"
"""The kinds of runs: a sweep of a plan, and a round in which agents are looked for."""
KINDS: Final = ("agent", "snmp", "ssh", "redfish", "nut")
"""The kinds of sources that see a CI; what people say of one is no sight of it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How long until it is missing: so many misses, with so long (ms) between the first and the last."""

    misses: int
    span_ms: int


@dataclass(frozen=True, slots=True)
class Guard:
    """How many may newly be gone in one run: `least`, or `ratio` of what was looked for, whichever is more."""

    least: int
    ratio: float

    def most(self, count: int) -> float:
        return max(self.least, self.ratio * count)


@dataclass(frozen=True, slots=True)
class TermsRule:
    """Other terms for some kinds of sources or classes; empty: any."""

    sources: frozenset[str]
    classes: frozenset[str]
    terms: Terms

    def fits(self, kind: str, ci_class: str) -> bool:
        return (not self.sources or kind in self.sources) and (not self.classes or ci_class in self.classes)


@dataclass(frozen=True, slots=True)
class Policy:
    """The whole table. `absences`: how often in a row a child is not spoken of until it is gone."""

    default: Terms = Terms(7, 10 * DAY_MS)
    rules: tuple[TermsRule, ...] = ()
    guards: Mapping[str, Guard] = field(default_factory=dict)
    round_ms: int = DAY_MS
    fresh_ms: int = HOUR_MS
    absences: int = 2
    archive_ms: int = 400 * DAY_MS

    def terms(self, kinds: Collection[str], ci_class: str) -> Terms:
        """Return the most patient of the terms of those kinds of sources."""
        found = [self._terms(kind, ci_class) for kind in kinds] or [self.default]
        return Terms(max(each.misses for each in found), max(each.span_ms for each in found))

    def _terms(self, kind: str, ci_class: str) -> Terms:
        fitting = (rule.terms for rule in reversed(self.rules) if rule.fits(kind, ci_class))
        return next(fitting, self.default)


def load(file: Path) -> Policy:
    """Return the table in `file`; raise `BadFile` naming file and line."""
    whole = read(file)
    names = frozenset({"default", "guards", "round", "fresh", "children", "archive"})
    whole.only(names, frozenset({"rules"}))
    guards = whole.entry("guards")
    guards.only(frozenset({SWEEP, AGENTS}))
    return Policy(
        _terms(_named(whole, "default", "misses", "days")),
        tuple(_rule(each) for each in whole.entries("rules")),
        {kind: _guard(_named(guards, kind, "least", "percent")) for kind in guards},
        _whole(_named(whole, "round", "hours"), "hours") * HOUR_MS,
        _whole(_named(whole, "fresh", "hours"), "hours") * HOUR_MS,
        _whole(_named(whole, "children", "absences"), "absences"),
        _whole(_named(whole, "archive", "days"), "days") * DAY_MS,
    )


def _named(whole: Entry, name: str, *keys: str) -> Entry:
    entry = whole.entry(name)
    entry.only(frozenset({*keys, "reason"}))
    entry.text("reason")
    return entry


def _rule(entry: Entry) -> TermsRule:
    entry.only(frozenset({"misses", "days", "reason"}), frozenset({"sources", "classes"}))
    entry.text("reason")
    return TermsRule(_words(entry, "sources", KINDS), _words(entry, "classes", CLASSES), _terms(entry))


def _terms(entry: Entry) -> Terms:
    return Terms(_whole(entry, "misses"), _whole(entry, "days") * DAY_MS)


def _guard(entry: Entry) -> Guard:
    return Guard(_whole(entry, "least"), _whole(entry, "percent", 100) / 100)


def _whole(entry: Entry, key: str, most: int = 10_000) -> int:
    value = entry[key]
    if type(value) is not int or not 0 < value <= most:
        raise entry.bad(f"a whole number from 1 to {most} expected", key)
    return value


def _words(entry: Entry, key: str, allowed: Collection[str]) -> frozenset[str]:
    words = entry.items_of(key)
    if not all(isinstance(word, str) and word in allowed for word in words):
        raise entry.bad(f"{key}: words expected, of {', '.join(allowed)}", key)
    return frozenset(words)
