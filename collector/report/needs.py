"""What a CI needs to be complete, fresh and verified (`rules/health.yaml`), and the score it gets by it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from collector.classes import ALL_TYPES, CLASSES
from collector.yamlfile import Entry, read

DAY_MS: Final = 86_400_000
ANY: Final = "any"
WHOLE: Final = "*"
MAX_DAYS: Final = 3650
_DAYS: Final = re.compile(r"([1-9]\d{0,3})d", re.ASCII)
_PLACE: Final = re.compile(r"([a-z_]+)\.([a-z_]+|\*)", re.ASCII)

At = tuple[str, str]
"""Section and key; the key `WHOLE`: anything of that section."""


@dataclass(frozen=True, slots=True)
class Need:
    """A value a CI must have, at any of these places, unless it is of a type that has none."""

    name: str
    at: tuple[At, ...]
    not_for: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Needs:
    """The whole file: class → needs, section → age (ms) at which it is stale, and for how long a word verifies (ms)."""

    of_class: Mapping[str, tuple[Need, ...]] = field(default_factory=dict)
    ages: Mapping[str, int] = field(default_factory=dict)
    verified_ms: int = 35 * DAY_MS

    def of(self, ci_class: str, ci_type: str) -> tuple[Need, ...]:
        every = (*self.of_class.get(ANY, ()), *self.of_class.get(ci_class, ()))
        return tuple(each for each in every if ci_type not in each.not_for)

    @property
    def places(self) -> frozenset[At]:
        """Everything any CI is asked for."""
        return frozenset(at for needs in self.of_class.values() for need in needs for at in need.at)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one CI: where it has values, section → last good reading, and the last word of anybody (ms)."""

    ci_class: str
    ci_type: str
    has: Collection[At]
    sections: Mapping[str, int]
    confirmed_at: int


@dataclass(frozen=True, slots=True)
class Score:
    """How good a record is, each from 0 to 1, None where nothing is asked; and what is wrong with it."""

    complete: float | None
    fresh: float | None
    verified: float
    missing: tuple[str, ...]
    stale: tuple[str, ...]

    @property
    def whole(self) -> float:
        told = [each for each in (self.complete, self.fresh, self.verified) if each is not None]
        return sum(told) / len(told)

    @property
    def todo(self) -> tuple[str, ...]:
        """What to do, the most useful first: look at the source, go there, fill in."""
        wrong = (("source", self.stale), ("verify", self.verified < 1), ("fill", self.missing))
        return tuple(word for word, is_wrong in wrong if is_wrong)


def score(needs: Needs, known: Known, now: int) -> Score:
    """Return how good the record of one CI is at `now` (ms)."""
    asked = needs.of(known.ci_class, known.ci_type)
    missing = tuple(each.name for each in asked if not any(at in known.has for at in each.at))
    timed = {name: at for name, at in known.sections.items() if name in needs.ages}
    stale = tuple(sorted(name for name, at in timed.items() if now - at > needs.ages[name]))
    return Score(
        1 - len(missing) / len(asked) if asked else None,
        1 - len(stale) / len(timed) if timed else None,
        _verified(now - known.confirmed_at, needs.verified_ms),
        missing,
        stale,
    )


def _verified(age: int, within: int) -> float:
    """Return 1 within the time, then less and less, 0 from twice the time on."""
    return min(1.0, max(0.0, 2 - age / within))


def load(file: Path) -> Needs:
    """Return what `file` says; raise `BadFile`."""
    whole = read(file)
    whole.only(frozenset({"verified_days", "reason", "needs", "sections"}))
    whole.text("reason")
    days = whole["verified_days"]
    if not isinstance(days, int) or not 1 <= days <= MAX_DAYS:
        raise whole.bad(f"a number of days from 1 to {MAX_DAYS} expected", "verified_days")
    needs, sections = whole.entry("needs"), whole.entry("sections")
    for name in needs:
        if name not in (*CLASSES, ANY):
            raise needs.bad(f"no such class: {name}", name)
    of_class = {name: _needs(needs.entry(name)) for name in needs}
    return Needs(of_class, {name: _age(sections.entry(name)) for name in sections}, days * DAY_MS)


def _needs(entry: Entry) -> tuple[Need, ...]:
    return tuple(_need(name, entry.entry(name)) for name in entry)


def _need(name: str, entry: Entry) -> Need:
    entry.only(frozenset({"at", "reason"}), frozenset({"not_for"}))
    entry.text("reason")
    places = [_PLACE.fullmatch(str(each)) for each in entry.items_of("at")]
    if not places or not all(places):
        raise entry.bad("places such as record.owner expected", "at")
    not_for = frozenset(map(str, entry.items_of("not_for")))
    if not not_for <= set(ALL_TYPES):
        raise entry.bad(f"no such type: {', '.join(sorted(not_for - set(ALL_TYPES)))}", "not_for")
    return Need(name, tuple((place[1], place[2]) for place in places if place), not_for)


def _age(entry: Entry) -> int:
    entry.only(frozenset({"age", "reason"}))
    entry.text("reason")
    days = _DAYS.fullmatch(entry.text("age"))
    if days is None:
        raise entry.bad("days such as 7d expected", "age")
    return int(days[1]) * DAY_MS
