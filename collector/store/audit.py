"""The rows of the audit log and the two marks of its chain: where it begins, and its head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import delete, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import NullType

from collector.store.engine import insert
from collector.store.schema import audit, audit_mark

START, HEAD = "start", "head"
_BY_STATEMENT = 100
"""Rows written with one statement: SQLite takes some thousand values at most."""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One act that was done. `object`: its kind and name; `details`: JSON of what it moved; `at` in epoch ms.

    `hash` seals everything before it and `prev`, which is the hash of the row before.
    """

    seq: int
    at: int
    actor: str
    origin: str
    action: str
    object: str
    details: str
    prev: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the chain: a row's number, hash and time (epoch ms)."""

    seq: int
    hash: bytes
    at: int


_AS_STORED = [type_coerce(audit.c[name], NullType()).label(name) for name in AuditRow.__slots__]
"""Read as it stands: whoever tampered with a row may have put there what the column is not for."""


async def mark(connection: AsyncConnection, name: str, hold: bool = False) -> Mark:
    """Return the mark `START` or `HEAD`; `hold` lets nobody else append until the transaction ends."""
    statement = select(audit_mark.c.seq, audit_mark.c.hash, audit_mark.c.at).where(audit_mark.c.name == name)
    return Mark(*(await connection.execute(statement.with_for_update() if hold else statement)).one())


async def set_mark(connection: AsyncConnection, name: str, to: Mark) -> None:
    await connection.execute(update(audit_mark).where(audit_mark.c.name == name).values(**asdict(to)))


async def add(connection: AsyncConnection, rows: Sequence[AuditRow]) -> None:
    """Write rows; one whose number or hash is taken is refused."""
    for begin in range(0, len(rows), _BY_STATEMENT):
        some = [asdict(row) for row in rows[begin : begin + _BY_STATEMENT]]
        await connection.execute(insert(connection, audit).values(some))


async def after(connection: AsyncConnection, seq: int, limit: int) -> list[AuditRow]:
    """Return the rows behind number `seq`, oldest first."""
    statement = select(*_AS_STORED).where(audit.c.seq > seq).order_by(audit.c.seq).limit(limit)
    return [AuditRow(**row._mapping) for row in await connection.execute(statement)]


async def last_before(connection: AsyncConnection, at: int, most: int) -> Mark | None:
    """Return the newest row that is older than `at` (epoch ms) and not numbered beyond `most`."""
    older = select(audit.c.seq, audit.c.hash, audit.c.at).where(audit.c.at < at, audit.c.seq <= most)
    statement = older.order_by(audit.c.seq.desc())
    row = (await connection.execute(statement.limit(1))).first()
    return Mark(*row) if row else None


async def remove_to(connection: AsyncConnection, seq: int) -> int:
    """Remove the rows up to and with `seq`; return how many there were."""
    return (await connection.execute(delete(audit).where(audit.c.seq <= seq))).rowcount
