"""Who is logged in: sessions of the pages and tokens of programs, both known by the hash of their key only."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.browse.page import AnySelect
from collector.store.engine import insert
from collector.store.schema import account, api_token, session


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One session; times in ms. `csrf` is the text every form of it carries."""

    key_hash: bytes
    account_id: int
    created_at: int
    used_at: int
    csrf: str
    address: str


@dataclass(frozen=True, slots=True)
class TokenRow:
    """One API token without its key; times in ms, `used_at` 0: never."""

    id: int
    account_id: int
    name: str
    created_at: int
    expires_at: int
    used_at: int
    revoked_at: int | None
    account: str = ""


async def add(connection: AsyncConnection, row: SessionRow) -> None:
    await connection.execute(
        insert(connection, session).values(
            key_hash=row.key_hash, account_id=row.account_id, created_at=row.created_at, used_at=row.used_at,
            csrf=row.csrf, address=row.address,
        )
    )  # fmt: skip


async def find(connection: AsyncConnection, key_hash: bytes) -> SessionRow | None:
    row = (await connection.execute(select(session).where(session.c.key_hash == key_hash))).one_or_none()
    return SessionRow(**row._mapping) if row else None


async def touch(connection: AsyncConnection, key_hash: bytes, at: int) -> None:
    await connection.execute(update(session).where(session.c.key_hash == key_hash).values(used_at=at))


async def end(connection: AsyncConnection, key_hash: bytes) -> None:
    await connection.execute(delete(session).where(session.c.key_hash == key_hash))


async def end_all(connection: AsyncConnection, account_id: int, but: bytes = b"") -> int:
    """End every session of an account except `but`; return how many."""
    gone = delete(session).where(session.c.account_id == account_id, session.c.key_hash != but)
    return (await connection.execute(gone)).rowcount


async def forget(connection: AsyncConnection, created_before: int, used_before: int) -> None:
    """Remove sessions that have ended by age or by idleness (ms)."""
    await connection.execute(
        delete(session).where((session.c.created_at < created_before) | (session.c.used_at < used_before))
    )


async def add_token(connection: AsyncConnection, key_hash: bytes, row: TokenRow) -> int:
    """Add an API token; return its id."""
    new = insert(connection, api_token).values(
        key_hash=key_hash,
        account_id=row.account_id,
        name=row.name,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
    return int((await connection.execute(new.returning(api_token.c.id))).scalar_one())


async def find_token(connection: AsyncConnection, key_hash: bytes) -> TokenRow | None:
    found = await connection.execute(_tokens().where(api_token.c.key_hash == key_hash))
    row = found.one_or_none()
    return TokenRow(**row._mapping) if row else None


async def tokens(connection: AsyncConnection, account_id: int | None = None) -> tuple[TokenRow, ...]:
    """Return the tokens of one account, or all, newest first."""
    wanted = _tokens().order_by(api_token.c.id.desc())
    if account_id is not None:
        wanted = wanted.where(api_token.c.account_id == account_id)
    return tuple(TokenRow(**row._mapping) for row in await connection.execute(wanted))


async def touch_token(connection: AsyncConnection, number: int, at: int) -> None:
    await connection.execute(update(api_token).where(api_token.c.id == number).values(used_at=at))


async def revoke_token(connection: AsyncConnection, number: int, account_id: int, at: int) -> bool:
    """Revoke a token of an account; return whether it was still good."""
    mine = (api_token.c.id == number) & (api_token.c.account_id == account_id) & api_token.c.revoked_at.is_(None)
    gone = update(api_token).where(mine).values(revoked_at=at).returning(api_token.c.id)
    return (await connection.execute(gone)).scalar_one_or_none() is not None


def _tokens() -> AnySelect:
    columns = ("id", "account_id", "name", "created_at", "expires_at", "used_at", "revoked_at")
    named = account.c.name.label("account")
    return select(*(api_token.c[each] for each in columns), named).join(account, account.c.id == api_token.c.account_id)
