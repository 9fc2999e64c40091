"""Where a change stands there ↔ here: the next step that follows from what was done there, and who does it.

Words here are those of people here: an approval there counts for the account, and in the role, that the settings of
the system name for whoever gave it, and of nobody else. What a role may do, and that nobody approves what they
initiated, says `collector.change.lifecycle` as ever. A change is never closed from there: it closes when what it
expects was observed.
"""

from __future__ import annotations

from dataclasses import dataclass

from collector.change.approval import MANAGER, SUPERVISOR
from collector.change.flow import BEFORE_WORK, Step
from collector.change.record import Change, State
from collector.tickets.record import Approval, Foreign, Person
from collector.tickets.system import Stand, System, Voice

MAX_SAID = 400
_WAITS_FOR = {State.REQUESTED: SUPERVISOR, State.PLANNED: SUPERVISOR, State.CONFIRMING: MANAGER}
"""State → the role whose word is next."""


@dataclass(frozen=True, slots=True)
class Move:
    """A step, the account that does it, and what is written beside it."""

    step: Step
    by: str
    reason: str = ""


def next_move(change: Change, foreign: Foreign, stand: Stand, system: System) -> Move | None:
    """Return the next step here that what was done there calls for; None: there is nothing to do."""
    if stand is Stand.WITHDRAWN:
        is_early = change.state in BEFORE_WORK
        return Move(Step.CANCEL, change.initiator, f"withdrawn in {system.name}") if is_early else None
    if role := _WAITS_FOR.get(change.state):
        return _word(foreign, system, role)
    return _work(change, foreign, stand, system)


def missing(change: Change, stand: Stand, system: System) -> str:
    """Return in a sentence what keeps a change that was approved there from being approved here; empty: nothing."""
    if not stand.reached(Stand.APPROVED) or change.state not in BEFORE_WORK or change.state is State.APPROVED:
        return ""
    role = _WAITS_FOR.get(change.state)
    if role is None:
        return f"{change.number} is approved in {system.name} and is a {change.state} here"
    return f"{change.number} is approved in {system.name}, but nobody who approved it there stands for a {role} here"


def _work(change: Change, foreign: Foreign, stand: Stand, system: System) -> Move | None:
    implementer = change.request.implementer
    match change.state:
        case State.DRAFT if stand.reached(Stand.ASKED) and not _is_refused(foreign, system):
            return Move(Step.SUBMIT, change.initiator)
        case State.PLANNING if stand.reached(Stand.ASKED) and not _is_refused(foreign, system):
            return Move(Step.SUBMIT, implementer)
        case State.APPROVED if stand.reached(Stand.WORKING):
            return Move(Step.START, implementer)
        case State.IMPLEMENTING if stand.reached(Stand.DONE):
            return Move(Step.FINISH, implementer)
    return None


def _word(foreign: Foreign, system: System, role: str) -> Move | None:
    """Return the word of this role: a refusal before an approval, the first of each kind."""
    said = [(each, voice.account) for each, voice in heard(foreign, system) if voice.role == role]
    for granted, step in ((False, Step.REFUSE), (True, Step.APPROVE)):
        for approval, account in said:
            if approval.granted is granted:
                return Move(step, account, _said(approval, system))
    return None


def _is_refused(foreign: Foreign, system: System) -> bool:
    return any(not each.granted for each, _ in heard(foreign, system))


def heard(foreign: Foreign, system: System) -> list[tuple[Approval, Voice]]:
    """Return the latest decision of each person who speaks here, with whom they stand for.

    Not that of somebody who initiated the change there, and not that of somebody whose names stand for several.
    """
    latest: dict[Voice, Approval] = {}
    for each in sorted(foreign.approvals, key=lambda approval: approval.at):
        voices = {system.voices[name] for name in each.who if name in system.voices}
        if len(voices) == 1 and set(each.who).isdisjoint(foreign.initiator):
            latest[voices.pop()] = each
    return [(approval, voice) for voice, approval in latest.items()]


def accounts_of(person: Person, system: System) -> set[str]:
    """Return the accounts that somebody there is here."""
    return {system.people[name] for name in person if name in system.people}


def _said(approval: Approval, system: System) -> str:
    who = next(name for name in approval.who if name in system.voices)
    when = f" {approval.at}" if approval.at else ""
    said = f": {' '.join(approval.said.split())}" if approval.said else ""
    return f"{system.name}, {who}{when}{said}"[:MAX_SAID]
