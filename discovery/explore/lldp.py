"""LLDP: LLDP-MIB with what LLDP-MED adds (IEEE 802.1AB-2005, ANSI/TIA-1057), and LLDP-V2-MIB (802.1AB-2009)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from discovery.asking import Index, Script, Value
from discovery.explore.values import Decode, bits, ip, ip_of, mac, prose, whole, word, words
from discovery.explore.visit import Fields, Table, Visit

_CHASSIS_KINDS: Final = {
    1: "component", 2: "alias", 3: "component", 4: "mac", 5: "address", 6: "interface", 7: "local",
}  # fmt: skip
_PORT_KINDS: Final = {
    1: "alias", 2: "component", 3: "mac", 4: "address", 5: "interface", 6: "circuit", 7: "local",
}  # fmt: skip
_CAPABILITIES: Final = ("other", "repeater", "bridge", "wlan", "router", "telephone", "docsis", "station")


def _raw(value: Value) -> bytes | None:
    return value[:255] if isinstance(value, bytes) else str(value).encode()[:255]


def _capabilities(value: Value) -> list[str] | None:
    """Return LldpSystemCapabilitiesMap; some agents send the words instead of the bits."""
    if not isinstance(value, bytes) or len(value) > 2:
        return None
    return [_CAPABILITIES[bit] for bit in bits(value) if bit < len(_CAPABILITIES)] or None


def _remote(first: int) -> Fields:
    """Return the columns of a table of remote systems, which stand in one order from `first` on."""
    text: tuple[Decode, ...] = (words, words, prose)
    names = ("port_description", "system_name", "system_description")
    return {
        "chassis_id_kind": (first, word(_CHASSIS_KINDS)), "chassis_id": (first + 1, _raw),
        "port_id_kind": (first + 2, word(_PORT_KINDS)), "port_id": (first + 3, _raw),
        **{name: (first + 4 + at, text[at]) for at, name in enumerate(names)},
        "capabilities": (first + 8, _capabilities),
    }  # fmt: skip


_V1: Final = Table("1.0.8802.1.1.2.1.4.1.1", _remote(4))
_V2: Final = Table("1.3.111.2.802.1.1.13.1.4.1.1", _remote(5))
_MANAGEMENT: Final = "1.0.8802.1.1.2.1.4.2.1.3"  # lldpRemManAddrIfSubtype; the address is in the index
_MANAGEMENT_V2: Final = "1.3.111.2.802.1.1.13.1.4.2.1.3"
_MED: Final = Table("1.0.8802.1.1.2.1.5.4795.1.3.3.1", {"serial": 4, "platform": 6})
_LOCAL: Final = Table("1.0.8802.1.1.2.1.3.7.1", {"kind": (2, word(_PORT_KINDS)), "id": (3, _raw), "description": 4})
_OCTETS: Final = {1: 4, 2: 16}
"""AddressFamilyNumbers (IANA) → octets of an address."""

_LOCAL_CHASSIS: Final = {
    "kind": ("1.0.8802.1.1.2.1.3.1.0", word(_CHASSIS_KINDS)),
    "id": ("1.0.8802.1.1.2.1.3.2.0", _raw),
}


def lldp(visit: Visit) -> Script[None]:
    """Add what LLDP heard to `neighbours`, and the MAC it announces to `device`."""
    own, _ = yield from visit.values(_LOCAL_CHASSIS)
    if "id" in own:
        visit.findings.is_none("neighbours")
        if own.get("kind") == "mac":
            visit.findings.add("device", [{"base_mac": mac(own["id"])}])
    told = yield from visit.rows(_V1)
    visit.findings.failed("neighbours", told.failure)
    yield from _version_1(visit, told.rows)
    if not told.rows:
        yield from _version_2(visit)


def _version_1(visit: Visit, rows: Mapping[Index, dict[str, Any]]) -> Script[None]:
    if not rows:
        return
    local = yield from visit.rows(_LOCAL)
    ports = {index[-1]: _interface(visit, index[-1], row) for index, row in local.rows.items()}
    managed, _ = yield from visit.column(_MANAGEMENT, whole)
    addresses = _addresses(managed, 3)
    inventory = yield from visit.rows(_MED)
    for index, row in rows.items():
        if len(index) == 3:
            at = ports.get(index[1]) or _interface(visit, index[1], {})
            more = {**inventory.rows.get(index, {}), "management_address": addresses.get(index)}
            _add(visit, at, row, more)


def _version_2(visit: Visit) -> Script[None]:
    told = yield from visit.rows(_V2)
    visit.findings.failed("neighbours", told.failure)
    managed, _ = yield from visit.column(_MANAGEMENT_V2, whole, wanted=bool(told.rows))
    addresses = _addresses(managed, 4)
    for index, row in told.rows.items():
        if len(index) == 4:
            name = visit.ports.name(index[1])
            _add(visit, name, row, {"management_address": addresses.get(index)})


def _interface(visit: Visit, number: int, row: Mapping[str, Any]) -> str:
    """Return the local interface. lldpLocPortNum is a number of its own: only what the row says of it counts,
    then that a bridge port has this number, then that an interface has.
    """
    ports, told = visit.ports, row.get("id", b"")
    if row.get("kind") == "mac":
        found = ports.of_mac(mac(told))
    else:
        said = words(told) or ""
        found = ports.find(said) or (ports.names.get(int(said)) if said.isdecimal() and len(said) < 10 else None)
    return (
        found
        or ports.find(row.get("description"))
        or ports.of_bridge(number)
        or ports.names.get(number)
        or f"#{number}"
    )


def _addresses(told: Mapping[Index, Any], size: int) -> dict[Index, str]:
    """Return row of a remote system → management address, IPv4 before IPv6: the subtype and length stand before it."""
    found: dict[Index, str] = {}
    for index in sorted(told, key=lambda each: each[size : size + 1]):
        kind, octets = index[size : size + 1], index[size + 2 :]
        address = ip_of(octets[: _OCTETS.get(kind[0], 0) if kind else 0]) if octets else None
        if address:
            found.setdefault(index[:size], address)
    return found


def _add(visit: Visit, interface: str, row: dict[str, Any], more: Mapping[str, Any]) -> None:
    chassis = _identifier(row.get("chassis_id_kind"), row.get("chassis_id", b""))
    port = _identifier(row.get("port_id_kind"), row.get("port_id", b""))
    if chassis or port or "system_name" in row:
        own = {"protocol": "lldp", "interface": interface, "chassis_id": chassis, "port_id": port}
        visit.findings.add("neighbours", [{**row, **more, **own}])


def _identifier(kind: str | None, raw: bytes) -> str | None:
    """Return a chassis or port id by its kind. A network address has its family (IANA) in front."""
    if kind == "mac":
        return mac(raw) or words(raw)
    if kind == "address":
        return ip(raw[1:]) or ip(raw) or words(raw)
    return words(raw)
