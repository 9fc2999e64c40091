"""How the desk works, as data: priorities, targets, who gets what, why clocks stop. Read from `rules/desk.yaml`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from collector.classes import CLASSES
from collector.severity import SEVERITIES
from collector.workcalendar import MINUTE_MS, AroundTheClock, Calendar, Counting
from collector.yamlfile import Entry, read

URGENCIES: Final = ("low", "medium", "high", "critical")
IMPACTS: Final = ("one", "group", "room", "site")
"""From one device or user to a whole site."""
PRIORITIES: Final = ("P1", "P2", "P3", "P4")
RESPONSE, RESOLUTION = "response", "resolution"
CLOCKS: Final = (RESPONSE, RESOLUTION)
HOUR_MS: Final = 60 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class Target:
    """What one priority promises, in ms of its own calendar, by clock."""

    allowed: Mapping[str, int]
    around_the_clock: bool = False


@dataclass(frozen=True, slots=True)
class Level:
    """From how many dependent CIs, or applications among them, an impact is at least this."""

    impact: str
    cis: int
    applications: int


@dataclass(frozen=True, slots=True)
class Route:
    """Where incidents of these classes and sites (empty: any) go; the first that fits."""

    classes: frozenset[str]
    sites: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Keep:
    """How long what nobody takes stays with a line, in percent of the time to respond; categories (none: any)."""

    line: int
    percent: int
    categories: frozenset[str]


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a list, by language, which people choose from unless it is `automatic`.

    `stops`: whether clocks stand still while an incident waits for it.
    """

    text: Mapping[str, str]
    stops: bool = False
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """All of it; `levels` from the widest impact to the narrowest.

    `sorts`: what rules call the sort of their alarms, or what that begins with (`server/*`) → the category.
    """

    matrix: Mapping[tuple[str, str], str] = field(default_factory=dict)
    targets: Mapping[str, Target] = field(default_factory=dict)
    levels: tuple[Level, ...] = ()
    urgency: Mapping[str, str] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    handing_on: tuple[Keep, ...] = ()
    pauses: Mapping[str, Word] = field(default_factory=dict)
    codes: Mapping[str, Word] = field(default_factory=dict)
    categories: Mapping[str, Word] = field(default_factory=dict)
    sorts: Mapping[str, str] = field(default_factory=dict)
    warn_percent: int = 75
    close_after_ms: int = 24 * HOUR_MS
    score_within_ms: int = 14 * 24 * HOUR_MS
    calendar: Calendar = field(default_factory=Calendar)

    def counting(self, priority: str) -> Counting:
        """Return the calendar the clocks of a priority go by."""
        target = self.targets.get(priority)
        return _ALWAYS if target is not None and target.around_the_clock else self.calendar

    def allowed(self, priority: str, clock: str) -> int | None:
        """Return how long a clock may run, in ms; None: nothing is promised."""
        target = self.targets.get(priority)
        return None if target is None else target.allowed[clock]

    def line(self, ci_class: str, place: str) -> int:
        """Return which line an incident of this class and place begins with."""
        fits = (each for each in self.routes if not each.classes or ci_class in each.classes)
        return next((each.line for each in fits if not each.sites or place.startswith(each.sites)), 1)

    def keeps(self, line: int, category: str) -> int | None:
        """Return how long what nobody takes stays with a line, in percent of the time to respond; None: for ever."""
        fits = (each for each in self.handing_on if each.line == line)
        return next((each.percent for each in fits if not each.categories or category in each.categories), None)

    def category(self, sort: str) -> str:
        """Return the category of what a rule calls so; of what no table knows (any more) the last of them."""
        found = self.category_of(sort)
        return [sort, *self.categories][-1] if found is None else found

    def category_text(self, sort: str) -> Mapping[str, str]:
        """Return the words of the category of what a rule calls so, by language; none where there is no category."""
        word = self.categories.get(self.category(sort))
        return {} if word is None else word.text

    def knows(self, sort: str) -> bool:
        """Return whether it sorts what a rule calls so; one without `sorts`, from before there were any, knows all."""
        return not self.sorts or self.category_of(sort) is not None

    def category_of(self, sort: str) -> str | None:
        """Return the category of what a rule calls so, None where the table says nothing of it."""
        if sort in self.categories or not sort:
            return sort
        above = f"{sort.partition('/')[0]}/*"
        return self.sorts.get(sort) or self.sorts.get(above)


_ALWAYS: Final = AroundTheClock()
BUILT_IN: Final = Table()
"""Promises nothing: for parts of the program, and tests, that have no desk."""


