"""A stock-take: what was to be there when it began, what people said of it, and what that comes to.

Pure values. What is in scope is frozen when it begins; what people say is only added to, and the last word on a
thing counts. So two people may count at once, and the report of a closed one can be worked out again at any time.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import unquote

MAX_SCAN: Final = 300
MAX_PLACE: Final = 200
MAX_NOTE: Final = 300


class Kind(StrEnum):
    """`round`: the machine room is walked, monthly; `yearly`: everything is counted."""

    ROUND = "round"
    YEARLY = "yearly"


class Outcome(StrEnum):
    """What is said of one thing. `damaged`: it is there, not in order; `found`: nobody expected it; `withdrawn`: what
    was said before is taken back.
    """

    CONFIRMED = "confirmed"
    MOVED = "moved"
    DAMAGED = "damaged"
    MISSING = "missing"
    FOUND = "found"
    WITHDRAWN = "withdrawn"


OPEN: Final = "open"
"""The state of a line nobody has said anything of."""
STATES: Final = (OPEN, Outcome.CONFIRMED, Outcome.MOVED, Outcome.DAMAGED, Outcome.MISSING, Outcome.FOUND)


class BadScan(ValueError):
    """What came from the scanner is no line of text."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which CIs: every part that is given must hold. `cis`: uids; labels are compared as people count them."""

    classes: tuple[str, ...] = ()
    place: str = ""
    label_from: str = ""
    label_to: str = ""
    cis: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Thing:
    """A CI as its record has it."""

    ci_id: int
    uid: str
    name: str
    ci_class: str
    ci_type: str
    label: str = ""
    owner: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is expected. `last_seen` (ms, 0: never) and `plugged`: what discovery knew of it."""

    thing: Thing
    last_seen: int = 0
    plugged: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """What somebody said at a time (ms). `seen`: what was scanned or typed; `thing`: None when nobody knows it.

    `key`: made by whoever sends it, so that what is sent twice counts once.
    """

    outcome: Outcome
    at: int
    who: str
    key: str
    thing: Thing | None = None
    place: str = ""
    seen: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A line with its last word; `contested`: two people said different things of it."""

    line: Line
    mark: Mark | None = None
    contested: bool = False

    @property
    def state(self) -> str:
        return OPEN if self.mark is None else str(self.mark.outcome)


