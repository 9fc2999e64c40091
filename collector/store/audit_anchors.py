"""The head of the audit log as it was signed each day: only added to, one a day."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.audit import Mark
from collector.store.engine import insert
from collector.store.schema import audit, audit_anchor

TOLD = "audit.anchor"
"""The act by which a day is anchored; it is about `audit/<day>`."""


@dataclass(frozen=True, slots=True)
class Daily:
    """The anchor of a day (2026-11-28): the head as it was then, and the signature under it."""

    day: str
    head: Mark
    signature: bytes


async def add(tx: AsyncConnection, anchor: Daily) -> bool:
    """Keep the anchor of a day; return False where there is one already."""
    values = {"day": anchor.day, "seq": anchor.head.seq, "hash": anchor.head.hash, "at": anchor.head.at}
    made = insert(tx, audit_anchor).values(**values, signature=anchor.signature).on_conflict_do_nothing()
    return bool((await tx.execute(made)).rowcount)


async def everyone(connection: AsyncConnection) -> list[Daily]:
    """Return all of them, the oldest first."""
    rows = await connection.execute(select(audit_anchor).order_by(audit_anchor.c.day))
    return [Daily(row.day, Mark(row.seq, row.hash, row.at), row.signature) for row in rows]


async def is_there(connection: AsyncConnection, day: str) -> bool:
    found = select(audit_anchor.c.day).where(audit_anchor.c.day == day)
    return (await connection.execute(found)).one_or_none() is not None


async def days_told(connection: AsyncConnection) -> set[str]:
    """Return the days the log itself says were anchored."""
    rows = await connection.execute(select(audit.c.object).where(audit.c.action == TOLD))
    return {str(each).partition("/")[2] for each in rows.scalars()}
