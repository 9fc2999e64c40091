"""Signatures drawn by hand beside a name: of which report, as what, and the drawing itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.engine import insert
from collector.store.schema import signature

_its = signature.c


@dataclass(frozen=True, slots=True)
class Signature:
    """What somebody drew at a time (ms). `role`: as what; `digest`: SHA-256 of the report; `sha256`: of the PNG."""

    role: str
    who: str
    at: int
    digest: str
    sha256: str
    content: bytes


async def add(tx: AsyncConnection, subject: str, drawn: Signature) -> None:
    """Write a signature; `subject` is what was signed: `inspection/INS-000001`."""
    await tx.execute(insert(tx, signature).values(subject=subject, **asdict(drawn)))


async def take_away(tx: AsyncConnection, subject: str) -> None:
    """Write that nothing of it counts any more: it was sent back."""
    await tx.execute(delete(signature).where(_its.subject == subject))


async def of(connection: AsyncConnection, subject: str) -> list[Signature]:
    """Return the signatures of what was signed, the oldest first."""
    found = select(_its.role, _its.who, _its.at, _its.digest, _its.sha256, _its.content)
    rows = await connection.execute(found.where(_its.subject == subject).order_by(_its.id))
    return [Signature(*row[:-1], content=bytes(row.content)) for row in rows]
