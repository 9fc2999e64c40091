"""Relations between CIs by the word of devices and of people, as they stand and as they are to stand."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import FOREVER
from collector.record import HAND
from collector.store.engine import insert
from collector.store.schema import ci, relation, source

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
        one = update(relation).where(_is(a, kind, b), relation.c.source_id == by)
        await connection.execute(one.values(vt=at))


async def held(connection: AsyncConnection, a: int, kind: str, b: int) -> list[str]:
    """Return the codes of the sources that say now that `a` is `kind` `b`."""
    its = relation.c
    wanted = select(source.c.code).join(relation, its.source_id == source.c.id)
    rows = await connection.execute(wanted.where(_is(a, kind, b)).order_by(source.c.code))
    return list(rows.scalars())


async def end_said(connection: AsyncConnection, a: int, kind: str, b: int, at: int) -> int:
    """Let what people say of the two hold no longer than to `at` (ms); return how many said it."""
    people = select(source.c.id).where(source.c.kind == HAND)
    said = update(relation).where(_is(a, kind, b), relation.c.source_id.in_(people))
    return (await connection.execute(said.values(vt=at))).rowcount


async def called(connection: AsyncConnection, name: str) -> list[str]:
    """Return the ids of CIs in use that bear this name, or this id; two at most, for two are no answer."""
    found = select(ci.c.uid).where((ci.c.uid == name) | (ci.c.name == name), ci.c.merged_into.is_(None))
    rows = await connection.execute(found.where(ci.c.state.not_in(("retired", "archived"))).order_by(ci.c.id).limit(2))
    return list(rows.scalars())


def _is(a: int, kind: str, b: int) -> ColumnElement[bool]:
    its = relation.c
    return (its.a == a) & (its.kind == kind) & (its.b == b) & (its.vt == FOREVER)
