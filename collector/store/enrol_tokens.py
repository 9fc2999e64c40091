"""Enrolment tokens: what is left of each, and which instance keys used it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store import schema
from collector.store.engine import insert

_token, _use = schema.enrol_token, schema.token_use


@dataclass(frozen=True, slots=True)
class EnrolToken:
    """One row of `enrol_token`: times in epoch milliseconds, id 8 bytes."""

    id: bytes
    created_at: int
    expires_at: int
    created_by: str
    note: str
    uses_left: int


async def add(connection: AsyncConnection, token: EnrolToken) -> None:
    await connection.execute(insert(connection, _token).values(asdict(token)))


async def find(connection: AsyncConnection, token_id: bytes) -> EnrolToken | None:
    row = (await connection.execute(select(_token).where(_token.c.id == token_id))).first()
    return EnrolToken(**row._mapping) if row else None


async def listed(connection: AsyncConnection) -> list[EnrolToken]:
    """Return every token, newest first."""
    rows = await connection.execute(select(_token).order_by(_token.c.created_at.desc(), _token.c.id))
    return [EnrolToken(**row._mapping) for row in rows]


async def revoke(connection: AsyncConnection, token_id: bytes, at: int) -> bool:
    """Let no one use the token any more; return whether it was still of use."""
    ended = (
        update(_token)
        .where(_token.c.id == token_id, _token.c.expires_at > at)
        .values(uses_left=0, expires_at=at)
        .returning(_token.c.id)
    )
    return (await connection.execute(ended)).first() is not None


async def was_used_by(connection: AsyncConnection, token_id: bytes, instance_key: bytes) -> bool:
    found = select(_use.c.used_at).where(_use.c.token_id == token_id, _use.c.instance_key == instance_key)
    return (await connection.execute(found)).first() is not None


async def consume(connection: AsyncConnection, token_id: bytes, instance_key: bytes, at: int) -> bool:
    """Take one use for `instance_key`; return False, with nothing changed, when none is left or it has expired."""
    taken = (
        update(_token)
        .where(_token.c.id == token_id, _token.c.uses_left > 0, _token.c.expires_at > at)
        .values(uses_left=_token.c.uses_left - 1)
        .returning(_token.c.id)
    )
    if (await connection.execute(taken)).first() is None:
        return False
    await connection.execute(insert(connection, _use).values(token_id=token_id, instance_key=instance_key, used_at=at))
    return True
