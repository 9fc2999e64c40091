"""Retirement: what one run found of those it looked for → whose misses count, and what that makes of each of them.

A miss is a doubt about who looked as much as about what was looked for. So it counts only where the same probe reached
another known thing in the same scope, and a run that lost too many at once counts for nothing.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from collector.model import CiState
from collector.retirement_policy import Guard, Terms

AT_ONCE = Terms(misses=1, span_ms=0)
"""The terms of what an approved change says will go: who looks once and misses it has seen it done."""


class Scope(NamedTuple):
    """Where one probe looked: its agent, and a network (empty: no network is in between)."""

    probe: int
    network: str


@dataclass(frozen=True, slots=True)
class Sight:
    """One CI a run looked for. `scopes`: where it was looked for; `reached`: in which of these it answered.

    `seen`: another source saw it at the time of the run. `misses`: those counted before. `awaited`: an approved change
    says that it goes. `at`: when it was looked for (ms).
    """

    ci_id: int
    at: int
    scopes: frozenset[Scope]
    reached: frozenset[Scope] = frozenset()
    seen: bool = False
    misses: int = 0
    awaited: bool = False

    @property
    def is_there(self) -> bool:
        return self.seen or bool(self.reached)


class RunVerdict(enum.StrEnum):
    """What is held of a run: its misses count, none does, or they do because a person said so."""

    COUNTED = "counted"
    QUARANTINED = "quarantined"
    BELIEVED = "believed"


@dataclass(frozen=True, slots=True)
class Counted:
    """What a run comes to. `looked`: for how many; `gone`: how many newly were; `missed`: whose misses count."""

    verdict: RunVerdict
    looked: int
    gone: int
    missed: tuple[Sight, ...]
    there: tuple[Sight, ...]


def count(sights: Sequence[Sight], guard: Guard, is_believed: bool = False) -> Counted:
    """Return what a run comes to; what a person believes counts in whole, whoever was reached."""
    there = tuple(each for each in sights if each.is_there)
    absent = [each for each in sights if not each.is_there]
    gone = sum(not each.misses and not each.awaited for each in absent)
    if is_believed:
        return Counted(RunVerdict.BELIEVED, len(sights), gone, tuple(absent), there)
    if gone and (not there or gone > guard.most(len(sights))):
        return Counted(RunVerdict.QUARANTINED, len(sights), gone, (), there)
    healthy = _healthy(sights)
    missed = tuple(each for each in absent if each.scopes <= healthy)
    return Counted(RunVerdict.COUNTED, len(sights), gone, missed, there)


def _healthy(sights: Iterable[Sight]) -> set[Scope]:
    """Return the scopes in which a canary answered; what is alone in its scope has those of the whole run."""
    known = Counter(scope for each in sights for scope in each.scopes)
    reached = {scope for each in sights for scope in each.reached}
    probes = {scope.probe for scope in reached}
    return reached | {scope for scope, those in known.items() if those == 1 and scope.probe in probes}


@dataclass(frozen=True, slots=True)
class Tally:
    """The misses of one CI that count: how many, the first and the last of them (ms)."""

    misses: int
    first_at: int
    last_at: int

    def state(self, terms: Terms) -> CiState:
        """Return what they make of it; only a miss moves it on, never time alone."""
        if not self.misses:
            return CiState.ACTIVE
        is_long = self.last_at - self.first_at >= terms.span_ms
        return CiState.MISSING if is_long and self.misses >= terms.misses else CiState.UNREACHABLE


class Phase(enum.StrEnum):
    """How far a CI has come: its misses count; it is said to be gone; that is approved; it is back, and that is not."""

    MISSED = "missed"
    GONE = "gone"
    RETIRED = "retired"
    BACK = "back"


class Move(enum.StrEnum):
    """What is to be done with a CI that was missed."""

    NOTHING = "nothing"
    DOUBT = "doubt"
    """It is unreachable from now on."""
    LOSE = "lose"
    """It is missing: said to be gone, which is held against changes."""
    RETIRE = "retire"
    ARCHIVE = "archive"
    RETURN = "return"
    """It was said to be gone and is there: that is held against changes, too."""
    RECOVER = "recover"
    """It was missed and is there; nothing more had been said."""
    REINSTATE = "reinstate"
    """It was retired, is there again, and that is approved."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A CI that was missed, as it stands. `seen_at`: when any source last saw it (ms); `retired_at` 0: it is not.

    `is_let_go`: an approved change or request lets it go, so that it is authorised to be gone.
    """

    state: CiState
    phase: Phase
    tally: Tally
    terms: Terms
    seen_at: int
    is_let_go: bool = False
    retired_at: int = 0


def step(each: Standing, now: int, archive_ms: int) -> Move:
    """Return what is to be done with it at `now` (ms)."""
    is_there = each.seen_at > each.tally.last_at
    match each.phase:
        case Phase.MISSED:
            return Move.RECOVER if is_there else _missed(each)
        case Phase.BACK if not each.is_let_go:
            return Move.REINSTATE
        case Phase.BACK:
            return _missed(each) if each.tally.misses and not is_there else Move.NOTHING
        case _ if is_there:
            return Move.RETURN
        case Phase.GONE:
            return Move.RETIRE if each.is_let_go else Move.NOTHING
        case Phase.RETIRED:
            is_old = each.state is CiState.RETIRED and now - each.retired_at >= archive_ms
            return Move.ARCHIVE if is_old else Move.NOTHING


def _missed(each: Standing) -> Move:
    if each.tally.state(each.terms) is CiState.MISSING:
        return Move.LOSE
    return Move.DOUBT if each.state is CiState.ACTIVE else Move.NOTHING
