"""Identifiers in quarantine: they name nobody until a person lifts that."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import Identifier
from collector.store import interning, schema
from collector.store.engine import insert

LEARNABLE: Final = ("serial", "uuid", "mac", "virtual_mac", "machine_id", "agent", "engine_id", "chassis_id")
"""Kinds whose value is one thing's alone; names, addresses and products are shared by nature."""

_table, _identifier = schema.suspect, schema.identifier


async def among(connection: AsyncConnection, identifiers: Iterable[Identifier]) -> frozenset[Identifier]:
    """Return those of `identifiers` that are in quarantine."""
    values: dict[str, list[str]] = {}
    for each in identifiers:
        values.setdefault(each.kind, []).append(each.value)
    found = set[Identifier]()
    for kind, its in values.items():
        for part in interning.chunks(its):
            wanted = select(_table.c.value).where(_table.c.kind == kind, _table.c.value.in_(part))
            found |= {Identifier(kind, value) for value in (await connection.execute(wanted)).scalars()}
    return frozenset(found)


async def put(tx: AsyncConnection, identifiers: Collection[Identifier], at: int, who: str, why: str) -> set[Identifier]:
    """Put identifiers in quarantine; return those that were not there."""
    made = set[Identifier]()
    for each in sorted(identifiers):
        row = {"kind": each.kind, "value": each.value, "at": at, "who": who, "why": why}
        done = await tx.execute(insert(tx, _table).values(row).on_conflict_do_nothing().returning(_table.c.kind))
        if done.first() is not None:
            made.add(each)
    return made


async def lift(tx: AsyncConnection, identifier: Identifier) -> bool:
    """Let an identifier name CIs again; return whether it was in quarantine."""
    own = (_table.c.kind == identifier.kind, _table.c.value == identifier.value)
    return (await tx.execute(delete(_table).where(*own))).rowcount > 0


async def listed(connection: AsyncConnection) -> list[Any]:
    """Return every identifier in quarantine (kind, value, at, who, why), the newest first."""
    wanted = select(_table).order_by(_table.c.at.desc(), _table.c.kind, _table.c.value).limit(1000)
    return list(await connection.execute(wanted))


async def shared(connection: AsyncConnection, at_least: int, since: int) -> set[Identifier]:
    """Return the identifiers that so many CIs have held since then (ms)."""
    own = _identifier.c
    wanted = (
        select(own.kind, own.value)
        .where(own.kind.in_(LEARNABLE), own.last_at >= since, own.state == "live")
        .group_by(own.kind, own.value)
        .having(func.count() >= at_least)
    )
    return {Identifier(*row) for row in await connection.execute(wanted)}
