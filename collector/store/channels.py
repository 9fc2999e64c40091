"""Channels as people set them up, each with its sealed secret, and how each fares."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.channel import Channel, Wants
from collector.store.engine import insert
from collector.store.schema import channel, channel_health

MAX_ERROR: Final = 500


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """One channel as it is kept: its secret is sealed for this uid, kind and scope (the address)."""

    channel: Channel
    scope: str
    sealed: bytes = field(repr=False)
    key_id: str
    changed_at: int = 0

    @property
    def uid(self) -> str:
        return f"channel/{self.channel.name}"

    @property
    def kind(self) -> str:
        return self.channel.kind


@dataclass(frozen=True, slots=True)
class Health:
    """How a channel fares (ms). `failures`: in a row; `open_until`: nothing is tried before, 0: it is not broken.

    `broken_at`: since when nothing gets through; `tokens` (thousandths, -1: full) and `filled_at`: how many messages
    it may send at once.
    """

    name: str
    last_ok: int = 0
    last_error: str = ""
    failed_at: int = 0
    failures: int = 0
    broken_at: int = 0
    open_until: int = 0
    tokens: int = -1
    filled_at: int = 0
    lease: str = ""
    lease_until: int = 0
    refreshed_at: int = 0
    reconciled_at: int = 0


async def everyone(connection: AsyncConnection) -> list[ChannelRow]:
    """Return all channels by name."""
    return [_row(row) for row in await connection.execute(select(channel).order_by(channel.c.name))]


async def enabled(connection: AsyncConnection) -> list[Channel]:
    """Return the channels that are in use, by name."""
    return [each.channel for each in await everyone(connection) if each.channel.is_enabled]


async def find(connection: AsyncConnection, name: str) -> ChannelRow | None:
    row = (await connection.execute(select(channel).where(channel.c.name == name))).first()
    return None if row is None else _row(row)


async def save(tx: AsyncConnection, row: ChannelRow, now: int) -> None:
    """Write a channel, new or in the place of the one with its name."""
    each = row.channel
    values = {
        "kind": each.kind, "scope": row.scope, "settings": json.dumps(dict(each.settings)),
        "wants": json.dumps(asdict(each.wants)), "language": each.language, "link": each.link,
        "enabled": int(each.is_enabled), "sealed": row.sealed, "key_id": row.key_id, "changed_at": now,
    }  # fmt: skip
    statement = insert(tx, channel).values(name=each.name, **values)
    await tx.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))


async def seal_anew(tx: AsyncConnection, row: ChannelRow) -> None:
    """Write a channel's secret under another key of the vault; nothing else moves."""
    values = {"sealed": row.sealed, "key_id": row.key_id}
    await tx.execute(update(channel).where(channel.c.name == row.channel.name).values(**values))


async def remove(tx: AsyncConnection, name: str) -> None:
    """Take a channel away with all that is known of how it fared."""
    await tx.execute(delete(channel).where(channel.c.name == name))
    await tx.execute(delete(channel_health).where(channel_health.c.name == name))


# --- how they fare


async def health(connection: AsyncConnection) -> dict[str, Health]:
    """Return name → how it fares, for those that ever sent or tried."""
    found = await connection.execute(select(channel_health))
    return {row.name: Health(**row._mapping) for row in found}


async def working(connection: AsyncConnection) -> dict[str, bool]:
    """Return channel in use → whether something gets through."""
    fares = await health(connection)
    return {each.name: not (fares.get(each.name) or Health(each.name)).broken_at for each in await enabled(connection)}


async def health_of(connection: AsyncConnection, name: str) -> Health:
    row = (await connection.execute(select(channel_health).where(channel_health.c.name == name))).first()
    return Health(name) if row is None else Health(**row._mapping)


async def note(tx: AsyncConnection, name: str, **moved: int | str) -> None:
    """Write what moved in how a channel fares."""
    if isinstance(error := moved.get("last_error"), str):
        moved["last_error"] = error[:MAX_ERROR]
    statement = insert(tx, channel_health).values(name=name, **moved)
    await tx.execute(statement.on_conflict_do_update(index_elements=["name"], set_=moved))


async def take(tx: AsyncConnection, name: str, lease: str, until: int, now: int) -> bool:
    """Have the whole channel for one collector until then (ms); return whether it is."""
    await tx.execute(insert(tx, channel_health).values(name=name).on_conflict_do_nothing(index_elements=["name"]))
    free = (channel_health.c.lease_until <= now) | (channel_health.c.lease == lease)
    mine = update(channel_health).where(channel_health.c.name == name, free).values(lease=lease, lease_until=until)
    return (await tx.execute(mine.returning(channel_health.c.name))).first() is not None


async def turn(tx: AsyncConnection, name: str, what: str, every_ms: int, now: int) -> bool:
    """Return whether it is time for `what` (`refreshed_at`, `reconciled_at`), which is then done by who asked."""
    await tx.execute(insert(tx, channel_health).values(name=name).on_conflict_do_nothing(index_elements=["name"]))
    column = channel_health.c[what]
    due = update(channel_health).where(channel_health.c.name == name, column <= now - every_ms).values({what: now})
    return (await tx.execute(due.returning(channel_health.c.name))).first() is not None


def _row(row: Row[Any]) -> ChannelRow:
    said: dict[str, Any] = json.loads(row.wants)
    wants = Wants(said.pop("severity"), **{name: tuple(each) for name, each in said.items()})
    found = Channel(
        row.name, row.kind, json.loads(row.settings), wants, row.language, row.link, bool(row.enabled)
    )  # fmt: skip
    return ChannelRow(found, row.scope, bytes(row.sealed), row.key_id, row.changed_at)
