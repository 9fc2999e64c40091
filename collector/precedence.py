"""Whose word wins, for which value of which class, and when: the table `rules/precedence.yaml`, read once.

A rule may begin and end: what is worked out for a moment is worked out by the rules of that moment.
"""

from __future__ import annotations

import enum
import hashlib
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path as File
from typing import Any, Final

from collector.classes import CLASSES
from collector.model import FOREVER, Path
from collector.yamlfile import Entry, read

HOUR_MS: Final = 3_600_000
MAX_RANK: Final = 1000
MAX_RULES: Final = 500
_HOURS: Final = re.compile(r"([1-9]\d{0,4})h", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


Reason = Mapping[str, str]
"""Language (zh, en) → why."""


class Mode(enum.StrEnum):
    """How a source's word counts: it competes by rank, counts only where nobody else's does, or is only shown."""

    AUTHORITATIVE = "authoritative"
    FILL = "fill-if-empty"
    ADVISORY = "advisory"


@dataclass(frozen=True, slots=True)
class Precedence:
    """How far a kind of source is believed: a lower rank wins; after `takeover_ms` without a word others may.

    `takeover_ms` None: its word lasts until it is said anew, and counts from when it was said.
    `ttl_ms`: after so long its word is stale, which is shown and moves nothing.
    `reason`: why it is believed so far, by language.
    """

    rank: int
    takeover_ms: int | None = None
    ttl_ms: int | None = None
    mode: Mode = Mode.AUTHORITATIVE
    reason: Reason = field(default_factory=dict)


Order = Mapping[str, Precedence]
"""Kind of source → how far it is believed."""

UNLISTED: Final = Precedence(
    100, 48 * HOUR_MS, 24 * HOUR_MS, Mode.FILL,
    {"zh": "优先级表未列出此类来源", "en": "the table does not name this kind of source"},
)  # fmt: skip
"""A kind of source the table does not name: it displaces nobody."""


def of(source: str, order: Order) -> Precedence:
    """Return how far the source with that code is believed."""
    return order.get(source.partition("/")[0], UNLISTED)


@dataclass(frozen=True, slots=True)
class RankRule:
    """Other ranks and modes for some values, from `starts` until `ends` (ms). Empty section, fields, classes: any."""

    section: str
    fields: frozenset[str]
    classes: frozenset[str]
    ranks: Mapping[str, int]
    modes: Mapping[str, Mode] = field(default_factory=dict)
    starts: int = 0
    ends: int = FOREVER
    reason: Reason = field(default_factory=dict)

    def speaks_of(self, path: Path, ci_class: str, at: int) -> bool:
        fits = (not self.fields or path.key in self.fields) and (not self.classes or ci_class in self.classes)
        return fits and self.section in ("", path.section) and self.starts <= at < self.ends

    @property
    def weight(self) -> tuple[bool, bool, bool]:
        """The more a rule names, the more it counts: a value before a class, a class before all of them."""
        return bool(self.fields), bool(self.section), bool(self.classes)

    def clashes(self, other: RankRule) -> bool:
        """Return whether both say the same thing of one value at one time, and neither names more."""
        same = self.weight == other.weight and self.section == other.section
        both = all(not mine or mine & its for mine, its in ((self.fields, other.fields), (self.classes, other.classes)))
        meet = self.starts < other.ends and other.starts < self.ends
        says = self.ranks.keys() & other.ranks.keys() or self.modes.keys() & other.modes.keys()
        return same and both and meet and bool(says)


@dataclass(frozen=True, slots=True)
class Precedences:
    """All ranks. `order` is what `reconcile.resolve` takes; `fingerprint` is another one when the table is.

    `advisers`: kinds of sources that are only shown anywhere. Even alone, their word need not be the fact.
    """

    sources: Order
    rules: tuple[RankRule, ...] = ()
    fingerprint: str = ""
    advisers: frozenset[str] = field(init=False, compare=False)
    _turns: tuple[int, ...] = field(init=False, compare=False, repr=False)
    _known: dict[tuple[str, str, str, int], Order] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        turns = {at for rule in self.rules for at in (rule.starts, rule.ends)} - {0, FOREVER}
        object.__setattr__(self, "_turns", tuple(sorted(turns)))
        told = {kind for kind, its in self.sources.items() if its.mode is Mode.ADVISORY}
        ruled = {kind for rule in self.rules for kind, mode in rule.modes.items() if mode is Mode.ADVISORY}
        object.__setattr__(self, "advisers", frozenset(told | ruled))

    def order(self, path: Path, ci_class: str, at: int) -> Order:
        """Return who is believed how far at that time (ms) about `path` of a CI of that class."""
        named = path.key if any(path.key in rule.fields for rule in self.rules) else ""
        key = (path.section, named, ci_class, bisect_right(self._turns, at))
        if key not in self._known:
            self._known[key] = self._ordered(path, ci_class, at)
        return self._known[key]

    def next_turn(self, at: int) -> int | None:
        """Return when a rule next begins or ends after `at` (ms); None: never."""
        place = bisect_right(self._turns, at)
        return self._turns[place] if place < len(self._turns) else None

    def _ordered(self, path: Path, ci_class: str, at: int) -> Order:
        order = dict(self.sources)
        for rule in sorted(self.rules, key=lambda rule: rule.weight):
            if rule.speaks_of(path, ci_class, at):
                order |= {kind: _ruled(order[kind], rule, kind) for kind in rule.ranks.keys() | rule.modes.keys()}
        return order


def _ruled(known: Precedence, rule: RankRule, kind: str) -> Precedence:
    return replace(
        known, rank=rule.ranks.get(kind, known.rank), mode=rule.modes.get(kind, known.mode), reason=rule.reason
    )


# --- reading the table


def load(file: File) -> Precedences:
    """Return the table in `file`; raise `BadFile` naming file and line."""
    whole = read(file)
    whole.only(frozenset({"sources"}), frozenset({"rules"}))
    listed = whole.entry("sources")
    sources = {kind: _source(listed, kind) for kind in listed}
    if len(whole.items_of("rules")) > MAX_RULES:
        raise whole.bad(f"at most {MAX_RULES} rules are expected", "rules")
    rules = [(each, _rule(each, sources)) for each in whole.entries("rules")]
    _check_apart(rules)
    return Precedences(sources, tuple(rule for _, rule in rules), hashlib.sha256(file.read_bytes()).hexdigest())


def _check_apart(rules: Iterable[tuple[Entry, RankRule]]) -> None:
    for (one, rule), (entry, other) in combinations(rules, 2):
        if rule.clashes(other):
            raise entry.bad(f"the rule in line {one.line} says something else of the same values at the same time")


def _source(listed: Entry, kind: str) -> Precedence:
    entry = listed.entry(kind)
    entry.only(frozenset({"rank", "reason"}), frozenset({"ttl", "takeover", "mode"}))
    ttl, mode = _hours(entry, "ttl"), _mode(entry, "mode") if "mode" in entry else Mode.AUTHORITATIVE
    takeover = _hours(entry, "takeover") or (ttl and 2 * ttl)
    if takeover is not None and (ttl is None or takeover < ttl):
        raise entry.bad("no source is taken over before its ttl", "takeover")
    return Precedence(_rank(entry, "rank"), takeover, ttl, mode, _reason(entry))


def _hours(entry: Entry, key: str) -> int | None:
    if key not in entry:
        return None
    hours = _HOURS.fullmatch(entry.text(key))
    if hours is None:  # 0 would make a source stale the moment it has spoken
        raise entry.bad(f"{key}: hours expected, such as 48h", key)
    return int(hours[1]) * HOUR_MS


def _rule(entry: Entry, sources: Order) -> RankRule:
    entry.only(frozenset({"reason"}), frozenset({"section", "fields", "classes", "ranks", "modes", "from", "until"}))
    if "ranks" not in entry and "modes" not in entry:
        raise entry.bad("ranks or modes are missing")
    if "fields" in entry and "section" not in entry:
        raise entry.bad("fields are of a section: section is missing", "fields")
    ranks = {kind: _rank(its, kind) for its in [entry.entry("ranks")] for kind in _kinds(its, sources)}
    modes = {kind: _mode(its, kind) for its in [entry.entry("modes")] for kind in _kinds(its, sources)}
    starts, ends = _day(entry, "from", 0), _day(entry, "until", FOREVER)
    if starts >= ends:
        raise entry.bad("it ends before it begins", "until")
    section = entry.text("section") if "section" in entry else ""
    return RankRule(
        section, _words(entry, "fields"), _words(entry, "classes", CLASSES), ranks, modes, starts, ends,
        _reason(entry),
    )  # fmt: skip


def _kinds(entry: Entry, sources: Order) -> Iterable[str]:
    for kind in entry:
        if kind not in sources:
            raise entry.bad(f"{kind} is no source of this table", kind)
    return entry


def _reason(entry: Entry) -> Reason:
    texts = entry.entry("reason")
    texts.only(frozenset({"zh", "en"}))
    return {language: texts.text(language) for language in texts}


def _rank(entry: Entry, key: str) -> int:
    rank: Any = entry[key]
    if type(rank) is not int or not 0 < rank <= MAX_RANK:
        raise entry.bad(f"a whole number from 1 to {MAX_RANK} expected", key)
    return rank


def _mode(entry: Entry, key: str) -> Mode:
    try:
        return Mode(entry.text(key))
    except ValueError:
        raise entry.bad(f"{key}: {', '.join(Mode)} expected", key) from None


def _day(entry: Entry, key: str, default: int) -> int:
    """Return the beginning of the day at `key` in UTC (ms)."""
    if key not in entry:
        return default
    try:
        text = entry.text(key)
        day = datetime.strptime(text if _DAY.fullmatch(text) else "", "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise entry.bad(f"{key}: a day expected, such as 2026-01-31", key) from None
    return int(day.timestamp() * 1000)


def _words(entry: Entry, key: str, allowed: tuple[str, ...] = ()) -> frozenset[str]:
    words = entry.items_of(key)
    if not all(isinstance(word, str) and (not allowed or word in allowed) for word in words):
        raise entry.bad(f"{key}: words expected" + (f", of {', '.join(allowed)}" if allowed else ""), key)
    return frozenset(words)