def load(file: Path, calendar: Calendar) -> Table:
    """Return the table in `file`; raise `BadFile`."""
    entry = read(file)
    entry.only(frozenset({
        "matrix", "targets", "impact", "urgency", "assignment", "handing_on", "pauses", "codes", "categories",
        "warn_percent", "close_after_hours", "score_within_days",
    }), frozenset({"sorts"}))  # fmt: skip
    return Table(
        _matrix(entry.entry("matrix")), _targets(entry.entry("targets")), tuple(_levels(entry)),
        _urgency(entry.entry("urgency")), tuple(_routes(entry)), tuple(_keeps(entry)),
        _words(entry.entry("pauses"), "stops", "reason"), _words(entry.entry("codes"), "automatic"),
        _words(entry.entry("categories")), _sorts(entry), _count(entry, "warn_percent", 99),
        _count(entry, "close_after_hours", 1000) * HOUR_MS, _count(entry, "score_within_days", 366) * 24 * HOUR_MS,
        calendar,
    )  # fmt: skip


def _matrix(entry: Entry) -> Mapping[tuple[str, str], str]:
    entry.only(frozenset(IMPACTS))
    found: dict[tuple[str, str], str] = {}
    for impact in IMPACTS:
        row = entry.entry(impact)
        row.only(frozenset(URGENCIES))
        found |= {(impact, urgency): _one_of(row, urgency, PRIORITIES) for urgency in URGENCIES}
    return found


def _targets(entry: Entry) -> Mapping[str, Target]:
    entry.only(frozenset(PRIORITIES))
    found = {}
    for priority in PRIORITIES:
        row = entry.entry(priority)
        row.only(frozenset({"response_minutes", "resolution_minutes", "calendar", "reason"}))
        row.text("reason")
        allowed = {clock: _count(row, f"{clock}_minutes", 100_000) * MINUTE_MS for clock in CLOCKS}
        found[priority] = Target(allowed, _one_of(row, "calendar", ("working", "always")) == "always")
    return found


def _levels(entry: Entry) -> list[Level]:
    found = []
    for row in entry.entries("impact"):
        row.only(frozenset({"level", "cis", "applications", "reason"}))
        row.text("reason")
        level = _one_of(row, "level", IMPACTS[1:])
        found.append(Level(level, _count(row, "cis", 10**6), _count(row, "applications", 10**6)))
    return sorted(found, key=lambda each: -IMPACTS.index(each.impact))


def _urgency(entry: Entry) -> Mapping[str, str]:
    entry.only(frozenset(SEVERITIES))
    return {severity: _one_of(entry, severity, URGENCIES) for severity in entry}


def _routes(entry: Entry) -> list[Route]:
    found = []
    for row in entry.entries("assignment"):
        row.only(frozenset({"line", "reason"}), frozenset({"classes", "sites"}))
        row.text("reason")
        classes = _texts(row, "classes")
        if unknown := sorted(set(classes) - set(CLASSES)):
            raise row.bad(f"no such class: {unknown[0]}", "classes")
        found.append(Route(frozenset(classes), tuple(_texts(row, "sites")), _count(row, "line", 3)))
    return found


def _keeps(entry: Entry) -> list[Keep]:
    known, found = set(entry.entry("categories")), []
    for row in entry.entries("handing_on"):
        row.only(frozenset({"line", "response_percent", "reason"}), frozenset({"categories"}))
        row.text("reason")
        categories = frozenset(_texts(row, "categories"))
        if unknown := sorted(categories - known):
            raise row.bad(f"no such category: {unknown[0]}", "categories")
        found.append(Keep(_count(row, "line", 2), _count(row, "response_percent", 10_000), categories))
    return found


def _words(entry: Entry, *more: str) -> Mapping[str, Word]:
    found = {}
    for key in entry:
        row = entry.entry(key)
        row.only(frozenset({"zh", "en"}), frozenset(more))
        flags = [row.get(name, False) for name in ("stops", "automatic")]
        if not all(isinstance(each, bool) for each in flags):
            raise row.bad("true or false expected")
        found[key] = Word({"zh": row.text("zh"), "en": row.text("en")}, *flags)
    return found


def _sorts(entry: Entry) -> Mapping[str, str]:
    """Return sort, or what it begins with → category; each once."""
    rows, found = entry.entry("sorts"), dict[str, str]()
    rows.only(frozenset(), frozenset(entry.entry("categories")))
    for category in rows:
        for sort in _texts(rows, category):
            if sort in found:
                raise rows.bad(f"{sort} is of {found[sort]} already", category)
            found[sort] = category
    return found


def _texts(entry: Entry, key: str) -> list[str]:
    found = entry.items_of(key)
    if not all(isinstance(each, str) and each for each in found):
        raise entry.bad(f"{key}: words expected", key)
    return found


def _one_of(entry: Entry, key: str, words: Collection[str]) -> str:
    word = entry.text(key)
    if word not in words:
        raise entry.bad(f"{key}: one of {', '.join(words)} expected", key)
    return word


def _count(entry: Entry, key: str, most: int) -> int:
    value = entry.get(key)
    if type(value) is not int or not 1 <= value <= most:
        raise entry.bad(f"{key}: a whole number from 1 to {most} expected", key)
    return value
