"""Filing: which finding an item belongs to, and what a finding comes to. One cause, one finding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from collector.change.batching import Fingerprint, fingerprint
from collector.change.item import Item
from collector.change.matching import Judgement
from collector.change.track import COVERED, Judged
from collector.model import Path, Verdict

FINAL = frozenset({Verdict.VERIFIED, Verdict.AUTHORISED, Verdict.ACCEPTED, Verdict.REVERTED})
"""Verdicts nobody has anything to do for."""
GRAVEST_FIRST = (
    Verdict.UNAPPROVED, Verdict.VARIANCE, Verdict.OUT_OF_WINDOW, Verdict.RETRO_LATE, Verdict.LATE_APPROVAL,
    Verdict.PENDING, Verdict.IN_PROGRESS, Verdict.REVERTED, Verdict.ACCEPTED, Verdict.AUTHORISED, Verdict.VERIFIED,
)  # fmt: skip

Key = tuple[str, Path, str, int]
"""An item of one CI: source, path, field, and when it was first seen new."""
Bracket = tuple[int, int]
"""From when to when (ms)."""


@dataclass(frozen=True, slots=True)
class Filed:
    """An item as it stands in a finding."""

    finding_id: int
    judged: Judged


@dataclass(frozen=True, slots=True)
class Open:
    """An open finding of one CI: source → the bracket around its items there, and which items wait for an answer.

    A waiver is of what a finding shows: a waived one takes nothing that shows something else.
    """

    finding_id: int
    lanes: Mapping[str, Bracket]
    waiting: tuple[Item, ...] = ()
    is_waived: bool = False


@dataclass(frozen=True, slots=True)
class Filing:
    """What is to be written: items that came or are judged otherwise, items of new findings, items that are no more.

    An item is no more when it was folded into another: what one work did to a value is one item, its net effect.
    """

    put: tuple[Filed, ...] = ()
    new: tuple[tuple[Judged, ...], ...] = ()
    gone: tuple[Filed, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.put or self.new or self.gone)


def file(now: Iterable[Judged], stood: Sequence[Filed], homes: Sequence[Open]) -> Filing:
    """Return how the items of one CI are filed.

    `now`: its items on the paths that were followed; `stood`: what is filed on those paths, for the same times;
    `homes`: its open findings. What comes in one look is filed as it would be in several.
    """
    known = {key(each.judged.item): each for each in stood}
    judged = {name: _as_closed(known.get(name), each) for each in now for name in [key(each.item)]}
    gone = [each for name, each in known.items() if name not in judged and _may_be_folded(each.judged.judgement)]
    moved = [Filed(each.finding_id, judged[name]) for name, each in known.items()
             if name in judged and not _is_as_it_stood(each.judged, judged[name])]  # fmt: skip
    causes = [_Cause.of(home, judged) for home in homes]
    for each in _in_turn([judged[name] for name in judged.keys() - known.keys()], causes):
        _cause(each.item, gone, causes).take(each)
    put = [Filed(cause.finding_id, each) for cause in causes if cause.finding_id for each in cause.new]
    new = tuple(tuple(cause.new) for cause in causes if not cause.finding_id)
    return Filing((*moved, *put), new, tuple(gone))


def _in_turn(fresh: Iterable[Judged], causes: Sequence[_Cause]) -> Iterator[Judged]:
    """Yield what came as it was seen; of one look first what another source has shown, for the rest goes with that."""
    for _, look in groupby(sorted(fresh, key=_turn), key=lambda each: (each.item.hi, each.item.source)):
        yield from sorted(look, key=lambda each: not any(cause.shows(each.item) for cause in causes))


def _turn(each: Judged) -> tuple[int, str, int, Path, str]:
    return each.item.hi, each.item.source, each.item.lo, each.item.path, each.item.field


@dataclass(slots=True)
class _Cause:
    """A finding while items are filed: by place, and by what it shows, when what waits in it was settled.

    None: not yet.
    """

    finding_id: int = 0
    is_waived: bool = False
    lanes: dict[str, Bracket] = field(default_factory=dict)
    places: dict[tuple[str, Path], list[int | None]] = field(default_factory=dict)
    shown: dict[Fingerprint, list[int | None]] = field(default_factory=dict)
    new: list[Judged] = field(default_factory=list)

    @classmethod
    def of(cls, home: Open, judged: Mapping[Key, Judged]) -> _Cause:
        cause = cls(home.finding_id, home.is_waived, dict(home.lanes))
        for item in home.waiting:
            cause._wait(item, _settled(judged.get(key(item))))
        return cause

    def is_over(self, at: int) -> bool:
        return not any(_waits(each, at) for each in self.places.values())

    def shows(self, item: Item) -> bool:
        return _waits(self.shown.get(fingerprint(item), ()), item.hi)

    def waits_for(self, item: Item) -> bool:
        return not self.is_waived and _waits(self.places.get((item.source, item.path), ()), item.hi)

    def meets(self, item: Item) -> bool:
        if self.is_waived or item.source not in self.lanes or self.is_over(item.hi):
            return False
        lo, hi = self.lanes[item.source]
        return lo < item.hi and item.lo < hi

    def take(self, each: Judged) -> None:
        item = each.item
        lo, hi = self.lanes.get(item.source, (item.lo, item.hi))
        self.lanes[item.source] = min(lo, item.lo), max(hi, item.hi)
        self._wait(item, _settled(each))
        self.new.append(each)

    def _wait(self, item: Item, settled: int | None) -> None:
        self.places.setdefault((item.source, item.path), []).append(settled)
        self.shown.setdefault(fingerprint(item), []).append(settled)


def _waits(settled: Iterable[int | None], at: int) -> bool:
    return any(each is None or each > at for each in settled)


def _settled(judged: Judged | None) -> int | None:
    return judged.judgement.closed_at if judged and is_final(judged.judgement) else None


def _cause(item: Item, gone: Sequence[Filed], causes: list[_Cause]) -> _Cause:
    """Return where an item belongs: to what shows the same, was folded into it, waits at its path, is of its time.

    What shows the same may be of any source; all else is of its own. Failing that, it is a cause itself.
    """
    folded = {each.finding_id for each in gone if key(each.judged.item)[:2] == key(item)[:2]}
    found = next((cause for cause in causes if cause.shows(item)), None)
    found = found or next((cause for cause in causes if cause.finding_id in folded and not cause.is_waived), None)
    found = found or next((cause for cause in causes if cause.waits_for(item)), None)
    found = found or next((cause for cause in causes if cause.meets(item)), None)
    if found is None:
        causes.append(found := _Cause())
    return found


def is_final(judgement: Judgement) -> bool:
    return judgement.verdict in FINAL


def _may_be_folded(judgement: Judgement) -> bool:
    """Return whether an item may turn out to be a part of another one: it waits, or is part of approved work."""
    return judgement.verdict not in FINAL or judgement.verdict in COVERED


def key(item: Item) -> Key:
    return item.source, item.path, item.field, item.hi


def _as_closed(stood: Filed | None, now: Judged) -> Judged:
    """Return what is held now; what is final closed when it was first seen to be."""
    is_ = now.judgement
    if stood is None or is_.closed_at is not None or not is_final(is_):
        return now
    return replace(now, judgement=replace(is_, closed_at=stood.judged.judgement.closed_at))


def _is_as_it_stood(before: Judged, now: Judged) -> bool:
    """Return whether nothing of note moved."""
    was, is_ = before.judgement, now.judgement
    return before.item == now.item and replace(was, over_at=None) == replace(is_, over_at=None)


@dataclass(frozen=True, slots=True)
class Head:
    """What a finding comes to: its gravest verdict, the bracket around it, when a clock ends, when it closed."""

    verdict: Verdict
    lo: int
    hi: int
    due_at: int | None
    closed_at: int | None


Brief = tuple[Verdict, int, int, int | None, int | None]
"""An item in short: verdict, lo, hi, due_at, closed_at."""


def head(items: Sequence[Brief]) -> Head:
    """Return the head of a finding with these items, at least one."""
    verdicts, los, his, dues, closed = zip(*items, strict=True)
    due = [at for at in dues if at is not None]
    is_over = all(verdict in FINAL for verdict in verdicts)
    return Head(
        min(verdicts, key=GRAVEST_FIRST.index), min(los), max(his), min(due, default=None),
        max(at or 0 for at in closed) if is_over else None,
    )  # fmt: skip
