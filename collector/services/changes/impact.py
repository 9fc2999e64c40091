"""Who depends on these CIs: what runs on them, hangs on them or is inside them, step by step."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.browse import changes, relations
from collector.store.browse.ref import CiRef
from collector.store.browse.relations import Edge

MAX_STEPS: Final = 4
MOST_LISTED: Final = 200
MOST_COUNTED: Final = 20_000
"""Relations followed for one question. A change at the core is told as one on which at least so many depend."""


@dataclass(frozen=True, slots=True)
class Affected:
    """A CI that depends on `on` by a relation of this kind; `steps`: how far from what is changed."""

    ci: CiRef
    kind: str
    on: CiRef
    steps: int


@dataclass(frozen=True, slots=True)
class Impact:
    """Who depends, the `nearest` listed, and how many in all; `is_more`: at least so many, not all were followed."""

    nearest: tuple[Affected, ...]
    count: int
    is_more: bool


async def impact(connection: AsyncConnection, ci_ids: Collection[int], most: int = MOST_COUNTED) -> Impact:
    """Return who depends on `ci_ids`, the nearest first; nobody twice. `most`: relations that are followed."""
    known, reached, room = set(ci_ids), set(ci_ids), most
    found: list[tuple[Edge, int]] = []
    for steps in range(1, MAX_STEPS + 1):
        near = await relations.dependents(connection, reached, room)
        fresh = {each.ci_id: each for each in reversed(near) if each.ci_id not in known}
        found += [(each, steps) for each in sorted(fresh.values())]
        reached, room = set(fresh), room - len(near)
        known |= reached
        if not reached or room <= 0:
            break
    return Impact(await _listed(connection, found[:MOST_LISTED]), len(found), room <= 0)


async def _listed(connection: AsyncConnection, found: Collection[tuple[Edge, int]]) -> tuple[Affected, ...]:
    named = await changes.refs(connection, {ci_id for each, _ in found for ci_id in (each.ci_id, each.on_id)})
    return tuple(Affected(named[each.ci_id], each.kind, named[each.on_id], steps) for each, steps in found)
