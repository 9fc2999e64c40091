"""The few current facts a list shows of each CI, read for a whole page at once."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import FOREVER, Value
from collector.store.schema import fact, path, val

SHOWN = (
    ("hardware", "vendor"),
    ("hardware", "model"),
    ("hardware", "serial"),
    ("os", "name"),
    ("os", "kernel"),
    ("os", "hostname"),
    ("cpu", "threads"),
    ("cpu", "model"),
    ("memory", "total_bytes"),
    ("software", "product"),
    ("software", "version"),
    ("virtualization", "hypervisor"),
)


async def highlights(connection: AsyncConnection, ids: Sequence[int]) -> dict[int, dict[str, Value]]:
    """Return CI id → dotted path → value, and `address`: the address people would call it by."""
    if not ids:
        return {}
    wanted = or_(tuple_(path.c.section, path.c.key).in_(SHOWN), path.c.section == "interfaces")
    statement = (
        select(fact.c.ci_id, path.c.section, path.c.key, val.c.text)
        .join(path, path.c.id == fact.c.path_id)
        .join(val, val.c.id == fact.c.val_id)
        .where(fact.c.ci_id.in_(ids), fact.c.vt == FOREVER, fact.c.tt == FOREVER, wanted)
    )
    found: dict[int, dict[str, Value]] = {}
    addresses: dict[int, list[str]] = {}
    for ci_id, section, key, text in await connection.execute(statement):
        value = json.loads(text)
        if section == "interfaces":
            addresses.setdefault(ci_id, []).extend(_addresses(value))
        else:
            found.setdefault(ci_id, {})[f"{section}.{key}"] = value
    for ci_id, listed in addresses.items():
        found.setdefault(ci_id, {})["address"] = primary(listed)
    return found


def _addresses(interface: Any) -> list[str]:
    if not isinstance(interface, dict) or interface.get("kind") == "loopback":
        return []
    listed = interface.get("addresses")
    return [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else []


def primary(listed: Iterable[str]) -> str | None:
    """Return the first usable address of `listed` (with or without prefix), IPv4 first; None when there is none."""
    usable = []
    for each in listed:
        try:
            address = ipaddress.ip_interface(each).ip
        except ValueError:
            continue
        if not (address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified):
            usable.append(address)
    return str(min(usable, key=lambda each: each.version)) if usable else None
