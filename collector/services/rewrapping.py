"""Secrets of credentials, ticket systems and channels, brought under the present key of the vault at the start."""

from __future__ import annotations

from dataclasses import replace

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.security.audit import Act
from collector.security.vault import NotOpened, Vault
from collector.store import channels, credentials, tickets
from collector.store.channels import ChannelRow
from collector.store.credentials import CredentialRow
from collector.store.tickets import SystemRow

log = structlog.get_logger(__name__)

Sealed = CredentialRow | SystemRow | ChannelRow


async def rewrap(act: Act, vault: Vault) -> int:
    """Bring all secrets under the vault's present key, return how many were brought.

    One that does not open is logged and stays as it is: its key may come back, and everything else works without it.
    """
    brought = 0
    for row in await _everyone(act.tx):
        if row.key_id == vault.key_id:
            continue
        try:
            sealed, key_id = vault.rewrap(row)
        except NotOpened as error:
            log.warning("a secret does not open", kind=row.kind, uid=row.uid, error=str(error))
        else:
            await _keep(act.tx, replace(row, sealed=sealed, key_id=key_id))
            brought += 1
    if brought:
        act.tell("vault.rewrap", "vault", after={"key": vault.key_id, "credentials": brought})
    return brought


async def _everyone(tx: AsyncConnection) -> list[Sealed]:
    return [*await credentials.everyone(tx), *await tickets.everyone(tx), *await channels.everyone(tx)]


async def _keep(tx: AsyncConnection, row: Sealed) -> None:
    match row:
        case CredentialRow():
            await credentials.change(tx, row.uid, sealed=row.sealed, key_id=row.key_id)
        case SystemRow():
            await tickets.save(tx, row)
        case ChannelRow():
            await channels.seal_anew(tx, row)
