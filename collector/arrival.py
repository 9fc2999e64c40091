"""Arrivals: which rule, if any, lets a newcomer be accepted without a person, and why not where none does.

What a device says of itself could be said by any other one. So where it stands is where the collector knows it was
reached: the address a probe that is appointed for the zone looked at, the one an agent calls from; never an address, a
name or a place among its own facts. Class and type are what it answered there, and one that was heard of anywhere else
too is left to a person: the other one may be whose word it took.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple

from collector.classes import UNKNOWN
from wire.ranges import Ranges, ranges

DOUBT, CLASS, ELSEWHERE, IDENTIFIER = "doubt", "class", "elsewhere", "identifier"
WHY_NOT: Final[Mapping[str, str]] = {
    DOUBT: "a doubt about its identity is open: that is decided first",
    CLASS: "no source could say what it is",
    ELSEWHERE: "it was reached elsewhere too, or heard of by somebody who is no probe of the zone",
    IDENTIFIER: "it shows nothing that names it for certain, such as a serial number",
}
"""Why a newcomer a rule is about is left to a person."""


class Sighting(NamedTuple):
    """Where somebody reached it: zone ("" the default one) and address; empty where nobody we trust says so."""

    zone: str
    address: str


NOWHERE: Final = Sighting("", "")


@dataclass(frozen=True, slots=True)
class Arrival:
    """A proposed CI: what it was found to be, everywhere it was heard from, and what speaks against it. Times in ms."""

    ci_id: int
    ci_class: str
    ci_type: str
    created_at: int
    sightings: frozenset[Sighting] = frozenset()
    is_doubted: bool = False
    is_named: bool = True
    """A strong identifier of it is known."""


@dataclass(frozen=True)
class ArrivalRule:
    """Which newcomers are accepted: of a class (and a type, "": any), reached in `zone` within these `within`.

    No range: anywhere in a zone that has a name. `gives`: values of the record where nobody said any. It holds for what
    came to be after `on_since` (ms; 0: it is off) until `ends_at`. `made_by`: who wrote this version.
    """

    name: str
    ci_class: str
    ci_type: str = ""
    zone: str = ""
    within: tuple[str, ...] = ()
    gives: Mapping[str, str] = field(default_factory=dict)
    ends_at: int | None = None
    number: str = ""
    version: int = 0
    on_since: int = 0
    made_by: str = ""

    @cached_property
    def where(self) -> Ranges:
        return ranges(self.within)

    def holds(self, at: int) -> bool:
        """Return whether it is on at that time (ms)."""
        return bool(self.on_since) and self.on_since <= at and (self.ends_at is None or at < self.ends_at)

    def covers(self, seen: Sighting) -> bool:
        """Return whether that is where it looks for newcomers. What names no place covers none."""
        if not seen.address or seen.zone != self.zone:
            return False
        return _is_in(seen.address, self.where) if self.within else bool(self.zone)

    def is_about(self, arrival: Arrival) -> bool:
        """Return whether a newcomer is one of those it may accept, or may turn out to be one."""
        kinds = {self.ci_class, UNKNOWN}, {self.ci_type or arrival.ci_type, UNKNOWN}
        is_kind = arrival.ci_class in kinds[0] and arrival.ci_type in kinds[1]
        return is_kind and any(map(self.covers, arrival.sightings))

    def why_not(self, arrival: Arrival) -> str:
        """Return a word of `WHY_NOT` for one it is about; empty: nothing speaks against it."""
        if arrival.is_doubted:
            return DOUBT
        if UNKNOWN in (arrival.ci_class, arrival.ci_type):
            return CLASS
        if not all(map(self.covers, arrival.sightings)):
            return ELSEWHERE
        return "" if arrival.is_named else IDENTIFIER


def _is_in(address: str, where: Ranges) -> bool:
    try:
        return address in where
    except ValueError:
        return False


def rule_for(arrival: Arrival, rules: Iterable[ArrivalRule], at: int) -> ArrivalRule | None:
    """Return the rule that accepts a newcomer at that time (ms): of several the one that was made first.

    What was there before a rule was turned on is accepted by a person's word only.
    """
    fitting = (
        each for each in rules
        if each.holds(at) and each.on_since <= arrival.created_at
        and each.is_about(arrival) and not each.why_not(arrival)
    )  # fmt: skip
    return min(fitting, key=lambda each: each.number, default=None)
