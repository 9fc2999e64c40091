"""Approval: whose words a change of each type needs, in which order, and from when on it has them all.

A word counts when the right role gave it, of what the change says now, and neither the initiator nor (for normal and
major changes) the implementer gave it. A refusal takes back what was granted at its stage and after it.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from collector.change.record import Change, ChangeType, Stage, Word

SUPERVISOR, MANAGER = "change_supervisor", "change_manager"


@dataclass(frozen=True, slots=True)
class Need:
    """A word a change needs: at which stage, from which role, and whether of the plan too or of the request alone."""

    stage: Stage
    role: str
    of_plan: bool = True


_ASKED = Need(Stage.REQUEST, SUPERVISOR, of_plan=False)
_PLANNED = Need(Stage.PLAN, SUPERVISOR)
_CONFIRMED = Need(Stage.CONFIRM, MANAGER)

NEEDS: Mapping[ChangeType, tuple[Need, ...]] = {
    ChangeType.STANDARD: (_PLANNED,),
    ChangeType.NORMAL: (_ASKED, _PLANNED),
    ChangeType.MAJOR: (_ASKED, _PLANNED, _CONFIRMED),
    ChangeType.EMERGENCY: (_PLANNED, _CONFIRMED),
    ChangeType.REQUEST: (_PLANNED,),
}
THREE_PERSONS = frozenset({ChangeType.NORMAL, ChangeType.MAJOR})
"""Types in which the implementer approves no more than the initiator does."""


class Flaw(enum.StrEnum):
    """Why a change is not approved, or why a word of it does not count."""

    CANCELLED = "cancelled"
    NO_PLAN = "no_plan"
    MISSING = "missing"
    REFUSED = "refused"
    WRONG_ROLE = "wrong_role"
    BY_INITIATOR = "by_initiator"
    BY_IMPLEMENTER = "by_implementer"
    EDITED = "edited"
    """It speaks of another content, or was given before the content was written."""


@dataclass(frozen=True, slots=True)
class Gap:
    """The first word a change lacks, and why: nobody gave it, or what was given does not count."""

    stage: Stage
    flaw: Flaw


def is_approved(change: Change, at: int) -> bool:
    """Return whether all words the change needs had been given by `at` (ms), in their order, and stood."""
    return approved_at(change, at) is not None


def approved_at(change: Change, known: int) -> int | None:
    """Return when the last word that was missing was given, as of `known` (ms); None while one is missing.

    What a template approves is approved when it is submitted, or since persons had approved it by then.
    """
    if _is_cancelled(change, known):
        return None
    if change.submitted_at is None or not _by_template(change, known):
        return granted_at(change, known)
    before = granted_at(change, change.submitted_at - 1)
    return change.submitted_at if before is None else before


def granted_at(change: Change, known: int) -> int | None:
    """Return as `approved_at` does, by what persons said alone: a template knows nothing of what was done before."""
    granted = _granted(change, known)
    is_whole = len(granted) == len(NEEDS[change.type]) and not _is_cancelled(change, known)
    return granted[-1].at if is_whole else None


def gap(change: Change, at: int) -> Gap | None:
    """Return what the change lacked at `at` (ms), or None when it was approved."""
    needs = NEEDS[change.type]
    if _is_cancelled(change, at):
        return Gap(needs[0].stage, Flaw.CANCELLED)
    if _by_template(change, at):
        return None
    granted = _granted(change, at)
    if len(granted) == len(needs):
        return None
    need = needs[len(granted)]
    if need.of_plan and change.plan is None:
        return Gap(need.stage, Flaw.NO_PLAN)
    return Gap(need.stage, _why_missing(change, need, at))


def flaw(change: Change, need: Need, word: Word) -> Flaw | None:
    """Return why `word` does not count as `need`, or None when it does."""
    if word.role != need.role:
        return Flaw.WRONG_ROLE
    if word.who == change.initiator:
        return Flaw.BY_INITIATOR
    if change.type in THREE_PERSONS and word.who == change.request.implementer:
        return Flaw.BY_IMPLEMENTER
    if word.content_hash != hash_for(change, need) or word.at < _written_at(change, need):
        return Flaw.EDITED
    return None


def hash_for(change: Change, need: Need) -> str:
    """Return the hash a word that fulfils `need` is bound to."""
    return change.content_hash if need.of_plan else change.request_hash


def _is_cancelled(change: Change, at: int) -> bool:
    return change.cancelled_at is not None and change.cancelled_at <= at


def _written_at(change: Change, need: Need) -> int:
    return change.recorded_at if need.of_plan else change.request.written_at


def _granted(change: Change, at: int) -> list[Word]:
    """Return the words that count at `at`, one a need, in the order of the needs."""
    needs = NEEDS[change.type]
    places = {need.stage: place for place, need in enumerate(needs)}
    granted: list[Word] = []
    for word in _said(change, at):
        place = places.get(word.stage)
        if place is None or flaw(change, needs[place], word):
            continue
        if not word.granted:
            del granted[place:]
        elif place == len(granted):
            granted.append(word)
    return granted


def _said(change: Change, at: int) -> list[Word]:
    return sorted((word for word in change.words if word.at <= at), key=lambda word: word.at)


def _why_missing(change: Change, need: Need, at: int) -> Flaw:
    """Return the flaw of the last word at this stage; a word that came before its turn leaves it missing."""
    said = [word for word in _said(change, at) if word.stage is need.stage]
    if not said:
        return Flaw.MISSING
    found = flaw(change, need, said[-1])
    if found is None and not said[-1].granted:
        return Flaw.REFUSED
    return found or Flaw.MISSING


def _by_template(change: Change, at: int) -> bool:
    """Return whether a template of standard work approved all of this beforehand.

    It was live when this was submitted as it is now, and is when the work begins; withdrawn in between it stands.
    """
    template, plan, asked_at = change.template, change.plan, change.submitted_at
    if change.type is not ChangeType.STANDARD or template is None or plan is None or asked_at is None:
        return False
    begins_at = plan.window.start
    is_known = change.recorded_at <= asked_at <= at
    is_live = template.is_live(asked_at) and template.approved_at <= begins_at < template.until
    is_another = template.approved_by != change.initiator
    return is_live and is_known and is_another and all(template.allows(line) for line in plan.lines)
