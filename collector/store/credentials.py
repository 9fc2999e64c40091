"""Credentials: where each may go, and its sealed secret, which only the vault opens."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, field

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.engine import insert
from collector.store.schema import credential


@dataclass(frozen=True, slots=True)
class CredentialRow:
    """One credential. `scope` is JSON as it was sealed with. Times in epoch ms, 0: never."""

    uid: str
    name: str
    kind: str
    scope: str
    sealed: bytes = field(repr=False)
    key_id: str
    created_at: int
    created_by: str
    changed_at: int
    used_at: int = 0
    suspended_until: int = 0
    suspended_why: str = ""


_COLUMNS = [credential.c[name] for name in CredentialRow.__slots__]


async def add(connection: AsyncConnection, row: CredentialRow) -> None:
    await connection.execute(insert(connection, credential).values(asdict(row)))


async def everyone(connection: AsyncConnection) -> list[CredentialRow]:
    """Return all credentials by name."""
    rows = await connection.execute(select(*_COLUMNS).order_by(credential.c.name))
    return [CredentialRow(*row) for row in rows]


async def find(connection: AsyncConnection, uid: str) -> CredentialRow | None:
    row = (await connection.execute(select(*_COLUMNS).where(credential.c.uid == uid))).first()
    return CredentialRow(*row) if row else None


async def uid_named(connection: AsyncConnection, name: str) -> str | None:
    """Return the uid of the credential with this name."""
    found = await connection.execute(select(credential.c.uid).where(credential.c.name == name))
    return found.scalar_one_or_none()


async def change(connection: AsyncConnection, uid: str, **values: object) -> bool:
    """Write these columns of one credential; return whether there is one."""
    changed = update(credential).where(credential.c.uid == uid).values(**values).returning(credential.c.id)
    return (await connection.execute(changed)).first() is not None


async def remove(connection: AsyncConnection, uid: str) -> bool:
    gone = delete(credential).where(credential.c.uid == uid).returning(credential.c.id)
    return (await connection.execute(gone)).first() is not None


async def used(connection: AsyncConnection, uids: Collection[str], at: int) -> None:
    """Remember that these were accepted somewhere at `at`."""
    if uids:
        later = (credential.c.uid.in_(uids), credential.c.used_at < at)
        await connection.execute(update(credential).where(*later).values(used_at=at))
