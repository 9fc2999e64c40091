"""The few current facts a list shows of each CI, read for a whole page at once."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import FOREVER, Value
from collector.store import asof
from collector.store.asof import Moment
from collector.store.browse.ref import CiRef
from collector.store.schema import ci, fact, path, val

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
    ("device", "vendor"),
    ("device", "model"),
    ("device", "serial"),
    ("device", "os"),
    ("device", "version"),
)


async def highlights(
    connection: AsyncConnection, ids: Sequence[int], moment: Moment | None = None
) -> dict[int, dict[str, Value]]:  # fmt: skip
    """Return CI id → dotted path → value, now or at `moment`, and `address`: the address people would call it by."""
    if not ids:
        return {}
    wanted = or_(tuple_(path.c.section, path.c.key).in_(SHOWN), path.c.section == "interfaces")
    row = asof.held(fact, fact.c.ci_id.in_(ids), moment)
    statement = (
        select(row.c.ci_id, path.c.section, path.c.key, val.c.text)
        .join(path, path.c.id == row.c.path_id)
        .join(val, val.c.id == row.c.val_id)
        .where(wanted)
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


async def addressed(
    connection: AsyncConnection, classes: Sequence[str], states: Sequence[str], environment: str
) -> dict[CiRef, str | None]:
    """Return every CI of these classes and states and the address people would call it by, in one pass."""
    hosts = (
        select(ci.c.id, ci.c.uid, ci.c.name, ci.c.ci_class, ci.c.ci_type, ci.c.state)
        .where(ci.c.ci_class.in_(classes), ci.c.state.in_(states), ci.c.environment == environment)
        .where(ci.c.merged_into.is_(None))
        .order_by(ci.c.id)
    )
    known = {row[0]: CiRef(*row[1:]) for row in await connection.execute(hosts)}
    interfaces = (
        select(fact.c.ci_id, val.c.text)
        .join(path, path.c.id == fact.c.path_id)
        .join(val, val.c.id == fact.c.val_id)
        .where(path.c.section == "interfaces", fact.c.vt == FOREVER, fact.c.tt == FOREVER)
    )
    listed: dict[int, list[str]] = {}
    for ci_id, text in await connection.execute(interfaces):
        if ci_id in known:
            listed.setdefault(ci_id, []).extend(_addresses(json.loads(text)))
    return {ref: primary(listed.get(ci_id, ())) for ci_id, ref in known.items()}


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
