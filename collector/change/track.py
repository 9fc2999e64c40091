"""The track of one value: its steps in every lane, followed through windows, reverts and acceptances.

The authorised value moves here and nowhere else: with a change that covers what moved, with an accepted item, or
when our own reader changed its spelling. A step our view caused (another source, a merge, a new reader, late data)
is never an item.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from collector.change.authorised import Authorised, Basis, Move, with_field
from collector.change.covering import Margins
from collector.change.epoch import Cause
from collector.change.item import Item, parts
from collector.change.matching import Flag, Judgement, judge
from collector.change.record import Change, ChangeType
from collector.change.sighting import Sighting, confirmed
from collector.model import Path, Tolerance, Value, Verdict

COVERED = frozenset({Verdict.VERIFIED, Verdict.AUTHORISED})
"""Verdicts with which the authorised value moves."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A person's decision that one item is right as it is; bound to the value that was looked at."""

    source: str
    field: str
    new: Value
    hi: int
    at: int
    reference: str

    def is_of(self, item: Item) -> bool:
        return (self.source, self.field, self.new, self.hi) == (item.source, item.field, item.new, item.hi)


@dataclass(frozen=True, slots=True)
class Track:
    """Everything known of one path of one CI. Values hold only what is controlled.

    `authorised` is the value before the first of the steps; those of one lane stand in its order. `tolerances`: by
    field (empty: the value itself) how far a number may be from what is authorised.
    """

    ci_id: int
    path: Path
    authorised: Value
    sightings: tuple[Sighting, ...]
    acceptances: tuple[Acceptance, ...] = ()
    tolerances: Mapping[str, Tolerance] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judged:
    """An item and what is held of it."""

    item: Item
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class Followed:
    """What the track comes to: its items in the order they were seen, and how the authorised value moved."""

    items: tuple[Judged, ...]
    moves: tuple[Move, ...]


def follow(track: Track, changes: Sequence[Change], now: int, margins: Mapping[str, Margins] | None = None) -> Followed:
    """Return what is to be held of the track at `now` (ms), given the changes of its CI as known at `now`.

    `margins`: of sources by their code, from how often each looks.
    """
    walk = _Walk(track, changes, now, margins or {})
    accepted = {(each.source, each.hi) for each in track.acceptances if each.at <= now}
    known = [
        replace(each, is_accepted=(each.source, each.step.hi) in accepted)
        for each in track.sightings
        if each.step.hi <= now
    ]
    for sighting in sorted(confirmed(known, now), key=lambda each: (each.step.hi, each.source)):
        walk.take(sighting)
    return walk.done()


Key = tuple[str, str]
"""Source and field: two sources see the same value each in its own lane."""


