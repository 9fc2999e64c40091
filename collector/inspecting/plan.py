"""A plan of periodic maintenance, as people write it and as it is kept: checked once, where it comes in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from collector.inspecting.reading import MAX_TEXT, Reader, Texts
from collector.inspecting.reading import BadPlan as BadPlan

HOUR_MS: Final = 3_600_000
MAX_ITEMS: Final = 100
MAX_OPTIONS: Final = 10
MAX_CHECKS: Final = 200
MAX_NOTE: Final = 4_000
MAX_NAME: Final = 100
MAX_AHEAD_MS: Final = 7 * 24 * HOUR_MS
MAX_DUE_MS: Final = 400 * HOUR_MS
CHOICE, READING, TEXT = "choice", "reading", "text"
ANSWERS: Final = (CHOICE, READING, TEXT)
PHOTOS: Final = ("none", "optional", "required")
NON_WORKDAYS: Final = ("run", "skip", "next", "previous")
CADENCES: Final = ("daily", "weekly", "monthly")
"""How often a rule is worth asking, the most often first; a plan takes what is asked at least as often as it runs."""
_ID: Final = re.compile(r"[A-Z][A-Z0-9-]{0,39}", re.ASCII)
_CHECK: Final = re.compile(r"[A-Z0-9*?-]{1,64}|pack:[a-z0-9_-]{1,64}", re.ASCII)
_CLASS: Final = re.compile(r"[a-z_]{1,40}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When it is due: `rrule` from the day `starts` (ISO) on, by the clock of `zone` (IANA).

    `on_non_workday`: what becomes of a day nobody works on. `ahead_ms`: how long before, a run is made;
    `due_ms`: how much working time there is for it.
    """

    rrule: str
    zone: str = "Asia/Shanghai"
    starts: str = "2026-01-01"
    on_non_workday: str = "run"
    ahead_ms: int = 0
    due_ms: int = 4 * HOUR_MS


@dataclass(frozen=True, slots=True)
class Scope:
    """Which CIs: every part that is given must hold. `match`: an expression over the CI's own fields."""

    classes: tuple[str, ...] = ()
    place: str = ""
    label: str = ""
    match: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to choose; `ok` False: choosing it is a problem."""

    text: Texts
    ok: bool = True


@dataclass(frozen=True, slots=True)
class Item:
    """Something a person fills in. A reading has a unit, and is a problem outside of [low, high]."""

    id: str
    text: Texts
    answer: str = CHOICE
    options: tuple[Option, ...] = ()
    unit: str = ""
    low: float | None = None
    high: float | None = None
    photo: str = "none"


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole. `checks`: ids of rules, globs of them, `pack:NAME`. `review`: another person signs, too."""

    title: Texts
    schedule: Schedule
    assignee: str
    deputy: str = ""
    scope: Scope = field(default_factory=Scope)
    checks: tuple[str, ...] = ()
    cadence: str = "monthly"
    items: tuple[Item, ...] = ()
    review: bool = True
    note: str = ""
    template: str = ""

    def item(self, name: str) -> Item | None:
        return next((each for each in self.items if each.id == name), None)


def values_of(plan: Plan) -> dict[str, Any]:
    """Return `plan` as JSON values, for `of_values`."""
    return asdict(plan)


def of_values(values: Mapping[str, Any]) -> Plan:
    """Return the plan that JSON values say; raise `BadPlan`."""
    read = Reader(values, "plan")
    read.only("title", "schedule", "assignee", "deputy", "scope", "checks", "cadence", "items", "review", "note",
              "template")  # fmt: skip
    items = tuple(_item(each) for each in read.parts("items", MAX_ITEMS))
    if len({each.id for each in items}) < len(items):
        raise BadPlan("an id stands twice", "items")
    plan = Plan(
        read.texts("title"), schedule_of(read.part("schedule")), read.text("assignee", MAX_NAME, needed=True),
        read.text("deputy", MAX_NAME), _scope(read.part("scope")), read.words("checks", MAX_CHECKS, _CHECK),
        read.choice("cadence", CADENCES, "monthly"), items, read.flag("review", True),
        read.text("note", MAX_NOTE), read.text("template", MAX_NAME),
    )  # fmt: skip
    if plan.deputy and plan.deputy == plan.assignee:
        raise BadPlan("somebody else is expected", "deputy")
    if not plan.checks and not plan.items:
        raise BadPlan("checks or items are expected: there is nothing to do", "checks")
    return plan


def schedule_of(read: Reader) -> Schedule:
    """Return the schedule a mapping says; raise `BadPlan`."""
    read.only("rrule", "zone", "starts", "on_non_workday", "ahead_ms", "due_ms")
    return Schedule(
        read.text("rrule", 300, needed=True), read.text("zone", 64) or "Asia/Shanghai",
        read.text("starts", 10) or "2026-01-01", read.choice("on_non_workday", NON_WORKDAYS, "run"),
        read.whole("ahead_ms", 0, MAX_AHEAD_MS, 0), read.whole("due_ms", 0, MAX_DUE_MS, 4 * HOUR_MS),
    )  # fmt: skip


def _scope(read: Reader) -> Scope:
    read.only("classes", "place", "label", "match")
    return Scope(
        read.words("classes", 20, _CLASS), read.text("place", MAX_TEXT), read.text("label", 64),
        read.text("match", 2_000),
    )  # fmt: skip


def _item(read: Reader) -> Item:
    read.only("id", "text", "answer", "options", "unit", "low", "high", "photo")
    name = read.text("id", 40, needed=True)
    if not _ID.fullmatch(name):
        raise BadPlan("words of A-Z and 0-9 joined by '-' are expected, as in M-FIRE", read.at("id"))
    answer = read.choice("answer", ANSWERS, CHOICE)
    options = tuple(_option(each) for each in read.parts("options", MAX_OPTIONS))
    if (answer == CHOICE) != bool(options):
        raise BadPlan("a choice has options, nothing else has", read.at("options"))
    low, high = read.number("low"), read.number("high")
    if (low is not None or high is not None) and answer != READING:
        raise BadPlan("only a reading has limits", read.at("low"))
    if low is not None and high is not None and low > high:
        raise BadPlan("the lower limit is above the upper one", read.at("low"))
    return Item(
        name, read.texts("text"), answer, options, read.text("unit", 20), low, high,
        read.choice("photo", PHOTOS, "none"),
    )  # fmt: skip


def _option(read: Reader) -> Option:
    read.only("text", "ok")
    return Option(read.texts("text"), read.flag("ok", True))
