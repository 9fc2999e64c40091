"""A credential tried on one address: a sweep of that address alone, with that credential alone."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.security.audit import Act
from collector.services.refused import Refused
from collector.services.sweeps import asked, leasing, ledger, settings
from collector.services.sweeps.asked import Sweep
from collector.services.sweeps.ledger import Target
from collector.store import credentials, sweep_plans, sweeps
from wire.observation import ZONE

LOOKED_AT: Final = 200
"""Sweeps among which the trials of a credential are looked for."""
ALIKE: Final = ("snmp_port", "ports", "timeout_ms")
"""What a trial takes from the plan that sweeps its address."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial. `uid`: its sweep's. `state`, `reason`: as a sweep's. Times in epoch ms.

    `accepted`: None as long as that is not known. `cause`: why not, or what went wrong after it was, empty: nothing.
    """

    uid: str
    credential: str
    address: str
    zone: str
    state: str
    reason: str
    asked_by: str
    asked_at: int
    ended_at: int
    accepted: bool | None = None
    cause: str = ""
    detail: str = ""
    found: Mapping[str, Any] = field(default_factory=dict)


async def try_out(act: Act, credential: str, address: str, zone: str, now: int) -> str:
    """Let the next probe of `zone` try a credential (uid) on an address; return the trial's uid; raise `Refused`."""
    place = _address(address)
    if not ZONE.fullmatch(zone):
        raise Refused("a zone is written with letters, digits, dot, dash and underscore, 64 at most", "zone")
    row = await credentials.find(act.tx, credential)
    if row is None:
        raise Refused("there is no such credential", "credential")
    if row.suspended_until > now:
        raise Refused("the credential is suspended, and lent to nobody: resume it first", "credential")
    scoped = next(each for each in await leasing.scopes(act.tx, zone) if each.uid == credential)
    if place not in scoped.where:
        raise Refused("the address is outside its scope in this zone: it would not be sent there", "address")
    wanted = {"ranges": [place], "until": "identify", "credential": credential, **await _alike(act.tx, place, zone)}
    uid = await asked.ask(act, (None, zone), settings.checked(wanted))
    act.tell("credential.test", f"credential/{credential}", after={"sweep": uid, "address": place, "zone": zone})
    return uid


def _address(said: str) -> str:
    try:
        return str(ipaddress.ip_address(said.strip()))
    except ValueError:
        raise Refused("an IPv4 or IPv6 address is expected", "address") from None


async def _alike(connection: AsyncConnection, address: str, zone: str) -> dict[str, Any]:
    """Return how a plan reaches the address, where one sweeps it: its services may be on other ports than usual."""
    for plan in await sweep_plans.everyone(connection):
        if plan.zone == zone and address in settings.stored(plan.settings).targets:
            said = json.loads(plan.settings)
            return {name: said[name] for name in ALIKE if name in said}
    return {}


async def trial(connection: AsyncConnection, uid: str) -> Trial | None:
    """Return the trial with this uid."""
    row = await sweeps.find(connection, uid)
    return await _opened(connection, asked.opened(row)) if row and _tried(json.loads(row.settings)) else None


async def trials(connection: AsyncConnection, credential: str, limit: int = 10) -> list[Trial]:
    """Return the latest trials of a credential (uid), newest first."""
    latest = await asked.recent(connection, LOOKED_AT)
    own = [each for each in latest if _tried(each.settings) == credential]
    return [await _opened(connection, each) for each in own[:limit]]


def _tried(said: Mapping[str, Any]) -> str:
    """Return the credential a sweep tries, empty where it is no trial."""
    return str(said.get("credential") or "")


async def _opened(connection: AsyncConnection, sweep: Sweep) -> Trial:
    told = await ledger.targets(connection, sweep.uid, limit=1)
    credential, address = _tried(sweep.settings), str(sweep.settings["ranges"][0])
    return Trial(
        sweep.uid, credential, address, sweep.zone, sweep.state, sweep.reason, sweep.asked_by, sweep.asked_at,
        sweep.ended_at, **(_said(told[0], credential) if told else {}),
    )  # fmt: skip


def _said(target: Target, credential: str) -> dict[str, Any]:
    accepted = target.credential == credential
    return {"accepted": accepted, "cause": target.cause, "detail": target.detail, "found": target.found}
