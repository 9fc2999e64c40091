"""What each channel was last told of each incident, and what the other side calls it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.channel import BEGINS, ENDS
from collector.store.engine import upsert
from collector.store.schema import correspondence, outbox


@dataclass(frozen=True, slots=True)
class Letter:
    """One subject at one channel: what the other side calls it, the event last told, when (ms), and the message."""

    destination: str
    subject: str
    reference: str
    event: str
    at: int
    payload: Mapping[str, Any]
    is_open: bool


async def note(
    tx: AsyncConnection, destination: str, sent: Iterable[tuple[int, str, str, str]], now: int
) -> None:  # fmt: skip
    """Write what was told: (row of the outbox, subject, event, reference); "" leaves the reference as it is."""
    alike: dict[tuple[bool, bool], list[dict[str, Any]]] = {}
    for row_id, subject, event, reference in sent:
        row = {"destination": destination, "subject": subject, "event": event, "outbox_id": row_id, "at": now,
               "open": int(event not in ENDS), "reference": reference}  # fmt: skip
        alike.setdefault((event in ENDS or event in BEGINS, bool(reference)), []).append(row)
    for (turns, is_named), rows in alike.items():
        fresh = ["event", "outbox_id", "at", *(["open"] if turns else []), *(["reference"] if is_named else [])]
        await tx.execute(upsert(tx, correspondence, ("destination", "subject"), *fresh), rows)


async def references(connection: AsyncConnection, destination: str, subjects: Sequence[str]) -> dict[str, str]:
    """Return subject → what the other side calls it, for those it calls anything."""
    found = select(correspondence.c.subject, correspondence.c.reference).where(
        correspondence.c.destination == destination, correspondence.c.subject.in_(subjects),
        correspondence.c.reference != "",
    )  # fmt: skip
    return {row.subject: row.reference for row in await connection.execute(found)}


async def open_ones(connection: AsyncConnection, destination: str, limit: int) -> list[Letter]:
    """Return what a channel was told of and not yet told the end of, the oldest first."""
    return await _letters(connection, limit, correspondence.c.destination == destination, correspondence.c.open == 1)


async def ended_since(connection: AsyncConnection, destination: str, since: int, limit: int) -> list[Letter]:
    """Return what a channel was told the end of since then (ms)."""
    where = (correspondence.c.destination == destination, correspondence.c.open == 0, correspondence.c.at >= since)
    return await _letters(connection, limit, *where)


async def is_open(connection: AsyncConnection, destination: str, subject: str) -> bool:
    """Return whether a channel was told of a subject and not yet of its end."""
    its = (correspondence.c.destination == destination, correspondence.c.subject == subject)
    found = await connection.execute(select(correspondence.c.open).where(*its))
    return found.scalar_one_or_none() == 1


async def close(tx: AsyncConnection, destination: str, subject: str) -> None:
    """Say that it is over for the other side, whatever it was told."""
    where = (correspondence.c.destination == destination, correspondence.c.subject == subject)
    await tx.execute(update(correspondence).where(*where).values(open=0))


async def count(connection: AsyncConnection) -> dict[str, int]:
    """Return channel → how many subjects are open there."""
    found = select(correspondence.c.destination, func.count()).where(correspondence.c.open == 1)
    return {row[0]: row[1] for row in await connection.execute(found.group_by(correspondence.c.destination))}


async def _letters(connection: AsyncConnection, limit: int, *where: Any) -> list[Letter]:
    statement = (
        select(correspondence, outbox.c.payload)
        .join(outbox, outbox.c.id == correspondence.c.outbox_id)
        .where(*where)
        .order_by(correspondence.c.at, correspondence.c.subject)
        .limit(limit)
    )
    return [
        Letter(row.destination, row.subject, row.reference, row.event, row.at, json.loads(row.payload), bool(row.open))
        for row in await connection.execute(statement)
    ]
