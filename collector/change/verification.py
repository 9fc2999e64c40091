"""Verification: each line of a change is one expectation, held against what was seen after its work was over.

A change closes when every line is final. What nobody saw is unknown, never right; what did not come is named.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from collector.change.covering import DAY_MS
from collector.change.record import RULE, Change, Line
from collector.model import Value

VERIFY_WITHIN_MS = DAY_MS
"""How long after the work a fresh observation is waited for before what is missing is said to be unknown."""


class LineState(enum.StrEnum):
    PENDING = "pending"
    UNKNOWN = "unknown"
    """Nothing was seen in time: the evidence is missing."""
    FAILED = "failed"
    VERIFIED = "verified"
    USED_DISCOVERED = "used_discovered"
    """No value was promised; what was found is recorded."""
    MANUAL_REQUIRED = "manual_required"
    """No source can see this, or two disagree about it: a person looks."""
    MANUALLY_VERIFIED = "manually_verified"
    SET_TO_PLANNED = "set_to_planned"
    """No source can see this; a person lets the record say what was planned."""
    ACCEPTED_DISCOVERED = "accepted_discovered"
    """Another value than planned; a person decided that it is right."""
    CANCELLED = "cancelled"
    """A person decided that this part was not done."""


DECIDED = frozenset({
    LineState.MANUALLY_VERIFIED, LineState.SET_TO_PLANNED, LineState.ACCEPTED_DISCOVERED, LineState.CANCELLED,
})  # fmt: skip
"""What only a person can say."""
FINAL = DECIDED | {LineState.VERIFIED, LineState.USED_DISCOVERED}


@dataclass(frozen=True, slots=True)
class Sight:
    """What an observation of one source showed where a line looks; `began_at`: when it began to look.

    `value` None: it looked and nothing is there. A look that failed is no sight.
    """

    source: str
    began_at: int
    value: Value


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one line: its sights, whether any source sees such things at all, and what a person decided."""

    sights: Sequence[Sight] = ()
    is_discoverable: bool = True
    decided: LineState | None = None


@dataclass(frozen=True, slots=True)
class LineCheck:
    """Where one line stands. `seen`: the newest sight that says so."""

    line: Line
    state: LineState
    seen: Sight | None = None

    @property
    def is_final(self) -> bool:
        return self.state in FINAL


def verify(change: Change, evidence: Mapping[int, Evidence], now: int) -> tuple[LineCheck, ...]:
    """Return a check for each line of `change` at `now` (ms); `evidence` is by the line's place in `change.lines`."""
    return tuple(_check(change, line, evidence.get(place, Evidence()), now) for place, line in enumerate(change.lines))


def unmet(checks: Iterable[LineCheck]) -> tuple[LineCheck, ...]:
    """Return the checks that keep a change from closing."""
    return tuple(check for check in checks if not check.is_final)


def _check(change: Change, line: Line, evidence: Evidence, now: int) -> LineCheck:
    if evidence.decided in DECIDED:
        return LineCheck(line, evidence.decided)
    over_at = change.is_over_at
    if line.path.section == RULE:  # an alert may come, and need not
        is_over = over_at is not None and now >= over_at
        return LineCheck(line, LineState.USED_DISCOVERED if is_over else LineState.PENDING)
    if not evidence.is_discoverable:
        return LineCheck(line, LineState.MANUAL_REQUIRED)
    if over_at is None or now < over_at:
        return LineCheck(line, LineState.PENDING)
    newest = _newest(each for each in evidence.sights if over_at < each.began_at <= now)
    if not newest:
        is_late = now > over_at + VERIFY_WITHIN_MS
        return LineCheck(line, LineState.UNKNOWN if is_late else LineState.PENDING)
    states = {_state(line, sight) for sight in newest}
    state = states.pop() if len(states) == 1 else LineState.MANUAL_REQUIRED
    return LineCheck(line, state, max(newest, key=lambda sight: (sight.began_at, sight.source)))


def _newest(sights: Iterable[Sight]) -> list[Sight]:
    """Return the newest sight of each source: an older one was overtaken."""
    newest: dict[str, Sight] = {}
    for sight in sorted(sights, key=lambda each: each.began_at):
        newest[sight.source] = sight
    return list(newest.values())


def _state(line: Line, sight: Sight) -> LineState:
    met = line.expected.met_by(sight.value)
    if met is None:
        return LineState.USED_DISCOVERED
    return LineState.VERIFIED if met else LineState.FAILED
