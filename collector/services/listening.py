"""What probes may hear: from the addresses that are swept in their zone, notifications by the credentials for these."""

from __future__ import annotations

from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.security.vault import Vault
from collector.services.sweeps import leasing, settings
from collector.store import credentials, probes, sweep_plans
from wire.listening import CREDENTIAL_KINDS, ListenTask, digest_of
from wire.ranges import NEVER, Ranges, ranges
from wire.sweep import MAX_LEASES, MAX_RANGES

log = structlog.get_logger(__name__)

ACTIVE: Final = "active"


async def wanted(
    connection: AsyncConnection, vault: Vault, agent_id: int, zone: str, held: bytes, now: int
) -> ListenTask | None:
    """Return what a probe in `zone` is to hear from now on; None when it works by just that, of digest `held`.

    Only an agent that a person appointed for the zone hears anything there, whatever the agent says of itself.
    """
    where = await _where(connection, zone) if zone in await probes.zones(connection, agent_id) else Ranges()
    digest = await _digest(connection, zone, where, now) if where else b""
    if digest == held:
        return None
    if not where:
        return ListenTask(zone)
    lent = await leasing.lent(connection, vault, zone, where, now)
    leases = [each for each in lent if each.kind in CREDENTIAL_KINDS]
    texts = where.texts
    if len(leases) > MAX_LEASES or len(texts) > MAX_RANGES:
        log.warning("more is to be heard than a probe takes", zone=zone, ranges=len(texts), credentials=len(leases))
    return ListenTask(zone, texts[:MAX_RANGES], tuple(leases[:MAX_LEASES]), digest)


async def _where(connection: AsyncConnection, zone: str) -> Ranges:
    """Return the addresses that are swept in a zone; those a plan leaves out may speak all the same."""
    found = Ranges()
    for plan in await sweep_plans.everyone(connection):
        if plan.zone == zone and plan.state == ACTIVE:
            found |= ranges(settings.stored(plan.settings).ranges, to_sweep=True)
    return found - NEVER


async def _digest(connection: AsyncConnection, zone: str, where: Ranges, now: int) -> bytes:
    """Return what changes when anything does that a task is made of; nothing is unsealed for it."""
    rows = [
        f"{row.uid}|{row.changed_at}|{row.key_id}|{row.scope}"
        for row in await credentials.everyone(connection)
        if row.kind in CREDENTIAL_KINDS and row.suspended_until <= now
    ]
    return digest_of(zone, *where.texts, *sorted(rows))
