"""Where findings are only logged, for whoever looks at them."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.modes import LogOnly, Modes
from collector.store import cis, places


async def of_ci(connection: AsyncConnection, modes: Modes, ci_id: int, now: int) -> LogOnly | None:
    """Return what keeps findings of this CI from opening incidents at `now` (ms)."""
    if not modes.active(now):
        return None
    found = await cis.by_ids(connection, [ci_id])
    stand = await places.of_cis(connection, [ci_id])
    return modes.of(found[ci_id], stand.get(ci_id, ""), now) if ci_id in found else None
