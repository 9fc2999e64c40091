"""Relations that devices tell of others, as they stand and as they are to stand."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import FOREVER
from collector.record import HAND
from collector.store.engine import insert
from collector.store.schema import relation, source

Row = tuple[int, str, int, int]
"""a, kind, b, and the source that says so."""


async def observed(connection: AsyncConnection, kinds: Collection[str]) -> set[Row]:
    """Return the relations of these kinds that hold now by the word of a device; what people say is left out."""
    its = relation.c
    wanted = select(its.a, its.kind, its.b, its.source_id).join(source, source.c.id == its.source_id)
    rows = await connection.execute(wanted.where(its.kind.in_(kinds), its.vt == FOREVER, source.c.kind != HAND))
    return {(row.a, row.kind, row.b, row.source_id) for row in rows}


async def begin(connection: AsyncConnection, rows: Collection[Row], at: int) -> None:
    """Let these hold from `at` (ms) on."""
    if rows:
        said = [{"a": a, "kind": kind, "b": b, "source_id": by, "vf": at, "lo": at} for a, kind, b, by in sorted(rows)]
        await connection.execute(insert(connection, relation).on_conflict_do_nothing(), said)


async def end(connection: AsyncConnection, rows: Collection[Row], at: int) -> None:
    """Let these hold no longer than to `at` (ms)."""
    for a, kind, b, by in sorted(rows):
        its = relation.c
        one = (its.a == a) & (its.kind == kind) & (its.b == b) & (its.source_id == by) & (its.vt == FOREVER)
        await connection.execute(update(relation).where(one).values(vt=at))
