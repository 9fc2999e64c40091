"""Waivers as they are kept."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.engine import insert
from collector.store.schema import waiver
from collector.waiver import ASKED, GRANTED, Waiver

_MARKED_EVERY_MS = 3_600_000
"""How exact it is kept when a waiver last met a problem."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A waiver with its row. `reminded_at`: until when reminders were looked for (ms)."""

    id: int
    waiver: Waiver
    reminded_at: int


async def add(tx: AsyncConnection, new: Waiver) -> Waiver:
    """Write a waiver and give it its number."""
    values = _values(new) | {"number": f"?{new.asked_at}-{new.requested_by}"}
    row_id = int((await tx.execute(insert(tx, waiver).values(values).returning(waiver.c.id))).scalar_one())
    number = f"WVR-{row_id:06d}"
    await tx.execute(update(waiver).where(waiver.c.id == row_id).values(number=number))
    return _waiver_of(values | {"number": number})


async def find(connection: AsyncConnection, number: str) -> Waiver | None:
    row = (await connection.execute(select(waiver).where(waiver.c.number == number))).one_or_none()
    return _as_kept(row).waiver if row else None


async def decide(tx: AsyncConnection, before: Waiver, after: Waiver) -> bool:
    """Write what became of a waiver; return False when it is no longer what it was."""
    is_it = (waiver.c.number == before.number, waiver.c.state == before.state, waiver.c.expires == before.expires)
    return (await tx.execute(update(waiver).where(*is_it).values(_values(after)))).rowcount == 1


async def everyone(connection: AsyncConnection, limit: int = 1000) -> list[Kept]:
    """Return all waivers, those that are asked for first, then by what ends next."""
    order = (waiver.c.state != ASKED, waiver.c.state != GRANTED, waiver.c.expires, waiver.c.id)
    return [_as_kept(row) for row in await connection.execute(select(waiver).order_by(*order).limit(limit))]


async def granted(connection: AsyncConnection, now: int) -> list[Kept]:
    """Return the waivers that hold, or will."""
    ones = select(waiver).where(waiver.c.state == GRANTED, waiver.c.expires > now).order_by(waiver.c.id)
    return [_as_kept(row) for row in await connection.execute(ones)]


async def matched(tx: AsyncConnection, numbers: Collection[str], now: int) -> None:
    """Say that these waivers met a problem."""
    if not numbers:
        return
    stale = waiver.c.matched_at < now - _MARKED_EVERY_MS
    await tx.execute(update(waiver).where(waiver.c.number.in_(sorted(numbers)), stale).values(matched_at=now))


async def reminded(tx: AsyncConnection, kept: Kept, now: int) -> bool:
    """Say that reminders of this one were looked for until `now`; return False when somebody else just did."""
    still = (waiver.c.id == kept.id, waiver.c.reminded_at == kept.reminded_at)
    return (await tx.execute(update(waiver).where(*still).values(reminded_at=now))).rowcount == 1


def _values(its: Waiver) -> dict[str, Any]:
    return {
        "rule": its.rule, "scope": its.scope, "instance": its.instance, "effect": its.effect, "level": its.level,
        "reason": its.reason, "risk": its.risk, "ticket": its.ticket, "starts": its.starts, "expires": its.expires,
        "state": its.state, "requested_by": its.requested_by, "asked_at": its.asked_at, "decided_by": its.decided_by,
        "decided_at": its.decided_at, "note": its.note, "matched_at": its.matched_at,
    }  # fmt: skip


def _as_kept(row: Row[tuple[Any, ...]]) -> Kept:
    its = dict(row._mapping)
    return Kept(
        its.pop("id"), _waiver_of({name: its[name] for name in (*_values(_NONE), "number")}), its["reminded_at"]
    )


def _waiver_of(values: dict[str, Any]) -> Waiver:
    return Waiver(**values)


_NONE = Waiver("", "", "", "", 0, 0)
