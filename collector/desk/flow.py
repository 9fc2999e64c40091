"""What can be done with an incident: acts, the states they lead from and to, and whose they are."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


class State(enum.StrEnum):
    NEW = "new"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    PENDING = "pending"
    RESOLVED = "resolved"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    MERGED = "merged"


class Deed(enum.StrEnum):
    TAKE = "take"
    ASSIGN = "assign"
    HAND_ON = "hand_on"
    WAIT = "wait"
    RESUME = "resume"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    CLOSE = "close"
    SCORE = "score"
    CANCEL = "cancel"
    MERGE = "merge"
    PRIORITISE = "prioritise"
    EDIT = "edit"
    LINK = "link"
    COMMENT = "comment"


class Part(enum.StrEnum):
    """Who does an act."""

    DESK = "desk"
    """Line one: owns the incident and is the only contact with the user."""
    LINE = "line"
    """Whoever belongs to the line the incident is with."""
    WORKER = "worker"
    """Whoever belongs to any line."""
    MANAGER = "manager"
    REPORTER = "reporter"


@dataclass(frozen=True, slots=True)
class Step:
    """One act: the states it may be done in, the state it leads to (None: it stays), and whose it is."""

    before: frozenset[State]
    after: State | None
    parts: frozenset[Part]


_S, _P = State, Part
WAITING: Final = frozenset({_S.NEW, _S.ASSIGNED})
AT_WORK: Final = frozenset({_S.IN_PROGRESS, _S.PENDING})
OPEN: Final = WAITING | AT_WORK
ENDED: Final = frozenset({_S.CLOSED, _S.CANCELLED, _S.MERGED})
"""States in which nothing more is expected of anybody."""
_OURS = frozenset({_P.LINE, _P.DESK, _P.MANAGER})
_ANYBODY = frozenset({_P.WORKER, _P.MANAGER, _P.REPORTER})
STEPS: Final[Mapping[Deed, Step]] = {
    Deed.TAKE: Step(OPEN, _S.IN_PROGRESS, frozenset({_P.LINE, _P.MANAGER})),
    Deed.ASSIGN: Step(OPEN, _S.ASSIGNED, _OURS),
    Deed.HAND_ON: Step(OPEN, _S.ASSIGNED, _OURS),
    Deed.WAIT: Step(frozenset({_S.ASSIGNED, _S.IN_PROGRESS}), _S.PENDING, _OURS),
    Deed.RESUME: Step(frozenset({_S.PENDING}), _S.IN_PROGRESS, _OURS),
    Deed.RESOLVE: Step(frozenset({_S.ASSIGNED, _S.IN_PROGRESS, _S.PENDING}), _S.RESOLVED, _OURS),
    Deed.REOPEN: Step(frozenset({_S.RESOLVED, _S.CLOSED}), _S.ASSIGNED, frozenset({_P.REPORTER, _P.DESK, _P.MANAGER})),
    Deed.CLOSE: Step(frozenset({_S.RESOLVED}), _S.CLOSED, frozenset({_P.REPORTER, _P.DESK, _P.MANAGER})),
    Deed.SCORE: Step(frozenset({_S.CLOSED}), None, frozenset({_P.REPORTER, _P.DESK})),
    Deed.CANCEL: Step(OPEN, _S.CANCELLED, frozenset({_P.REPORTER, _P.DESK, _P.MANAGER})),
    Deed.MERGE: Step(OPEN, _S.MERGED, frozenset({_P.MANAGER})),
    Deed.PRIORITISE: Step(OPEN, None, frozenset({_P.MANAGER})),
    Deed.EDIT: Step(OPEN | {_S.RESOLVED}, None, _OURS),
    Deed.LINK: Step(frozenset(_S) - {_S.MERGED}, None, frozenset({_P.WORKER, _P.MANAGER})),
    Deed.COMMENT: Step(frozenset(_S) - {_S.MERGED}, None, _ANYBODY),
}
"""A reporter takes back only what is theirs alone and nobody has begun on: `lifecycle` sees to that, and that
what closed without a score has one at most, and not for ever."""
LINES: Final[Mapping[int, str]] = {1: "service_desk", 2: "engineer", 3: "specialist"}
"""Line → the role of those who belong to it. Line three are specialists, and the vendors they call."""
MANAGER: Final = "incident_manager"
NEEDS_REASON: Final = frozenset(
    {Deed.HAND_ON, Deed.WAIT, Deed.REOPEN, Deed.CANCEL, Deed.MERGE, Deed.PRIORITISE, Deed.COMMENT}
)
