"""Freezes: the times in which nothing but emergencies is done."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change.freeze import Freeze
from collector.change.record import Window
from collector.store.engine import insert
from collector.store.schema import freeze


@dataclass(frozen=True, slots=True)
class FreezeRow:
    """A freeze, who set it and when (ms)."""

    uid: str
    freeze: Freeze
    created_by: str
    created_at: int


async def add(tx: AsyncConnection, row: FreezeRow) -> None:
    its = row.freeze
    await tx.execute(
        insert(tx, freeze).values(
            uid=row.uid, name=its.name, start=its.window.start, end=its.window.end,
            ci_classes=json.dumps(sorted(its.ci_classes)), created_by=row.created_by, created_at=row.created_at,
        )
    )  # fmt: skip


async def since(connection: AsyncConnection, at: int) -> list[FreezeRow]:
    """Return the freezes that end at `at` (ms) or later, the earliest first."""
    ordered = select(freeze).where(freeze.c.end >= at).order_by(freeze.c.start, freeze.c.id)
    return [
        FreezeRow(
            row.uid, Freeze(row.name, Window(row.start, row.end), frozenset(json.loads(row.ci_classes))),
            row.created_by, row.created_at,
        )
        for row in await connection.execute(ordered)
    ]  # fmt: skip


async def remove(tx: AsyncConnection, uid: str) -> bool:
    """Take a freeze away; return whether there was one."""
    return bool((await tx.execute(delete(freeze).where(freeze.c.uid == uid))).rowcount)
