"""The life of an incident: whether this person may do this now, and what it makes of the incident."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from collector.desk.flow import LINES, MANAGER, NEEDS_REASON, STEPS, WAITING, Deed, Part, State
from collector.desk.table import Table
from collector.model import Incident

SCORES = range(1, 6)


class Why(enum.StrEnum):
    """Why an act is refused."""

    NOT_IN_THIS_STATE = "not_in_this_state"
    NOT_YOURS = "not_yours"
    NO_REASON = "no_reason"
    NO_ASSIGNEE = "no_assignee"
    NOT_OF_A_LINE = "not_of_a_line"
    LAST_LINE = "last_line"
    SAME_LINE = "same_line"
    NO_SUCH_REASON = "no_such_reason"
    NO_SOLUTION = "no_solution"
    NO_SUCH_CODE = "no_such_code"
    NO_SUCH_PRIORITY = "no_such_priority"
    NOT_A_SCORE = "not_a_score"
    SCORED = "scored"
    TOO_LATE = "too_late"
    NOT_THE_REPORTER = "not_the_reporter"
    ITSELF = "itself"
    WORK_HAS_BEGUN = "work_has_begun"
    NOT_YOURS_ALONE = "not_yours_alone"
    NOT_SIGNED = "not_signed"
    NOT_SEEN = "not_seen"
    NEEDS_SOMEBODY = "needs_somebody"


class Denied(Exception):
    """An act nobody may do as things stand, with every reason; nothing was changed."""

    def __init__(self, reasons: Iterable[Why]) -> None:
        self.reasons = tuple(reasons)
        super().__init__(", ".join(self.reasons))


@dataclass(frozen=True, slots=True)
class Person:
    """Who acts: name and roles."""

    name: str
    roles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Asked:
    """What comes with an act.

    `text`: the reason, the solution or the comment; `to`: the person it is assigned to, or the number of the incident
    it is merged into; `line`: the one it is handed to (0: the next); `code`: why it waits, how it was resolved, or its
    priority; `score`: 1 to 5.
    """

    text: str = ""
    to: Person = field(default_factory=lambda: Person(""))
    line: int = 0
    code: str = ""
    score: int | None = None


def refusals(
    incident: Incident, act: Deed, who: Person, table: Table, now: int, asked: Asked | None = None
) -> tuple[Why, ...]:
    """Return every reason why `who` may not do `act` at `now` (ms), as asked; without `asked`: whatever they ask."""
    step = STEPS[act]
    if incident.state not in step.before:
        return (Why.NOT_IN_THIS_STATE,)
    its = parts(incident, who)
    found = [] if its & step.parts else [Why.NOT_YOURS]
    if act is Deed.CANCEL and its & step.parts == {Part.REPORTER}:
        found += _keeping(incident, who)
    if act is Deed.SCORE:
        found += _is_scored(incident, table, now)
    return tuple(found) if asked is None else (*found, *_lacking(incident, act, its, table, asked))


def _keeping(incident: Incident, who: Person) -> list[Why]:
    """Return why whoever reported an incident does not take it back."""
    found = [] if incident.state in WAITING else [Why.WORK_HAS_BEGUN]
    return found if incident.reporters == {incident.reporter} == {who.name} else [*found, Why.NOT_YOURS_ALONE]


def _is_scored(incident: Incident, table: Table, now: int) -> list[Why]:
    """Return why nobody scores what is closed any more."""
    found = [] if incident.score is None else [Why.SCORED]
    return found if now <= (incident.closed_at or now) + table.score_within_ms else [*found, Why.TOO_LATE]


def take(incident: Incident, act: Deed, who: Person, table: Table, now: int, asked: Asked) -> Incident:
    """Return the incident after `who` did `act` at `now`; raise `Denied`. Its times and its trail are the caller's."""
    found = refusals(incident, act, who, table, now, asked)
    if found:
        raise Denied(found)
    after = STEPS[act].after
    moved = replace(incident, state=str(after or incident.state))
    if act is Deed.TAKE:
        return replace(moved, assignee=who.name)
    if act is Deed.ASSIGN:
        return replace(moved, assignee=asked.to.name, line=line_of(asked.to, incident.line) or incident.line)
    if act is Deed.HAND_ON:
        return replace(moved, assignee="", line=asked.line or incident.line + 1)
    if act is Deed.REOPEN:
        return replace(moved, reopened=incident.reopened + 1, resolution_code="", resolved_at=None)
    if act is Deed.RESOLVE:
        return replace(moved, assignee=incident.assignee or who.name, resolution_code=asked.code)
    if act is Deed.PRIORITISE:
        return replace(moved, priority=asked.code)
    return moved


