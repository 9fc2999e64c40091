"""Systems changes are taken from: how each was set up, its sealed secret, and what the last look at it brought."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store import settings
from collector.store.schema import setting

_SYSTEM: Final = "ticket_system/"
_LAST: Final = "ticket_pull/"


@dataclass(frozen=True, slots=True)
class SystemRow:
    """One system. `settings` is JSON; its secret is sealed for this uid, kind and scope (the address)."""

    name: str
    kind: str
    scope: str
    settings: Mapping[str, Any]
    sealed: bytes = field(repr=False)
    key_id: str

    @property
    def uid(self) -> str:
        return _SYSTEM + self.name


async def everyone(connection: AsyncConnection) -> list[SystemRow]:
    """Return all systems by name."""
    rows = await connection.execute(_like(_SYSTEM))
    return [_opened(row.name, row.value) for row in rows]


async def find(connection: AsyncConnection, name: str) -> SystemRow | None:
    said = await settings.read(connection, _SYSTEM + name)
    return None if said is None else _opened(_SYSTEM + name, said)


async def save(tx: AsyncConnection, row: SystemRow) -> None:
    kept = asdict(replace(row, sealed=b"")) | {"sealed": base64.b64encode(row.sealed).decode()}
    await settings.write(tx, _SYSTEM + row.name, json.dumps(kept))


async def remove(tx: AsyncConnection, name: str) -> bool:
    """Take a system away, and what its last look brought; return whether there was one."""
    gone = delete(setting).where(setting.c.name == _SYSTEM + name).returning(setting.c.name)
    was_there = (await tx.execute(gone)).first() is not None
    await tx.execute(delete(setting).where(setting.c.name == _LAST + name))
    return was_there


async def last(connection: AsyncConnection) -> dict[str, Mapping[str, Any]]:
    """Return system → what its last look brought, as it was written."""
    rows = await connection.execute(_like(_LAST))
    return {row.name.removeprefix(_LAST): json.loads(row.value) for row in rows}


async def note(tx: AsyncConnection, name: str, told: Mapping[str, Any]) -> None:
    """Write what a look at a system brought, in the place of the one before."""
    await settings.write(tx, _LAST + name, json.dumps(told))


def _like(prefix: str) -> Any:
    return select(setting).where(setting.c.name.startswith(prefix, autoescape=True)).order_by(setting.c.name)


def _opened(name: str, said: str) -> SystemRow:
    kept = json.loads(said)
    return SystemRow(**kept | {"name": name.removeprefix(_SYSTEM), "sealed": base64.b64decode(kept["sealed"])})
