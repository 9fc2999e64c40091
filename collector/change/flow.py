"""The flow of a change: which steps there are in which state, and who does them. A table a type."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from collector.change.approval import MANAGER, SUPERVISOR
from collector.change.record import ChangeType, Stage, State


class Step(enum.StrEnum):
    SUBMIT = "submit"
    APPROVE = "approve"
    REFUSE = "refuse"
    START = "start"
    FINISH = "finish"
    CLOSE = "close"
    CANCEL = "cancel"


class Part(enum.StrEnum):
    """Who a person must be for a step: the change names two, two are roles."""

    INITIATOR = "initiator"
    IMPLEMENTER = "implementer"
    SUPERVISOR = SUPERVISOR
    MANAGER = MANAGER


@dataclass(frozen=True, slots=True)
class Transition:
    """One line of the table. `stage`: the word it gives or takes back."""

    act: Step
    before: State
    after: State
    part: Part
    stage: Stage | None = None


_S, _P = State, Part


def _decided(at: State, yes: State, no: State, part: Part, stage: Stage) -> tuple[Transition, Transition]:
    """A decision: granted it goes on, refused it goes back to whom it concerns."""
    return Transition(Step.APPROVE, at, yes, part, stage), Transition(Step.REFUSE, at, no, part, stage)


def _ending(closer: Part) -> tuple[Transition, ...]:
    """Work, its end, and who confirms it; whoever asked for it may withdraw it until work begins."""
    return (
        Transition(Step.START, _S.APPROVED, _S.IMPLEMENTING, _P.IMPLEMENTER),
        Transition(Step.FINISH, _S.IMPLEMENTING, _S.IMPLEMENTED, _P.IMPLEMENTER),
        Transition(Step.CLOSE, _S.IMPLEMENTED, _S.CLOSED, closer),
        *(Transition(Step.CANCEL, state, _S.CANCELLED, _P.INITIATOR) for state in BEFORE_WORK),
    )


BEFORE_WORK = (_S.DRAFT, _S.REQUESTED, _S.PLANNING, _S.PLANNED, _S.CONFIRMING, _S.APPROVED)
_SUBMITTED = Transition(Step.SUBMIT, _S.DRAFT, _S.REQUESTED, _P.INITIATOR)
_PLANNED = (
    _SUBMITTED,
    *_decided(_S.REQUESTED, _S.PLANNING, _S.DRAFT, _P.SUPERVISOR, Stage.REQUEST),
    Transition(Step.SUBMIT, _S.PLANNING, _S.PLANNED, _P.IMPLEMENTER),
)
_ONCE = (_SUBMITTED, *_decided(_S.REQUESTED, _S.APPROVED, _S.DRAFT, _P.SUPERVISOR, Stage.PLAN))

TABLES: Mapping[ChangeType, tuple[Transition, ...]] = {
    ChangeType.STANDARD: (*_ONCE, *_ending(_P.INITIATOR)),
    ChangeType.REQUEST: (*_ONCE, *_ending(_P.INITIATOR)),
    ChangeType.NORMAL: (
        *_PLANNED,
        *_decided(_S.PLANNED, _S.APPROVED, _S.PLANNING, _P.SUPERVISOR, Stage.PLAN),
        *_ending(_P.INITIATOR),
    ),
    ChangeType.MAJOR: (
        *_PLANNED,
        *_decided(_S.PLANNED, _S.CONFIRMING, _S.PLANNING, _P.SUPERVISOR, Stage.PLAN),
        *_decided(_S.CONFIRMING, _S.APPROVED, _S.PLANNING, _P.MANAGER, Stage.CONFIRM),
        *_ending(_P.SUPERVISOR),
    ),
    ChangeType.EMERGENCY: (
        _SUBMITTED,
        *_decided(_S.REQUESTED, _S.CONFIRMING, _S.DRAFT, _P.SUPERVISOR, Stage.PLAN),
        *_decided(_S.CONFIRMING, _S.APPROVED, _S.DRAFT, _P.MANAGER, Stage.CONFIRM),
        *_ending(_P.SUPERVISOR),
    ),
}
"""The regulation's table (approvals, who closes). An emergency goes the same way, only after the work has begun."""
