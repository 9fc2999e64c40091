"""The life of a change: whether this person may do this step now, and what the step makes of the change."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, replace

from collector.change import freeze
from collector.change.approval import NEEDS, THREE_PERSONS, Need, hash_for, is_approved
from collector.change.flow import BEFORE_WORK, TABLES, Part, Step, Transition
from collector.change.freeze import Freeze
from collector.change.record import Change, Plan, Request, State, Task, Word
from collector.change.verification import LineCheck, unmet


class Why(enum.StrEnum):
    """Why a step is refused."""

    NOT_IN_THIS_STATE = "not_in_this_state"
    NOT_THE_INITIATOR = "not_the_initiator"
    NOT_THE_IMPLEMENTER = "not_the_implementer"
    NO_SUCH_ROLE = "no_such_role"
    OTHER_CLASS = "other_class"
    INITIATOR_APPROVES = "initiator_approves"
    IMPLEMENTER_APPROVES = "implementer_approves"
    NO_REASON = "no_reason"
    NO_PLAN = "no_plan"
    EMPTY_SCOPE = "empty_scope"
    OUTSIDE_REQUEST = "outside_request"
    BAD_WINDOW = "bad_window"
    FROZEN = "frozen"
    TASKS_OPEN = "tasks_open"
    NOT_VERIFIED = "not_verified"


class Denied(Exception):
    """A step nobody may do as things stand, with every reason; nothing was changed."""

    def __init__(self, reasons: Iterable[Why]) -> None:
        self.reasons = tuple(reasons)
        super().__init__(", ".join(self.reasons))


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does a step. `classes`: of which classes a supervisor decides; None: of all."""

    name: str
    roles: frozenset[str] = frozenset()
    classes: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a step is held against beside the change: freezes, and where its lines stand."""

    freezes: tuple[Freeze, ...] = ()
    checks: tuple[LineCheck, ...] = ()


def refusals(
    change: Change, act: Step, actor: Actor, *, reason: str = "", around: Surroundings | None = None
) -> tuple[Why, ...]:
    """Return every reason why `actor` may not do `act` now; none: it may be done."""
    step = _step(change, act)
    if step is None:
        return (Why.NOT_IN_THIS_STATE,)
    found = [*_by_part(change, step, actor), *_by_act(change, step, around or Surroundings())]
    if act in {Step.REFUSE, Step.CANCEL} and not reason.strip():
        found.append(Why.NO_REASON)
    return tuple(found)


def take(
    change: Change, act: Step, actor: Actor, at: int, *, reason: str = "", around: Surroundings | None = None
) -> Change:
    """Return the change after `actor` did `act` at `at` (ms); raise `Denied`."""
    found = refusals(change, act, actor, reason=reason, around=around)
    step = _step(change, act)
    if found or step is None:
        raise Denied(found)
    if step.stage:
        need = next(need for need in NEEDS[change.type] if need.stage is step.stage)
        change = replace(change, words=(*change.words, _word(change, need, actor, at, act, reason)))
    if act is Step.SUBMIT:
        change = replace(change, submitted_at=at)
    if act is Step.FINISH:
        change = replace(change, finished_at=at)
    if act is Step.CANCEL:
        change = replace(change, cancelled_at=at)
    is_settled = act is Step.SUBMIT and is_approved(change, at)  # by a template
    return replace(change, state=State.APPROVED if is_settled else step.after)


def edit(change: Change, actor: Actor, at: int, *, request: Request | None = None, plan: Plan | None = None) -> Change:
    """Return the change with another request or plan, written at `at` (ms); raise `Denied`.

    Its words stay as the record of what was said; those that spoke of the content as it was count no longer, so it goes
    back to where the first of them is to be said again. Work that has begun is not edited.
    """
    if change.state not in BEFORE_WORK:
        raise Denied([Why.NOT_IN_THIS_STATE])
    is_planning = request is None and change.type in THREE_PERSONS and change.state in _PLANNED
    if actor.name != (change.request.implementer if is_planning else change.initiator):
        raise Denied([Why.NOT_THE_IMPLEMENTER if is_planning else Why.NOT_THE_INITIATOR])
    return replace(
        change,
        request=replace(request, written_at=at) if request else change.request,
        plan=replace(plan, written_at=at) if plan else change.plan,
        state=State.PLANNING if is_planning else State.DRAFT,
    )


_PLANNED = frozenset({State.PLANNING, State.PLANNED, State.CONFIRMING, State.APPROVED})
"""States in which a request stands and its plan is written, or written again."""


def entrust(change: Change, actor: Actor, task: Task) -> Change:
    """Return the change with a task for a helper, whom its implementer asks; raise `Denied`."""
    if actor.name != change.request.implementer:
        raise Denied([Why.NOT_THE_IMPLEMENTER])
    return replace(change, tasks=(*change.tasks, task))


def _step(change: Change, act: Step) -> Transition | None:
    table = TABLES[change.type]
    return next((step for step in table if step.act is act and step.before is change.state), None)


def _word(change: Change, need: Need, actor: Actor, at: int, act: Step, reason: str) -> Word:
    return Word(need.stage, need.role, actor.name, at, hash_for(change, need), act is Step.APPROVE, reason)


def _by_part(change: Change, step: Transition, actor: Actor) -> list[Why]:
    """Return why this person is not the one: not named, without the role, of other classes, or in two parts at once."""
    if step.part is Part.INITIATOR:
        return [] if actor.name == change.initiator else [Why.NOT_THE_INITIATOR]
    implementer = change.request.implementer
    if step.part is Part.IMPLEMENTER:
        return [] if actor.name == implementer else [Why.NOT_THE_IMPLEMENTER]
    found = [] if step.part in actor.roles else [Why.NO_SUCH_ROLE]
    if actor.classes is not None and step.part is Part.SUPERVISOR and not change.ci_classes <= actor.classes:
        found.append(Why.OTHER_CLASS)
    if actor.name == change.initiator:
        found.append(Why.INITIATOR_APPROVES)
    if actor.name == implementer and change.type in THREE_PERSONS:
        found.append(Why.IMPLEMENTER_APPROVES)
    return found


def _by_act(change: Change, step: Transition, around: Surroundings) -> list[Why]:
    """Return what the change itself lacks for this step."""
    found: list[Why] = []
    is_planned = change.state is not State.DRAFT or change.type not in THREE_PERSONS
    if step.act is Step.SUBMIT and is_planned:
        found += _by_plan(change)
    if step.act in {Step.SUBMIT, Step.APPROVE, Step.START} and freeze.forbidding(around.freezes, change):
        found.append(Why.FROZEN)
    if step.act is Step.FINISH and any(task.done_at is None for task in change.tasks):
        found.append(Why.TASKS_OPEN)
    if step.act is Step.CLOSE and (len(around.checks) < len(change.lines) or unmet(around.checks)):
        found.append(Why.NOT_VERIFIED)
    return found


def _by_plan(change: Change) -> list[Why]:
    if change.plan is None:
        return [Why.NO_PLAN]
    found = [] if change.lines else [Why.EMPTY_SCOPE]
    if len(change.lines) < len(change.plan.lines):
        found.append(Why.OUTSIDE_REQUEST)
    if change.plan.window.end < change.plan.window.start:
        found.append(Why.BAD_WINDOW)
    return found
