"""Matching: one item × its candidate changes → a judgement, with the reason why each other change was refused."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from collector.change.approval import Gap
from collector.change.covering import RECORD_WITHIN_MS, Candidate, Grade, Margins, Reason, weigh
from collector.change.item import Item
from collector.change.record import Change
from collector.model import Verdict


class Flag(enum.StrEnum):
    """What a verdict does not say by itself, and a person must know."""

    WINDOW_UNCERTAIN = "window_uncertain"
    """The bracket reaches beyond the window: it was probably done inside; a log or a photograph would prove it."""
    RETROSPECTIVE = "retrospective"
    """Explained by an emergency that was recorded after the fact."""
    SELF_DECLARED = "self_declared"
    """Whether that record came in time rests on the start its initiator claims."""
    SEEN_ONCE = "seen_once"
    """One look alone showed it, of a source that may read wrongly: a second one is waited for, or did not show it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A change that does not explain the item, and why. `gap` says what it lacks where it is not approved."""

    change: str
    reason: Reason
    gap: Gap | None = None
    late_ms: int = 0


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is to be held of an item as things stand.

    `change` is the number of the change that explains it, or comes nearest. `due_at`: when it must be judged again,
    because a clock runs. `over_at`: when the work of that change was over, so what moves until then is part of it.
    """

    verdict: Verdict
    change: str = ""
    flags: frozenset[Flag] = frozenset()
    due_at: int | None = None
    over_at: int | None = None
    late_ms: int = 0
    refused: tuple[Refused, ...] = ()
    closed_at: int | None = None


def judge(item: Item, changes: Iterable[Change], now: int, margins: Margins | None = None) -> Judgement:
    """Return the judgement of `item` at `now` (ms).

    `changes` are those with a line on its CI, as known at `now`; the best of those that explain it gives the verdict
    (`Candidate.rank`). Without one it is pending for eight hours after it was seen, since an emergency may still be
    recorded, then unapproved.
    """
    return _held_back(item, _judged(item, changes, now, margins or Margins()))


def _judged(item: Item, changes: Iterable[Change], now: int, margins: Margins) -> Judgement:
    candidates: list[Candidate] = []
    refused: list[Refused] = []
    for change in changes:
        if change.recorded_at > now:
            continue
        weighed = weigh(item, change, now, margins)
        if isinstance(weighed, Candidate):
            candidates.append(weighed)
        else:
            refused.append(Refused(change.number, weighed))
    candidates.sort(key=lambda each: each.rank)
    explained = [(each, verdict) for each in candidates if (verdict := _verdict(each, now))]
    best = explained[0][0] if explained else None
    refused += [_refused(each) for each in candidates if each is not best]
    ordered = tuple(sorted(refused, key=lambda each: each.change))
    return _explained(*explained[0], ordered) if explained else _uncovered(item, candidates, now, ordered)


def _held_back(item: Item, held: Judgement) -> Judgement:
    """Let what one look alone has shown wait for a second one; the plan it keeps to is as good as that."""
    if not item.once or held.verdict in {Verdict.VERIFIED, Verdict.IN_PROGRESS}:
        return held
    due_at = item.hi + RECORD_WITHIN_MS
    return replace(held, verdict=Verdict.PENDING, flags=held.flags | {Flag.SEEN_ONCE}, due_at=due_at)


def _verdict(candidate: Candidate, now: int) -> Verdict | None:
    """Return the verdict this candidate gives, None when it explains nothing."""
    if candidate.grade is Grade.NONE:
        return None
    if candidate.grade is Grade.LATE or not candidate.in_window:
        return _breach(candidate)
    if now < _over_at(candidate):
        return Verdict.IN_PROGRESS
    return {True: Verdict.VERIFIED, None: Verdict.AUTHORISED, False: Verdict.VARIANCE}[candidate.met]


def _breach(candidate: Candidate) -> Verdict | None:
    """Return how approved work broke the rules; what broke two of them, or is not what was planned, is unexplained."""
    if candidate.met is False:
        return None
    if candidate.grade is Grade.TIMELY:
        return Verdict.OUT_OF_WINDOW
    if not candidate.in_window:
        return None
    return Verdict.RETRO_LATE if candidate.is_emergency else Verdict.LATE_APPROVAL


def _over_at(candidate: Candidate) -> int:
    """Return when its net effect can be told: work in an open window is not judged half done."""
    assert candidate.change.is_over_at is not None
    return candidate.change.is_over_at


def _explained(best: Candidate, verdict: Verdict, refused: tuple[Refused, ...]) -> Judgement:
    return Judgement(
        verdict,
        best.change.number,
        _flags(best),
        _over_at(best) if verdict is Verdict.IN_PROGRESS else None,
        _over_at(best) if verdict in _WITHIN else None,
        best.late_ms,
        refused,
    )


_WITHIN = frozenset({Verdict.IN_PROGRESS, Verdict.VERIFIED, Verdict.AUTHORISED, Verdict.VARIANCE})
"""Verdicts on work that was approved in time and done in its window."""


def _flags(best: Candidate) -> frozenset[Flag]:
    if not best.in_window:
        return frozenset()
    if not best.is_emergency:
        return frozenset() if best.certain else frozenset({Flag.WINDOW_UNCERTAIN})
    assert best.change.plan
    flags = set() if best.certain else {Flag.SELF_DECLARED}
    if best.change.recorded_at > best.change.plan.window.start:
        flags.add(Flag.RETROSPECTIVE)
    return frozenset(flags)


def _uncovered(item: Item, candidates: Sequence[Candidate], now: int, refused: tuple[Refused, ...]) -> Judgement:
    nearest = candidates[0].change.number if candidates else ""
    due_at = item.hi + RECORD_WITHIN_MS
    if now < due_at:
        return Judgement(Verdict.PENDING, nearest, due_at=due_at, refused=refused)
    return Judgement(Verdict.UNAPPROVED, nearest, refused=refused)


def _refused(candidate: Candidate) -> Refused:
    """Return the first thing that is wrong with `candidate`, in the order of its rank."""
    number, late_ms = candidate.change.number, candidate.late_ms
    if not candidate.in_window:
        return Refused(number, Reason.OUTSIDE_WINDOW, candidate.gap, late_ms)
    if candidate.grade is Grade.NONE:
        return Refused(number, Reason.NOT_APPROVED, candidate.gap)
    if candidate.grade is Grade.LATE:
        reason = Reason.RECORDED_LATE if candidate.is_emergency else Reason.APPROVED_LATE
        return Refused(number, reason, late_ms=late_ms)
    return Refused(number, Reason.OTHER_VALUE if candidate.met is False else Reason.OUTRANKED)
