"""What a CI stands on: its host, the system it runs on, what contains it, and so on upwards."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import CONTAINS, FOREVER
from collector.store import interning
from collector.store.schema import relation

DEEPEST = 8
_UP = ("installed_on", "runs_on")


async def above(connection: AsyncConnection, ci_ids: Collection[int]) -> dict[int, set[int]]:
    """Return CI → all that it stands on, itself left out."""
    parents: dict[int, set[int]] = {}
    asked = set(ci_ids)
    for _ in range(DEEPEST):
        found = await _parents(connection, asked)
        parents |= found
        asked = {each for its in found.values() for each in its} - parents.keys()
        if not asked:
            break
    return {ci_id: _closure(ci_id, parents) for ci_id in ci_ids}


async def _parents(connection: AsyncConnection, ci_ids: Iterable[int]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {ci_id: set() for ci_id in ci_ids}
    a, b, kind = relation.c.a, relation.c.b, relation.c.kind
    for part in interning.chunks(sorted(found)):
        up = or_((kind.in_(_UP)) & a.in_(part), (kind == CONTAINS) & b.in_(part))
        for row in await connection.execute(select(a, b, kind).where(relation.c.vt == FOREVER, up)):
            child, parent = (row.b, row.a) if row.kind == CONTAINS else (row.a, row.b)
            found[child].add(parent)
    return found


def _closure(ci_id: int, parents: dict[int, set[int]]) -> set[int]:
    seen: set[int] = set()
    asked = set(parents.get(ci_id, ()))
    while asked:
        seen |= asked
        asked = {each for one in asked for each in parents.get(one, ())} - seen
    return seen - {ci_id}