@dataclass(frozen=True, slots=True)
class Result:
    """Where a stock-take stands: every line, what was found beside, and how many there are of each state."""

    rows: tuple[Row, ...]
    found: tuple[Mark, ...]
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        return not self.counts[OPEN]


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scan names: a CI by its uid when a label of ours was read, and the text on it."""

    uid: str
    text: str


# --- the scope

INTANGIBLE: Final = frozenset({"application", "system_software"})
VIRTUAL: Final = frozenset({"virtual_machine"})


def is_tangible(thing: Thing) -> bool:
    """Return whether one can walk up to it and put a label on it."""
    return thing.ci_class not in INTANGIBLE and thing.ci_type not in VIRTUAL


def holds(scope: Scope, thing: Thing) -> bool:
    """Return whether `thing` is in scope; one without a label is in no range of labels.

    Software is in scope only when its class is named, a virtual machine only when it is named itself.
    """
    if scope.classes and thing.ci_class not in scope.classes:
        return False
    if scope.cis and thing.uid not in scope.cis:
        return False
    is_named = bool(scope.cis) or thing.ci_class in INTANGIBLE.intersection(scope.classes)
    if not is_named and not is_tangible(thing):
        return False
    if scope.place and not is_within(thing.place, scope.place):
        return False
    return _is_between(thing.label, scope.label_from, scope.label_to)


def _is_between(label: str, first: str, last: str) -> bool:
    if not first and not last:
        return True
    if not label:
        return False
    return (not first or _order(first) <= _order(label)) and (not last or _order(label) <= _order(last))


def _order(label: str) -> list[tuple[int, int, str]]:
    """Return what labels compare by: digits as numbers, so that A-9 comes before A-10."""
    parts = re.findall(r"[0-9]+|[^0-9]+", label.casefold())
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]


def is_within(place: str, wider: str) -> bool:
    """Return whether `place` is `wider` or a part of it: 机房A/3排 is within 机房A, A10 is not within A1."""
    inner, outer = " ".join(place.casefold().split()), " ".join(wider.casefold().split())
    if not inner.startswith(outer):
        return False
    rest = inner[len(outer) :]
    return not rest or not rest[0].isalnum() or not outer or not outer[-1].isalnum() or _turns(outer[-1], rest[0])


def _turns(last: str, first: str) -> bool:
    """Return whether a new word begins between two characters: from Chinese to Latin, not from digit to digit."""
    return last.isascii() != first.isascii()


# --- what is said


def outcome_at(line: Line | None, place: str) -> Outcome:
    """Return what it means that a thing stands at `place` (empty: nobody said where)."""
    if line is None:
        return Outcome.FOUND
    return Outcome.CONFIRMED if not place or is_within(line.thing.place, place) else Outcome.MOVED


def one_line(text: str, most: int = MAX_SCAN) -> str:
    """Return what was scanned or typed as one printable line; raise `BadScan`."""
    line = " ".join(text[: most * 4].split())
    if not line or len(line) > most or not line.isprintable():
        raise BadScan(f"one printable line of at most {most} characters is expected")
    return line


_UID: Final = "[0-9a-f]{8}[0-9a-f-]{8,28}"
_LINK: Final = re.compile(rf"https?://[^/\s]+(?:/[^/\s]+)*/cis/({_UID})(?:#(\S*))?", re.ASCII)
_PLAIN: Final = re.compile(rf"({_UID})(?: (.*))?", re.ASCII)


def scanned(text: str) -> Scanned:
    """Return what a scan names: a label of ours, or else whatever text it is; raise `BadScan`."""
    line = one_line(text)
    found = _LINK.fullmatch(line) or _PLAIN.fullmatch(line)
    if found is None:
        return Scanned("", line)
    return Scanned(found[1], " ".join(unquote(found[2] or "").split())[:64])


# --- what it comes to


def result(lines: Sequence[Line], marks: Iterable[Mark]) -> Result:
    """Return where things stand; `marks` the oldest first."""
    said: dict[int | str, list[Mark]] = {}
    for mark in marks:
        said.setdefault(mark.thing.ci_id if mark.thing else mark.seen.casefold(), []).append(mark)
    rows = tuple(_row(line, said.pop(line.thing.ci_id, [])) for line in lines)
    found = tuple(each[-1] for each in said.values() if each[-1].outcome is not Outcome.WITHDRAWN)
    counted = Counter(row.state for row in rows) + Counter({str(Outcome.FOUND): len(found)})
    return Result(rows, found, {str(state): counted[str(state)] for state in STATES})


@dataclass(frozen=True, slots=True)
class Moved:
    """A thing that stands at `place`, and not where its record says."""

    thing: Thing
    place: str


def moved(whole: Result) -> list[Moved]:
    """Return what has moved: of what was expected, and of what was found beside it."""
    rows = [(row.line.thing, row.mark.place) for row in whole.rows if row.mark and row.state == Outcome.MOVED]
    beside = [(mark.thing, mark.place) for mark in whole.found if mark.thing and mark.place]
    strays = [(thing, place) for thing, place in beside if not is_within(thing.place, place)]
    return [Moved(thing, place) for thing, place in (*rows, *strays)]


def _row(line: Line, said: Sequence[Mark]) -> Row:
    if not said or said[-1].outcome is Outcome.WITHDRAWN:
        return Row(line)
    last_words = {mark.who: _gist(mark) for mark in said if mark.outcome is not Outcome.WITHDRAWN}
    return Row(line, said[-1], len(set(last_words.values())) > 1)


def _gist(mark: Mark) -> tuple[Outcome, str]:
    """Return what a mark says that another one may contradict."""
    return mark.outcome, mark.place if mark.outcome is Outcome.MOVED else ""


def digest(head: Mapping[str, object], whole: Result) -> str:
    """Return the SHA-256 of a report: whoever has it can tell whether the report is still the one that was closed."""
    said = {"head": head, "rows": [asdict(row) for row in whole.rows], "found": [asdict(each) for each in whole.found]}
    text = json.dumps(said, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
