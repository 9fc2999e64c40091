"""Sightings: the steps of a lane, and which of them were seen often enough to be held against anybody.

What is read from a screen, or comes as a datagram, may be read wrongly once. So a value of such a source is pending
until a second look shows it, or until the eight hours in which anything may be explained have run out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from collector.change.covering import RECORD_WITHIN_MS
from collector.change.epoch import Cause
from collector.model import Step


@dataclass(frozen=True, slots=True)
class Sighting:
    """One step of one lane. `seen`: how many observations in a row showed its new value, of the `needs` it takes.

    `once`: it was seen less often than that, so far. `back_at`: and then it was as before; when that was seen (ms).
    `is_accepted`: a person looked at it and said that it is right. The rest: as in an item.
    """

    source: str
    step: Step
    seen: int = 1
    actor: str = ""
    claimed: bool = False
    needs: int = 1
    is_accepted: bool = False
    once: bool = False
    back_at: int | None = None

    def stood(self, until: int) -> bool:
        """Return whether it counts, having stood until then (ms)."""
        is_sure = self.step.cause != Cause.WORLD or self.seen >= self.needs or self.is_accepted
        return is_sure or until - self.step.hi >= RECORD_WITHIN_MS


def confirmed(sightings: Iterable[Sighting], now: int) -> list[Sighting]:
    """Return the steps with what is to be thought of those that were not seen often enough, as known at `now` (ms).

    One that stands last waits. One that led to and fro is one sighting, with when it was over. One that another value
    followed joins that: from what was before it to what was after it. Nothing is lost where something else than the
    world moved next.
    """
    lanes: dict[str, list[Sighting]] = {}
    for each in sorted(sightings, key=lambda each: each.step.hi):
        lanes.setdefault(each.source, []).append(each)
    return [each for lane in lanes.values() for each in _of_lane(lane, now)]


def _of_lane(lane: Sequence[Sighting], now: int) -> Iterator[Sighting]:
    joined: Step | None = None
    is_over = False
    for each, after in pairwise([*lane, None]):
        if each is None or is_over:
            is_over = False
            continue
        if joined is not None:
            each = replace(each, step=replace(each.step, old=joined.old, lo=joined.lo))
            joined = None
        if each.stood(after.step.hi if after else now):
            yield each
        elif after is None:
            yield replace(each, once=True)
        elif after.step.cause != Cause.WORLD:
            yield each
        elif after.step.new == each.step.old:
            yield replace(each, back_at=after.step.hi)
            is_over = True
        else:
            joined = each.step
