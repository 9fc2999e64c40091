"""Credentials that devices refused too often: an incident each, until a person lets them be used again."""

from __future__ import annotations

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import incident
from collector.incident import CREDENTIAL
from collector.model import Cause
from collector.store import credentials, incidents, refusals
from collector.store.credentials import CredentialRow

MOST_NAMED: Final = 20


async def settle(tx: AsyncConnection, now: int) -> None:
    """Open an incident for each credential that was suspended, and resolve those of others; nothing happens twice."""
    suspended = [row for row in await credentials.everyone(tx) if row.suspended_until > now]
    if suspended or await incidents.open_of_kind(tx, CREDENTIAL):
        causes = [await _cause(tx, row, now) for row in suspended]
        plan = incident.plan(await incidents.held_of_kind(tx, CREDENTIAL, causes, now), causes, now)
        await incidents.apply(tx, plan, now)


async def _cause(tx: AsyncConnection, row: CredentialRow, now: int) -> Cause:
    count = (await refusals.counts(tx, [row.uid], 0)).get(row.uid, 0)
    where = [each.address for each in await refusals.of(tx, row.uid, MOST_NAMED)]
    return incident.credential_cause(row.uid, row.name, count, where, now)
