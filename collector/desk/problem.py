"""The life of a problem, which is why the same comes back: proposed or raised, then solved or declined."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

OFTEN: Final = 3
"""So many times in `WITHIN_MS` the same is proposed to be a problem."""
WITHIN_MS: Final = 30 * 86_400_000


class State(enum.StrEnum):
    PROPOSED = "proposed"
    OPEN = "open"
    KNOWN_ERROR = "known_error"
    """Its cause or a way round it is known and written down."""
    RESOLVED = "resolved"
    CLOSED = "closed"
    DECLINED = "declined"


class Deed(enum.StrEnum):
    ACCEPT = "accept"
    DECLINE = "decline"
    KNOW = "know"
    RESOLVE = "resolve"
    CLOSE = "close"
    REOPEN = "reopen"
    EDIT = "edit"


@dataclass(frozen=True, slots=True)
class Step:
    """One act: the states it may be done in, the one it leads to (None: it stays), and whether the manager does it."""

    before: frozenset[State]
    after: State | None
    managed: bool = False


_S = State
SOLVING: Final = frozenset({_S.OPEN, _S.KNOWN_ERROR})
STANDING: Final = SOLVING | {_S.PROPOSED, _S.RESOLVED}
"""States in which it gathers what comes back; of each key there is one at most."""
STEPS: Final[Mapping[Deed, Step]] = {
    Deed.ACCEPT: Step(frozenset({_S.PROPOSED}), _S.OPEN, managed=True),
    Deed.DECLINE: Step(frozenset({_S.PROPOSED}), _S.DECLINED, managed=True),
    Deed.KNOW: Step(frozenset({_S.OPEN}), _S.KNOWN_ERROR),
    Deed.RESOLVE: Step(SOLVING, _S.RESOLVED),
    Deed.CLOSE: Step(SOLVING | {_S.RESOLVED}, _S.CLOSED, managed=True),
    Deed.REOPEN: Step(frozenset({_S.RESOLVED}), _S.OPEN),
    Deed.EDIT: Step(SOLVING | {_S.RESOLVED}, None),
}
NEEDS_REASON: Final = frozenset({Deed.DECLINE, Deed.REOPEN})


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem; `title` by language; times in ms. `cause`, `workaround` and `solution` are what people write.

    `occurrences`: how often it came in the 30 days before it was raised. `reason`: why it was declined.
    """

    id: int
    number: str
    cause_key: str
    state: State
    title: Mapping[str, str]
    owner: str
    cause: str
    workaround: str
    solution: str
    raised_at: int
    raised_by: str
    occurrences: int
    decided_at: int | None
    decided_by: str
    reason: str
    resolved_at: int | None
    closed_at: int | None
    version: int


def lacking(problem: Problem, act: Deed, text: str) -> str:
    """Return the field without which an act is not done, "" when nothing is missing."""
    if act in NEEDS_REASON and not text:
        return "text"
    if act is Deed.KNOW and not (problem.workaround or problem.cause):
        return "workaround"
    if act is Deed.RESOLVE and not problem.solution:
        return "solution"
    is_given_up = act is Deed.CLOSE and problem.state is not State.RESOLVED
    return "text" if is_given_up and not text else ""
