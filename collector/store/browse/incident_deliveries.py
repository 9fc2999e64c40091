"""What was or will be told of an incident by which channel, as the outbox has it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.schema import outbox


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One message about an incident on its way: waiting, sent or dead; times in ms."""

    event: str
    destination: str
    state: str
    attempts: int
    created_at: int
    sent_at: int | None
    error: str


async def deliveries(connection: AsyncConnection, number: str) -> tuple[DeliveryRow, ...]:
    """Return what was or will be told of an incident, oldest first."""
    prefix = f"incident|{number}|"
    statement = select(outbox).where(outbox.c.key.startswith(prefix, autoescape=True)).order_by(outbox.c.id)
    return tuple(
        DeliveryRow(
            row.key[len(prefix) :].partition("@")[0], row.destination, row.state, row.attempts, row.created_at,
            row.sent_at, row.error,
        )
        for row in await connection.execute(statement)
    )  # fmt: skip
