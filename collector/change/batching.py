"""Batching: findings that show one delta on many CIs are one campaign, told once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from collector.change.covering import DAY_MS
from collector.change.item import Item
from collector.model import Path
from wire.sections import canonical

CAMPAIGN_CIS = 10
CAMPAIGN_MS = DAY_MS
BY_RESULT: Final = frozenset({"packages"})
"""Sections in which only what came of it tells a delta: one update lifts whatever was there to one version."""

Fingerprint = tuple[int, Path, str, bytes]
Delta = tuple[Path, str, bytes, bytes]


@dataclass(frozen=True, slots=True)
class Batch:
    """What one finding of a CI shows."""

    ci_id: int
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Campaign:
    """Findings that share deltas seen on many CIs within a day: a patch night is one decision, not forty."""

    batches: tuple[Batch, ...]
    shared: frozenset[Delta]

    @property
    def ci_ids(self) -> frozenset[int]:
        return frozenset(batch.ci_id for batch in self.batches)


def fingerprint(item: Item) -> Fingerprint:
    """Return what makes two sights of a difference the same one: a repeat, also in another lane, is no new item."""
    return item.ci_id, item.path, item.field, canonical({"new": item.new})


def delta(item: Item) -> Delta:
    """Return what moved from what to what, wherever it did; of a package: to what."""
    old = b"" if item.path.section in BY_RESULT else canonical({"old": item.old})
    return item.path, item.field, old, canonical({"new": item.new})


def campaigns(found: Sequence[Batch]) -> tuple[Campaign, ...]:
    """Return the campaigns among `found`; a batch is in one at most, and in none when it shares nothing widely."""
    shared = _shared(found)
    groups: list[tuple[set[Delta], list[int]]] = []
    for place, batch in enumerate(found):
        deltas = {each for each in map(delta, batch.items) if place in shared.get(each, ())}
        if deltas:
            joined = [group for group in groups if not group[0].isdisjoint(deltas)]
            groups = [group for group in groups if group[0].isdisjoint(deltas)]
            groups.append(
                (
                    deltas.union(*(group[0] for group in joined)),
                    sorted([place, *(each for group in joined for each in group[1])]),
                )
            )
    return tuple(Campaign(tuple(found[place] for place in places), frozenset(deltas)) for deltas, places in groups)


def _shared(found: Sequence[Batch]) -> dict[Delta, frozenset[int]]:
    """Return delta → the places in `found` at which it is one of many: on enough CIs within a day of each other."""
    seen: dict[Delta, list[tuple[int, int, int]]] = {}
    for place, batch in enumerate(found):
        for item in batch.items:
            seen.setdefault(delta(item), []).append((item.hi, batch.ci_id, place))
    shared = {each: crowded(sorted(sights)) for each, sights in seen.items()}
    return {each: places for each, places in shared.items() if places}


def crowded(sights: Sequence[tuple[int, int, int]]) -> frozenset[int]:
    """Return the places of (hi, CI, place) that lie in some span of a day with enough different CIs."""
    places: set[int] = set()
    within: Counter[int] = Counter()
    start = told = 0
    for end, (hi, ci_id, _) in enumerate(sights):
        within[ci_id] += 1
        while sights[start][0] < hi - CAMPAIGN_MS:
            within.subtract([gone := sights[start][1]])
            if not within[gone]:
                del within[gone]
            start += 1
        if len(within) >= CAMPAIGN_CIS:
            places.update(place for _, _, place in sights[max(start, told) : end + 1])
            told = end + 1
    return frozenset(places)
