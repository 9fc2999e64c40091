"""Logins that devices refused: what a lock-out of an account would count."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.engine import upsert
from collector.store.schema import refusal


@dataclass(frozen=True, slots=True)
class RefusalRow:
    """The last time an address refused a credential (uid), epoch ms."""

    credential: str
    zone: str
    address: str
    at: int


_COLUMNS = [refusal.c[name] for name in RefusalRow.__slots__]


async def put(tx: AsyncConnection, rows: Sequence[RefusalRow]) -> None:
    if not rows:
        return
    values = [{name: getattr(row, name) for name in RefusalRow.__slots__} for row in rows]
    await tx.execute(upsert(tx, refusal, ("credential", "zone", "address"), "at"), values)


async def since(connection: AsyncConnection, zone: str, at: int, limit: int) -> list[RefusalRow]:
    """Return the refusals in a zone since `at` (ms), the latest first."""
    here = select(*_COLUMNS).where(refusal.c.zone == zone, refusal.c.at >= at)
    rows = await connection.execute(here.order_by(refusal.c.at.desc()).limit(limit))
    return [RefusalRow(*row) for row in rows]


async def counts(connection: AsyncConnection, credentials: Collection[str], at: int) -> dict[str, int]:
    """Return credential → how many addresses refused it since `at` (ms)."""
    here = (refusal.c.credential.in_(credentials), refusal.c.at >= at)
    counted = select(refusal.c.credential, func.count()).where(*here).group_by(refusal.c.credential)
    return {row[0]: row[1] for row in await connection.execute(counted)}


async def of(connection: AsyncConnection, credential: str, limit: int) -> list[RefusalRow]:
    """Return who refused a credential, the latest first."""
    here = select(*_COLUMNS).where(refusal.c.credential == credential)
    rows = await connection.execute(here.order_by(refusal.c.at.desc(), refusal.c.address).limit(limit))
    return [RefusalRow(*row) for row in rows]


async def forget(tx: AsyncConnection, credential: str) -> None:
    """Forget that anybody refused a credential."""
    await tx.execute(delete(refusal).where(refusal.c.credential == credential))


async def forget_before(tx: AsyncConnection, at: int) -> None:
    """Forget what was refused before `at` (ms)."""
    await tx.execute(delete(refusal).where(refusal.c.at < at))
