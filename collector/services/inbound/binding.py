"""Which CI an alert is about: by serial number, then UUID, full name, address, name; one CI, or none.

Two that answer to the same name are none. A serial number or UUID that nobody has makes no match by something weaker
with a CI that has another one: the address may have been given away.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import identifiers
from collector.identifiers import Policy
from collector.store import events, foreign_alerts

STRONG: Final = ("serial", "uuid")
ORDER: Final = (*STRONG, "fqdn", "ip", "name")
Look = Callable[[AsyncConnection, Mapping[str, str], Policy], Awaitable[set[int]]]


async def bound(connection: AsyncConnection, names: Mapping[str, str], policy: Policy) -> int | None:
    """Return the one CI that is called so, None when nobody knows, or several are."""
    missed: list[str] = []
    for kind in ORDER:
        if not names.get(kind):
            continue
        found = await _LOOKS[kind](connection, names, policy)
        if len(found) > 1:
            return None
        if found:
            return None if await _is_another(connection, missed, found) else found.pop()
        if kind in STRONG:
            missed.append(kind)
    return None


async def _is_another(connection: AsyncConnection, missed: list[str], found: set[int]) -> bool:
    for kind in missed:
        if await foreign_alerts.holding(connection, kind, found):
            return True
    return False


async def _by_serial(connection: AsyncConnection, names: Mapping[str, str], policy: Policy) -> set[int]:
    made = identifiers.normalise(
        "serial", identifiers.serial_value(names.get("vendor", "any"), names["serial"]), policy
    )
    return await foreign_alerts.with_serial(connection, made.value.partition("|")[2]) if made else set()


async def _by_uuid(connection: AsyncConnection, names: Mapping[str, str], policy: Policy) -> set[int]:
    made = identifiers.normalise("uuid", names["uuid"], policy)
    return await foreign_alerts.identified(connection, "uuid", made.value) if made else set()


async def _by_fqdn(connection: AsyncConnection, names: Mapping[str, str], policy: Policy) -> set[int]:
    return await _called(connection, names["fqdn"], policy)


async def _by_name(connection: AsyncConnection, names: Mapping[str, str], policy: Policy) -> set[int]:
    return await _called(connection, names["name"], policy)


async def _called(connection: AsyncConnection, name: str, policy: Policy) -> set[int]:
    found = await foreign_alerts.named(connection, name)
    made = identifiers.normalise("hostname", name, policy)
    return found | (await foreign_alerts.identified(connection, "hostname", made.value) if made else set())


async def _by_address(connection: AsyncConnection, names: Mapping[str, str], _policy: Policy) -> set[int]:
    found = await events.speaker(connection, names.get("zone", ""), names["ip"])
    return set() if found is None else {found}


_LOOKS: Final[Mapping[str, Look]] = {
    "serial": _by_serial, "uuid": _by_uuid, "fqdn": _by_fqdn, "ip": _by_address, "name": _by_name,
}  # fmt: skip