class _Walk:
    """Goes through the steps. What was done in a window waits in `_within` until the work of its change is over."""

    def __init__(self, track: Track, changes: Sequence[Change], now: int, margins: Mapping[str, Margins]) -> None:
        self._track, self._changes, self._now, self._margins = track, changes, now, margins
        self._types = {change.number: change.type for change in changes}
        self._authorised = Authorised(track.authorised, track.tolerances)
        self._items: list[Judged] = []
        self._open: dict[Key, list[int]] = {}
        self._within: dict[Key, Judged] = {}

    def take(self, sighting: Sighting) -> None:
        """Take one step into account: of our own reader, or of the world; no other is our concern."""
        step, source = sighting.step, sighting.source
        self._finish(until=step.hi)
        if step.cause == Cause.REVISION:
            self._authorised.respell(step, source)
        if step.cause != Cause.WORLD:
            return
        if sighting.back_at is not None:
            self._pass_by(sighting, sighting.back_at)
            return
        for item in self._items_of(sighting):
            self._hold(item)
        if self._authorised.allows("", step.new):
            self._revert([key for key in self._open if key[0] == source], step.hi)

    def done(self) -> Followed:
        self._finish(until=None)
        ordered = sorted(self._items, key=lambda each: (each.item.hi, each.item.source, each.item.field))
        return Followed(tuple(ordered), tuple(self._authorised.moves))

    # --- from a step to items

    def _items_of(self, sighting: Sighting) -> list[Item]:
        """Return the items of a step, one a field; one of the whole element while that is within the same work."""
        source, step = sighting.source, sighting.step
        if (source, "") in self._within:
            whole = self._item(sighting, "", step.old, step.new)
            if self._is_same_work(self._within[source, ""], whole):
                return [whole]
            self._conclude(self._within.pop((source, "")))
        return [self._item(sighting, *part) for part in parts(step.old, step.new)]

    def _item(self, sighting: Sighting, name: str, old: Value, new: Value) -> Item:
        step, track = sighting.step, self._track
        return Item(
            track.ci_id, sighting.source, track.path, self._authorised.of(name), old, new, step.lo, step.hi, name,
            sighting.actor, sighting.claimed, sighting.once,
        )  # fmt: skip

    def _pass_by(self, sighting: Sighting, back_at: int) -> None:
        """Tell of what one look showed and the next one did not: it is over, and nothing else is judged by it.

        Within approved work it is nothing: the net effect of that counts.
        """
        for part in parts(sighting.step.old, sighting.step.new):
            item = self._item(sighting, *part)
            judged = self._judged(item)
            is_work = judged.judgement.over_at is not None
            if not is_work and not self._authorised.allows(item.field, item.new):
                flags = judged.judgement.flags | {Flag.SEEN_ONCE}
                self._items.append(_reverted(Judged(item, replace(judged.judgement, flags=flags)), back_at))

    def _hold(self, item: Item) -> None:
        """Judge one item together with what the same work did to it before; only the net effect counts."""
        key = (item.source, item.field)
        for other in [each for each in self._within if each == key or (each[0] == key[0] and not key[1])]:
            earlier = self._within.pop(other)
            if self._is_same_work(earlier, item):
                item = _net(earlier.item, item)
            else:
                self._conclude(earlier)
        if self._authorised.allows(item.field, item.new):
            self._revert([key], item.hi)
            return
        judged = self._judged(replace(item, authorised=self._authorised.of(item.field)))
        over_at = judged.judgement.over_at
        if over_at is not None and item.hi <= over_at:
            self._within[key] = judged
        else:
            self._conclude(judged)

    def _is_same_work(self, earlier: Judged, item: Item) -> bool:
        judgement = self._judged(item).judgement
        return judgement.over_at is not None and judgement.change == earlier.judgement.change

    # --- judging

    def _judged(self, item: Item) -> Judged:
        return Judged(item, judge(item, self._changes, self._now, self._margins.get(item.source)))

    def _finish(self, until: int | None) -> None:
        """Conclude what was within a window whose work was over before `until` (None: everything)."""
        for over_at, key in sorted((_over_at(judged), key) for key, judged in self._within.items()):
            if until is None or over_at < until:
                self._conclude(self._within.pop(key))

    def _conclude(self, judged: Judged) -> None:
        """Let the judgement stand: the authorised value follows what is covered, the rest stays open."""
        item, judgement = judged.item, judged.judgement
        accepted = self._acceptance(judged)
        if accepted:
            by = accepted.reference if accepted.reference in self._types else judgement.change
            held = replace(judgement, verdict=Verdict.ACCEPTED, change=by, due_at=None, closed_at=accepted.at)
            judged = Judged(item, held)
            self._authorise(item, Basis.ACCEPTED, accepted.reference)
        elif judgement.verdict in COVERED:
            self._authorise(item, _BASES.get(self._types[judgement.change], Basis.CHANGE), judgement.change)
        elif judgement.verdict is not Verdict.IN_PROGRESS:
            self._open.setdefault((item.source, item.field), []).append(len(self._items))
        self._items.append(judged)

    def _authorise(self, item: Item, basis: Basis, reference: str) -> None:
        self._authorised.move(item.field, item.new, item.hi, basis, reference)

    def _acceptance(self, judged: Judged) -> Acceptance | None:
        if judged.judgement.verdict in COVERED | {Verdict.IN_PROGRESS}:
            return None
        given = (each for each in self._track.acceptances if each.at <= self._now)
        return next((each for each in given if each.is_of(judged.item)), None)

    def _revert(self, keys: Sequence[Key], at: int) -> None:
        """Close what is open under `keys`: the value is back. It stays counted, since it happened."""
        for index in [each for key in keys for each in self._open.pop(key, ())]:
            self._items[index] = _reverted(self._items[index], at)


_BASES = {ChangeType.EMERGENCY: Basis.EMERGENCY, ChangeType.REQUEST: Basis.REQUEST}


def _reverted(judged: Judged, at: int) -> Judged:
    return Judged(judged.item, replace(judged.judgement, verdict=Verdict.REVERTED, due_at=None, closed_at=at))


def _over_at(judged: Judged) -> int:
    assert judged.judgement.over_at is not None
    return judged.judgement.over_at


def _net(earlier: Item, later: Item) -> Item:
    """Return both as one: from what was before the first to what was after the last."""
    old = earlier.old if earlier.field == later.field else with_field(later.old, earlier.field, earlier.old)
    actor = later.actor if later.actor == earlier.actor else ""
    claimed = earlier.claimed or later.claimed
    return replace(later, old=old, lo=min(earlier.lo, later.lo), actor=actor, claimed=claimed)
