"""Interfaces: ifTable and ifXTable (RFC 2863), named by what stays when the device numbers them anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from discovery.asking import Oid, Script, Value
from discovery.explore.addresses import addresses
from discovery.explore.ports import named, unique
from discovery.explore.values import mac, positive, truth, word
from discovery.explore.visit import Table, Visit

_KINDS: Final = {
    6: "ethernet", 62: "ethernet", 69: "ethernet", 117: "ethernet", 71: "wireless", 161: "bond", 209: "bridge",
    135: "vlan", 136: "vlan", 131: "tunnel", 150: "tunnel", 166: "tunnel", 24: "loopback", 199: "infiniband",
    53: "virtual", 54: "virtual", 56: "fibre_channel", 23: "ppp", 108: "ppp", 39: "sonet", 171: "sonet",
    97: "dsl", 94: "dsl", 96: "dsl", 250: "pon", 127: "docsis", 22: "serial", 1: "other",
}  # fmt: skip
"""IANAifType."""

_OPERATION: Final = {1: "up", 2: "down", 5: "down", 6: "down", 7: "down"}
_ADMIN: Final = {1: "up", 2: "down", 3: "testing"}
_DUPLEX: Final = {2: "half", 3: "full"}  # dot3StatsDuplexStatus (RFC 3635)

_IF: Final = "1.3.6.1.2.1.2.2.1"
_IFX: Final = "1.3.6.1.2.1.31.1.1.1"
_TABLE: Final = Table(_IF, {
    "description": 2, "kind": (3, word(_KINDS, "other")), "mtu": (4, positive), "speed": (5, positive), "mac": (6, mac),
    "admin": (7, word(_ADMIN)), "state": (8, word(_OPERATION, "unknown")),
}, rows=20_000)  # fmt: skip
_EXTENDED: Final = Table(_IFX, {"name": 1, "speed_mbps": (15, positive), "connector": (17, truth), "alias": 18}, 20_000)
_DUPLEXES: Final = "1.3.6.1.2.1.10.7.2.1.19"
_ALIASES: Final = "1.3.6.1.2.1.47.1.3.2.1.2"  # entAliasMappingIdentifier
_IF_INDEX: Final = "1.3.6.1.2.1.2.2.1.1."


def interfaces(visit: Visit) -> Script[None]:
    """Find `interfaces`, and the names that all tables use which point at interfaces."""
    table = yield from visit.rows(_TABLE)
    extended = yield from visit.rows(_EXTENDED)
    rows = {at[0]: {**row, **extended.rows.get(at, {})} for at, row in table.rows.items() if len(at) == 1}
    on = yield from _components(visit)
    _name(visit, rows, on)
    yield from _add(visit, rows, on, table.failure or extended.failure)
    yield from addresses(visit)


def _components(visit: Visit) -> Script[dict[int, str]]:
    """Return ifIndex → path of the component it is on."""
    told, _ = yield from visit.column(_ALIASES, _pointed, wanted=bool(visit.parts))
    return {at: visit.parts[index[0]] for index, at in told.items() if index[0] in visit.parts}


def _pointed(value: Value) -> int | None:
    """Return the ifIndex an entAliasMappingIdentifier points at."""
    tail = value.removeprefix(_IF_INDEX) if isinstance(value, Oid) and value.startswith(_IF_INDEX) else ""
    return int(tail) if tail.isdecimal() and len(tail) < 11 else None


def _name(visit: Visit, rows: Mapping[int, Mapping[str, Any]], on: Mapping[int, str]) -> None:
    by = {field: {at: row[field] for at, row in rows.items() if field in row}
          for field in ("name", "description", "alias", "mac")}  # fmt: skip
    ports = visit.ports
    ports.names = named(list(rows), [by["name"], by["description"], on, by["mac"]])
    ports.texts = unique([by["name"], by["description"], by["alias"]])
    ports.macs = unique([by["mac"]])


def _add(visit: Visit, rows: Mapping[int, dict[str, Any]], on: Mapping[int, str], failure: str | None) -> Script[None]:
    duplex, _ = yield from visit.column(_DUPLEXES, word(_DUPLEX), wanted=bool(rows))
    for at, row in rows.items():
        speed = row.pop("speed", 0) // 1_000_000
        is_up = row.get("state") == "up"
        row["speed_mbps"] = (row.get("speed_mbps") or speed or None) if is_up else None
        row["duplex"] = duplex.get((at,)) if is_up else None
        row |= {"name": visit.ports.names[at], "index": at, "component": on.get(at)}
    visit.findings.add("interfaces", rows.values())
    visit.findings.failed("interfaces", failure)
