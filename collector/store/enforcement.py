"""What was only logged when incidents were last brought in line with it, and whose findings that concerns."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store import settings
from collector.store.schema import finding

_NAME = "log_only"


async def last(connection: AsyncConnection) -> str:
    """Return what was remembered, empty when nothing was."""
    return await settings.read(connection, _NAME) or ""


async def remember(tx: AsyncConnection, value: str) -> None:
    await settings.write(tx, _NAME, value)


async def concerned(connection: AsyncConnection, beyond: int, limit: int) -> list[int]:
    """Return the first CIs beyond `beyond` that have an open finding, in order."""
    wanted = select(finding.c.ci_id).where(finding.c.closed_at.is_(None), finding.c.ci_id > beyond).distinct()
    return list((await connection.execute(wanted.order_by(finding.c.ci_id).limit(limit))).scalars())
