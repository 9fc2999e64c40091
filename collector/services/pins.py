"""Who each address is known to be: its SSH host key, its TLS key, its SNMPv3 engine.

A key is pinned on first use, where a credential's scope allows that, else by a person; whatever else an address shows
later is put beside it for a person to look at, and until then no secret goes there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.security.audit import Act
from collector.services.refused import Refused
from collector.store import pins
from collector.store.pins import CHANGED, NEW, PINNED, Key, PinRow
from wire.sweep import TargetRow

__all__ = ["FORMS", "STATES", "PinRow", "Refused", "accept", "changed", "forget", "learn", "listed", "one"]

log = structlog.get_logger(__name__)

STATES: Final = (CHANGED, NEW, PINNED)
FORMS: Final[Mapping[str, re.Pattern[str]]] = {
    "host_key": re.compile(r"[A-Za-z0-9@.-]{3,64} SHA256:[A-Za-z0-9+/]{43}", re.ASCII),
    "certificate": re.compile(r"[0-9a-f]{64}", re.ASCII),
    "engine_id": re.compile(r"(?:[0-9a-f]{2}){5,32}", re.ASCII),
}
"""Kind of key → how it is written: as `ssh-keygen -l` prints it, SHA-256 of the public key, SnmpEngineID (RFC 3411)."""

OnFirstUse = Callable[[TargetRow, str], bool | None]
"""Row and kind of key → whether it is trusted as it is seen first; None: nobody would send anything there at all."""


async def listed(connection: AsyncConnection, state: str, after: Key | None, limit: int) -> list[PinRow]:
    """Return pins by zone, address and kind, those behind `after`; in one of `STATES`, or all ("")."""
    return await pins.listed(connection, state, after, limit)


async def changed(connection: AsyncConnection) -> int:
    """Return how many addresses show another key than the pinned one."""
    return await pins.count(connection, CHANGED)


async def one(connection: AsyncConnection, key: Key) -> PinRow | None:
    return await pins.find(connection, key)


async def accept(act: Act, key: Key, value: str) -> bool:
    """Trust `value` from now on, whatever was before; return whether there is such a pin. Raise `Refused`.

    The value is named by whoever accepts: what the address shows may have changed since it was looked at.
    """
    row = await pins.find(act.tx, key)
    if row is None:
        return False
    _check(row.kind, value)
    seen = "" if row.seen == value else row.seen
    await pins.put(act.tx, [replace(row, value=value, pinned_by=act.by, pinned_at=act.at, seen=seen)])
    act.tell("pin.accept", _object(key), {"value": row.value}, {"value": value})
    return True


async def forget(act: Act, key: Key) -> bool:
    """Forget a key: what is seen next is as new. Return whether there was one."""
    row = await pins.find(act.tx, key)
    if row is None:
        return False
    await pins.remove(act.tx, key)
    act.tell("pin.forget", _object(key), {"value": row.value, "seen": row.seen})
    return True


def _check(kind: str, value: str) -> None:
    if not FORMS[kind].fullmatch(value):
        raise Refused("this is no key of this kind as it is written here", "value")


def _object(key: Key) -> str:
    zone, address, kind = key
    return f"pin/{zone}/{address}/{kind}"


# --- what sweeps see


async def learn(tx: AsyncConnection, zone: str, rows: Iterable[TargetRow], trusts: OnFirstUse, now: int) -> None:
    """Take the keys into account that a sweep's targets showed."""
    seen = {(row.address, kind): (row, value) for row in rows for kind, value in _shown(row).items()}
    held = {(row.address, row.kind): row for row in await pins.of_addresses(tx, zone, {each for each, _ in seen})}
    moved: list[PinRow] = []
    for (address, kind), (row, value) in seen.items():
        before = held.get((address, kind)) or PinRow(zone, address, kind)
        after = _after(before, value, trusts(row, kind) if not before.value else None, now)
        if after != before:
            moved.append(after)
            if after.state == CHANGED:
                log.warning("another key than the pinned one", zone=zone, address=address, kind=kind)
    await pins.put(tx, moved)


def _after(before: PinRow, value: str, trusts: bool | None, now: int) -> PinRow:
    """Return a pin once its address has shown `value`."""
    if before.value:
        if value == before.value:
            return replace(before, seen="", seen_at=0) if before.seen else before
        return before if value == before.seen else replace(before, seen=value, seen_at=now)
    if trusts:
        return replace(before, value=value, pinned_at=now, seen="", seen_at=0)
    if trusts is None or value == before.seen:
        return before
    return replace(before, seen=value, seen_at=now)


def _shown(row: TargetRow) -> dict[str, str]:
    learned = row.learned
    if learned is None:
        return {}
    said = {kind: getattr(learned, kind) for kind in FORMS}
    return {kind: value for kind, value in said.items() if value and FORMS[kind].fullmatch(value)}
