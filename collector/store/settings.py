"""Settings: single texts by their name."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.engine import upsert
from collector.store.schema import setting


async def read(connection: AsyncConnection, name: str, hold: Literal["", "read", "write"] = "") -> str | None:
    """Return what a setting says, None while it says nothing.

    `hold`: keep others from changing it ("read"), or from holding it too ("write"), until the transaction ends.
    """
    statement = select(setting.c.value).where(setting.c.name == name)
    if hold:
        statement = statement.with_for_update(read=hold == "read")
    return (await connection.execute(statement)).scalar_one_or_none()


async def write(tx: AsyncConnection, name: str, value: str) -> None:
    """Let a setting say this, whatever it said before."""
    await tx.execute(upsert(tx, setting, ("name",), "value"), {"name": name, "value": value})
