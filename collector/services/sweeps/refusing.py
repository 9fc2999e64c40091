"""Logins that devices refuse: counted over sweeps, so that no account is locked out, and told to the next sweep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import FOREVER
from collector.security.audit import COLLECTOR, recorded
from collector.services.credentials import suspend
from collector.services.sweeps.leasing import Scoped
from collector.store import credentials, refusals
from collector.store.refusals import RefusalRow
from wire.ranges import Ranges
from wire.sweep import MAX_REFUSALS, Refusal, TargetRow

log = structlog.get_logger(__name__)

MOST_WRONG: Final = 5
WITHIN_MS: Final = 10 * 60_000
"""So many devices that refuse a credential within that time suspend it, until a person lets it go on."""
NOWHERE: Final = Ranges()
REST_MS: Final = 24 * 3_600_000
"""On one device it rests for so long."""


async def note(tx: AsyncConnection, zone: str, rows: Sequence[TargetRow], scoped: Sequence[Scoped], now: int) -> None:
    """Remember which credentials were accepted and refused, and suspend those that are refused too often.

    Where a credential may not be sent nobody has refused it, whatever a probe says.
    """
    await credentials.used(tx, {row.credential for row in rows if row.credential}, now)
    where = {each.uid: each.where for each in scoped}
    told = {(uid, row.address) for row in rows for uid in row.refused if row.address in where.get(uid, NOWHERE)}
    await refusals.put(tx, [RefusalRow(uid, zone, address, now) for uid, address in sorted(told)])
    counts = await refusals.counts(tx, {uid for uid, _ in told}, now - WITHIN_MS)
    for uid, count in counts.items():
        row = await credentials.find(tx, uid)
        if row and count >= MOST_WRONG and row.suspended_until <= now:
            await _suspend(tx, uid, count, now)


async def _suspend(tx: AsyncConnection, uid: str, count: int, now: int) -> None:
    async with recorded(tx, COLLECTOR, now) as act:
        await suspend(act, uid, FOREVER, f"refused by {count} devices within {WITHIN_MS // 60_000} minutes")
    log.warning("a credential is suspended", credential=uid, refusals=count)


async def past(connection: AsyncConnection, zone: str, targets: Ranges, now: int) -> tuple[Refusal, ...]:
    """Return what `targets` have refused not long ago; elsewhere a refusal counts for its credential only."""
    rows = await refusals.since(connection, zone, now - REST_MS, MAX_REFUSALS)
    return tuple(
        Refusal(row.credential, row.address, max(0, now - row.at) // 1000)
        for row in rows
        if row.address in targets or row.at > now - WITHIN_MS
    )
