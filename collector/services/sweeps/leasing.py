"""Which credentials a probe is lent for a sweep: those in scope, for those of its targets that are in scope."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.security.vault import NotOpened, Vault
from collector.services.pins import OnFirstUse
from collector.store import credentials, pins
from collector.store.credentials import CredentialRow
from wire.localized import localized_key
from wire.ranges import Ranges, meant, ranges
from wire.sweep import MAX_LEASES, Lease, TargetRow

log = structlog.get_logger(__name__)

LEASE_S: Final = 3_600
"""How long a probe may use what it is lent for a sweep; a longer one is given out again, from where it is."""
MOST_LOCALIZED: Final = 64
"""Addresses to which an SNMPv3 user may be lent as keys of their engines, in a lease each."""
_SENT_TO: Final = {"host_key": "ssh", "certificate": "redfish"}
"""Kind of key → kind of credential that is sent to whoever holds it."""


@dataclass(frozen=True, slots=True)
class Scoped:
    """Where in one zone a credential may be sent."""

    uid: str
    kind: str
    where: Ranges
    unpinned: bool


async def scopes(connection: AsyncConnection, zone: str) -> list[Scoped]:
    """Return where in `zone` each credential may be sent."""
    found = []
    for row in await credentials.everyone(connection):
        scope = json.loads(row.scope)
        found.append(Scoped(row.uid, row.kind, _where(scope, zone), bool(scope.get("unpinned"))))
    return found


def first_use(some: Sequence[Scoped]) -> OnFirstUse:
    """Return which keys are trusted as they are seen first: where a scope allows that, and engines that knew a user."""
    kinds = {each.uid: each.kind for each in some}

    def trusts(row: TargetRow, kind: str) -> bool | None:
        if kind == "engine_id":
            return kinds.get(row.credential) == "snmp_user" or None
        able = [each for each in some if each.kind == _SENT_TO[kind] and row.address in each.where]
        return any(each.unpinned for each in able) if able else None

    return trusts


async def lent(
    connection: AsyncConnection, vault: Vault, zone: str, targets: Ranges, now: int, only: str = ""
) -> tuple[Lease, ...]:
    """Return what may be sent to `targets` in `zone`; a secret that does not open is left out and logged.

    `only`: uid of the one credential that is wanted; empty: any.
    """
    found = (
        _lease(vault, row, zone, targets)
        for row in await credentials.everyone(connection)
        if row.suspended_until <= now and only in ("", row.uid)
    )
    return tuple(each for each in found if each is not None)


def _lease(vault: Vault, row: CredentialRow, zone: str, targets: Ranges) -> Lease | None:
    scope = json.loads(row.scope)
    where = _where(scope, zone) & targets
    if not where:
        return None
    try:
        secret = vault.unseal(row)
    except NotOpened as error:
        log.warning("a credential is not lent", credential=row.uid, error=str(error))
        return None
    flags = {name: bool(scope.get(name)) for name in ("silent", "unpinned")}
    return Lease(row.uid, row.kind, secret, where.texts, tuple(scope["vendors"]), **flags)


def _where(scope: Mapping[str, Any], zone: str) -> Ranges:
    if scope["zones"] and zone not in scope["zones"]:
        return Ranges()
    return meant(scope["ranges"]) - ranges(scope["except"])


async def localized(connection: AsyncConnection, zone: str, leases: Sequence[Lease]) -> tuple[Lease, ...]:
    """Return leases of users as the keys of each engine, a lease each, where all engines they go to are pinned.

    Where one is not, the probe needs the passphrases: no key is made for an engine nobody knows yet (RFC 3414 §2.6).
    """
    engines = {row.address: row.value for row in await pins.trusted(connection, zone) if row.kind == "engine_id"}
    found = list(leases)
    for each in leases:
        parts = _apart(each, engines)
        if parts and len(found) + len(parts) <= MAX_LEASES:
            found.remove(each)
            found += parts
    return tuple(found)


def _apart(lease: Lease, engines: Mapping[str, str]) -> list[Lease]:
    said, where = lease.secret, ranges(lease.ranges)
    if lease.kind != "snmp_user" or not said.get("auth") or where.size > MOST_LOCALIZED:
        return []
    addresses = list(where.addresses())
    if not engines.keys() >= set(addresses):
        return []
    return [replace(lease, secret=_keys_of(said, engines[each]), ranges=(each,)) for each in addresses]


def _keys_of(said: Mapping[str, str], engine_id: str) -> dict[str, str]:
    """Return what a user holds as keys of one engine; both are made with the digest of its authentication."""
    made = {
        name: localized_key(said["auth"], said[name].encode(), bytes.fromhex(engine_id)).hex()
        for name in ("auth_key", "priv_key")
        if said.get(name)
    }
    return {**said, **made, "engine_id": engine_id}
