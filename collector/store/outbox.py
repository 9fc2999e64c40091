"""The outbox: messages written in the transaction of what they tell of, sent later, marked only when sent.

A row's key is unique, so writing the same message again changes nothing. Messages of one subject
(`incident|INC-000001|…`) to one destination go out in the order they were written.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Row, Select, and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import Delivery
from collector.store.engine import insert
from collector.store.schema import outbox
from wire.sections import canonical

LEASE_MS = 30_000
"""How long a claimed row is left alone; longer than any destination may take to answer."""
MAX_ERROR = 500


@dataclass(frozen=True, slots=True)
class Waiting:
    """A claimed row: which, how often it was tried in vain, and what to send."""

    id: int
    attempts: int
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Lag:
    """How far delivery is behind: rows that wait and that were given up, age of the oldest that waits in ms."""

    waiting: int
    dead: int
    oldest_ms: int


async def write(connection: AsyncConnection, deliveries: Iterable[Delivery], now: int) -> None:
    """Add `deliveries`, due at once; one that is there already is left as it is."""
    rows = [
        {"key": _row_key(each), "destination": each.destination, "payload": canonical(dict(each.payload)).decode(),
         "next_at": now, "created_at": now}
        for each in deliveries
    ]  # fmt: skip
    if rows:
        await connection.execute(insert(connection, outbox).on_conflict_do_nothing(index_elements=["key"]), rows)


async def due(connection: AsyncConnection, now: int, limit: int) -> list[int]:
    """Return the ids of up to `limit` rows to send at `now`: of each subject and destination the next, oldest first.

    A row whose claimer died is due again when its lease has run out.
    """
    if (await connection.execute(_waiting_rows().where(outbox.c.next_at <= now).limit(1))).first() is None:
        return []  # by the index; the ranking below looks at all that wait
    subject = func.rtrim(outbox.c.key, func.replace(outbox.c.key, "|", ""))  # the key up to its last '|'
    place = func.row_number().over(partition_by=(outbox.c.destination, subject), order_by=outbox.c.id)
    ranked = _waiting_rows().add_columns(outbox.c.next_at, place.label("place")).subquery()
    first = select(ranked.c.id).where(ranked.c.place == 1, ranked.c.next_at <= now).order_by(ranked.c.id).limit(limit)
    return list((await connection.execute(first)).scalars())


async def claim(connection: AsyncConnection, row_ids: Sequence[int], now: int) -> list[Waiting]:
    """Take those of `row_ids` that are still due, for `LEASE_MS`, and return them; two couriers never get the same."""
    still_due = and_(outbox.c.id.in_(row_ids), outbox.c.state == "waiting", outbox.c.next_at <= now)
    taken = update(outbox).where(still_due).values(next_at=now + LEASE_MS).returning(*outbox.c)
    return sorted(map(_waiting, await connection.execute(taken)), key=lambda each: each.id)


def _waiting_rows() -> Select[tuple[int]]:
    return select(outbox.c.id).where(outbox.c.state == "waiting")


async def mark_sent(connection: AsyncConnection, row_id: int, now: int) -> None:
    """Say that the destination took it."""
    await connection.execute(
        update(outbox)
        .where(outbox.c.id == row_id)
        .values(state="sent", sent_at=now, attempts=outbox.c.attempts + 1, error="")
    )


async def mark_failed(connection: AsyncConnection, row_id: int, error: str, retry_at: int | None) -> None:
    """Say that it was tried in vain; it is due again at `retry_at` (ms), or given up when that is None."""
    fate: dict[str, object] = {"state": "dead"} if retry_at is None else {"next_at": retry_at}
    await connection.execute(
        update(outbox)
        .where(outbox.c.id == row_id)
        .values(attempts=outbox.c.attempts + 1, error=error[:MAX_ERROR], **fate)
    )


async def lag(connection: AsyncConnection, now: int) -> Lag:
    """Return how far delivery is behind at `now`."""
    counted = select(outbox.c.state, func.count(), func.min(outbox.c.created_at)).group_by(outbox.c.state)
    found = {state: (count, oldest) for state, count, oldest in await connection.execute(counted)}
    waiting, oldest = found.get("waiting", (0, now))
    return Lag(waiting, found.get("dead", (0, now))[0], max(0, now - oldest))


def _row_key(delivery: Delivery) -> str:
    """One message to two destinations is two rows, and the column is unique; the message's own key stays as it is."""
    return f"{delivery.key}@{delivery.destination}"


def _waiting(row: Row[tuple[object, ...]]) -> Waiting:
    key = row.key.removesuffix(f"@{row.destination}")
    return Waiting(row.id, row.attempts, Delivery(key, row.destination, json.loads(row.payload)))