def parts(incident: Incident, who: Person) -> frozenset[Part]:
    """Return what `who` is to this incident."""
    lines = lines_of(who)
    found = {Part.WORKER} if lines else set()
    if incident.line in lines:
        found.add(Part.LINE)
    if 1 in lines:
        found.add(Part.DESK)
    if MANAGER in who.roles:
        found.add(Part.MANAGER)
    if who.name and who.name == incident.assignee:
        found.add(Part.LINE)
    if who.name and who.name in incident.reporters:
        found.add(Part.REPORTER)
    return frozenset(found)


def lines_of(who: Person) -> frozenset[int]:
    return frozenset(line for line, role in LINES.items() if role in who.roles)


def line_of(who: Person, preferred: int) -> int:
    """Return the line `who` is asked in: the preferred one if it is theirs, else their first; 0: they are of none."""
    lines = lines_of(who)
    return preferred if preferred in lines else min(lines, default=0)


def _lacking(incident: Incident, act: Deed, its: frozenset[Part], table: Table, asked: Asked) -> list[Why]:
    """Return what is missing or wrong in what comes with the act."""
    found = [Why.NO_REASON] if act in NEEDS_REASON and not asked.text.strip() else []
    check = _CHECKS.get(act)
    return [*found, *check(incident, its, table, asked)] if check else found


def _to_whom(incident: Incident, _its: frozenset[Part], _table: Table, asked: Asked) -> list[Why]:
    if not asked.to.name:
        return [Why.NO_ASSIGNEE]
    return [] if line_of(asked.to, incident.line) else [Why.NOT_OF_A_LINE]


def _to_line(incident: Incident, _its: frozenset[Part], _table: Table, asked: Asked) -> list[Why]:
    line = asked.line or incident.line + 1
    if line not in LINES:
        return [Why.LAST_LINE]
    return [Why.SAME_LINE] if line == incident.line else []


def _why_it_waits(_incident: Incident, _its: frozenset[Part], table: Table, asked: Asked) -> list[Why]:
    return [] if asked.code in table.pauses else [Why.NO_SUCH_REASON]


def _how_resolved(_incident: Incident, _its: frozenset[Part], table: Table, asked: Asked) -> list[Why]:
    found = [] if asked.text.strip() else [Why.NO_SOLUTION]
    code = table.codes.get(asked.code)
    return [*found, Why.NO_SUCH_CODE] if code is None or code.automatic else found


def _scored(_incident: Incident, its: frozenset[Part], _table: Table, asked: Asked) -> list[Why]:
    """The score is the user's; line one writes down what the user said."""
    if asked.score is None:
        return []
    found = [] if asked.score in SCORES else [Why.NOT_A_SCORE]
    return found if its & {Part.REPORTER, Part.DESK} else [*found, Why.NOT_THE_REPORTER]


def _scored_at_last(incident: Incident, its: frozenset[Part], table: Table, asked: Asked) -> list[Why]:
    return [Why.NOT_A_SCORE] if asked.score is None else _scored(incident, its, table, asked)


def _another(incident: Incident, _its: frozenset[Part], _table: Table, asked: Asked) -> list[Why]:
    return [Why.ITSELF] if asked.to.name == incident.number else []


def _which_priority(_incident: Incident, _its: frozenset[Part], table: Table, asked: Asked) -> list[Why]:
    return [] if asked.code in table.targets else [Why.NO_SUCH_PRIORITY]


_CHECKS = {
    Deed.ASSIGN: _to_whom, Deed.HAND_ON: _to_line, Deed.WAIT: _why_it_waits, Deed.RESOLVE: _how_resolved,
    Deed.CLOSE: _scored, Deed.SCORE: _scored_at_last, Deed.MERGE: _another, Deed.PRIORITISE: _which_priority,
}  # fmt: skip


def is_open(state: str) -> bool:
    return state in {State.NEW, State.ASSIGNED, State.IN_PROGRESS, State.PENDING}
