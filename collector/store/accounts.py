"""People's accounts and the one-time links that log them in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.browse.page import AnyRow
from collector.store.engine import insert
from collector.store.schema import account, login_link

ACTIVE, DISABLED = "active", "disabled"


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account. `password_hash` is empty until one is set; `language` and `theme` are empty for "as the browser".

    `locked_until` (ms) is the end of the lock, or of the window in which failures are counted.
    """

    id: int
    name: str
    password_hash: str
    roles: tuple[str, ...]
    state: str
    language: str
    theme: str
    created_at: int
    failures: int
    locked_until: int


async def add(connection: AsyncConnection, name: str, roles: tuple[str, ...], at: int) -> int | None:
    """Add an account without a password; return its id, or None when the name is taken."""
    new = insert(connection, account).values(name=name, roles=json.dumps(roles), created_at=at)
    row = await connection.execute(new.on_conflict_do_nothing(index_elements=["name"]).returning(account.c.id))
    return row.scalar_one_or_none()


async def by_name(connection: AsyncConnection, name: str) -> AccountRow | None:
    row = (await connection.execute(select(account).where(account.c.name == name))).one_or_none()
    return _account(row) if row else None


async def by_id(connection: AsyncConnection, number: int) -> AccountRow | None:
    row = (await connection.execute(select(account).where(account.c.id == number))).one_or_none()
    return _account(row) if row else None


async def everyone(connection: AsyncConnection) -> tuple[AccountRow, ...]:
    """Return all accounts by name."""
    return tuple(_account(row) for row in await connection.execute(select(account).order_by(account.c.name)))


async def set_password_hash(connection: AsyncConnection, number: int, password_hash: str) -> None:
    await _set(connection, number, password_hash=password_hash, failures=0, locked_until=0)


async def set_roles(connection: AsyncConnection, number: int, roles: tuple[str, ...]) -> None:
    await _set(connection, number, roles=json.dumps(roles))


async def set_state(connection: AsyncConnection, number: int, state: str) -> None:
    await _set(connection, number, state=state)


async def set_failures(connection: AsyncConnection, number: int, failures: int, locked_until: int) -> None:
    await _set(connection, number, failures=failures, locked_until=locked_until)


async def set_language(connection: AsyncConnection, number: int, language: str) -> None:
    await _set(connection, number, language=language)


async def set_theme(connection: AsyncConnection, number: int, theme: str) -> None:
    await _set(connection, number, theme=theme)


async def _set(connection: AsyncConnection, number: int, **values: Any) -> None:
    await connection.execute(update(account).where(account.c.id == number).values(**values))


def _account(row: AnyRow) -> AccountRow:
    told = dict(row._mapping)
    return AccountRow(**(told | {"roles": tuple(json.loads(row.roles))}))


async def add_link(connection: AsyncConnection, key_hash: bytes, account_id: int, expires_at: int) -> None:
    """Add a one-time link; links of that account that were not used stop working."""
    await connection.execute(
        update(login_link)
        .where(login_link.c.account_id == account_id, login_link.c.used_at.is_(None))
        .values(used_at=0)
    )
    await connection.execute(
        insert(connection, login_link).values(key_hash=key_hash, account_id=account_id, expires_at=expires_at)
    )


async def use_link(connection: AsyncConnection, key_hash: bytes, at: int) -> AccountRow | None:
    """Use a link up; return its account, or None when it is unknown, used, too old or of a disabled account."""
    usable = (login_link.c.key_hash == key_hash) & login_link.c.used_at.is_(None) & (login_link.c.expires_at > at)
    used = update(login_link).where(usable).values(used_at=at).returning(login_link.c.account_id)
    number = (await connection.execute(used)).scalar_one_or_none()
    found = await by_id(connection, number) if number is not None else None
    return found if found and found.state == ACTIVE else None
