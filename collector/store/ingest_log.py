"""The ingest log: what agents sent, as they sent it, each (agent, epoch, seq) once. Nothing is acknowledged before.

Rows go in as a few long statements, not one a row: between two steps of a statement SQLite's thread has to
win the interpreter back, which beside a busy event loop costs milliseconds each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import TypeAlias

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.ingest import Logged, clean
from collector.store import schema
from collector.store.engine import insert
from wire.observation import Drop

Row: TypeAlias = tuple[int, bytes, int, int, bytes]
"""(agent id, epoch, seq, received_at in epoch ms, payload); all within the database's range."""

Numbered: TypeAlias = tuple[int, Row]
"""A row with its id in the log."""

MAX_SEQ = 2**63 - 1
_BLOCK = 199  # times five columns stays under the 999 variables of SQLite before 3.32
_COLUMNS = "agent_id, epoch, seq, received_at, payload"
_ONCE = "ON CONFLICT (agent_id, epoch, seq) DO NOTHING"
_POSTGRESQL = (
    f"INSERT INTO observation ({_COLUMNS}) SELECT * FROM "  # noqa: S608  constants only
    f"unnest($1::bigint[], $2::bytea[], $3::bigint[], $4::bigint[], $5::bytea[]) {_ONCE}"
)

_observation, _source, _rejected = schema.observation, schema.source, schema.rejected_observation


async def append(connection: AsyncConnection, rows: Sequence[Row]) -> range | None:
    """Add `rows` in order; one that is already there stays as it is.

    Return their ids in that order when that is known: on SQLite, which numbers one after the other, if all were new.
    """
    if not rows:
        return range(0)
    if connection.dialect.name == "postgresql":
        await connection.exec_driver_sql(_POSTGRESQL, tuple(list(column) for column in zip(*rows, strict=True)))
        return None
    added = last = 0
    for at in range(0, len(rows), _BLOCK):
        part = rows[at : at + _BLOCK]
        done = await connection.exec_driver_sql(_sqlite(len(part)), tuple(chain.from_iterable(part)))
        added, last = added + done.rowcount, done.lastrowid
    return range(last - added + 1, last + 1) if added == len(rows) else None


@lru_cache(maxsize=_BLOCK)
def _sqlite(count: int) -> str:
    values = ",".join(["(?,?,?,?,?)"] * count)
    return f"INSERT INTO observation ({_COLUMNS}) VALUES {values} {_ONCE}"  # noqa: S608  constants only


async def pending(connection: AsyncConnection, limit: int, after: int = 0) -> list[Logged]:
    """Return at most `limit` rows no source's cursor has passed yet, oldest first.

    `after` > 0 spares the look at every source: only rows with a greater id are considered. The one consumer
    that knows it has applied everything up to there may say so.
    """
    start = after + 1 if after else await _first_pending(connection)
    if start is None:
        return []
    log = _observation.c
    rows = await connection.execute(
        select(log.id, log.agent_id, _source.c.code, log.epoch, log.seq, log.received_at, log.payload)
        .select_from(_observation.join(_source, _source.c.agent_id == log.agent_id))
        .where(log.id >= start, log.id > _source.c.applied_id)
        .order_by(log.id)
        .limit(limit)
    )
    return [Logged(*row) for row in rows]


async def _first_pending(connection: AsyncConnection) -> int | None:
    # One index seek per source; then the log is read from there in one run, however long it is.
    log = _observation.c
    first = (
        select(func.min(log.id))
        .where(log.agent_id == _source.c.agent_id, log.id > _source.c.applied_id)
        .scalar_subquery()
    )
    found: int | None = (await connection.execute(select(func.min(first)).select_from(_source))).scalar_one()
    return found


async def reject(connection: AsyncConnection, observation_id: int, reason: str, at: int) -> None:
    """Remember why a logged observation cannot be opened; the row itself stays. The first reason stands."""
    row = {"observation_id": observation_id, "reason": reason, "at": at}
    await connection.execute(insert(connection, _rejected).values(row).on_conflict_do_nothing())


async def record_drops(connection: AsyncConnection, row: Logged, drops: Sequence[Drop]) -> None:
    """Remember what the agent of `row` had to give up; a drop told twice is one."""
    rows = [
        {
            "agent_id": row.agent_id, "epoch": row.epoch, "first_seq": min(drop.first_seq, MAX_SEQ),
            "last_seq": min(drop.last_seq, MAX_SEQ), "count": min(drop.count, MAX_SEQ),
            "reason": clean(drop.reason), "told_at": row.received_at,
        }
        for drop in drops
    ]  # fmt: skip
    if rows:
        await connection.execute(insert(connection, schema.drop_record).on_conflict_do_nothing(), rows)


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of the log: all, not applied yet, not to be opened; when the oldest not applied yet came (epoch ms)."""

    stored: int
    pending: int
    rejected: int
    oldest_pending_at: int | None


async def counts(connection: AsyncConnection) -> Counts:
    """Return the log's figures. It counts the whole log: for people and tests, not for every second."""
    log = _observation.c
    waiting = (
        select(func.count(), func.min(log.received_at))
        .select_from(_source.join(_observation, (log.agent_id == _source.c.agent_id) & (log.id > _source.c.applied_id)))
    )  # fmt: skip
    number, oldest = (await connection.execute(waiting)).one()
    stored = (await connection.execute(select(func.count()).select_from(_observation))).scalar_one()
    rejected = (await connection.execute(select(func.count()).select_from(_rejected))).scalar_one()
    return Counts(stored, number, rejected, oldest)
