"""Who depends on these CIs: what runs on them, hangs on them or is inside them, step by step."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.browse import relations
from collector.store.browse.ref import CiRef

MAX_STEPS: Final = 4
MAX_CIS: Final = 200


@dataclass(frozen=True, slots=True)
class Affected:
    """A CI that depends on `on` by a relation of this kind; `steps`: how far from what is changed."""

    ci: CiRef
    kind: str
    on: CiRef
    steps: int


async def impact(connection: AsyncConnection, ci_ids: Collection[int]) -> tuple[Affected, ...]:
    """Return who depends on `ci_ids`, the nearest first; nobody twice, at most `MAX_CIS`."""
    known, reached = set(ci_ids), set(ci_ids)
    found: list[Affected] = []
    for steps in range(1, MAX_STEPS + 1):
        near = await relations.dependents(connection, reached)
        fresh = {each.ci_id: each for each in near if each.ci_id not in known}
        found += [Affected(each.ci, each.kind, each.on, steps) for each in fresh.values()]
        reached = set(fresh)
        known |= reached
        if not reached or len(found) >= MAX_CIS:
            break
    return tuple(found[:MAX_CIS])
