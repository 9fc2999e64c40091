"""Who is heard on which port: the families of neighbour tables but LLDP, and what they share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from discovery.asking import Index, Script, Value
from discovery.explore.lldp import lldp
from discovery.explore.values import Decode, ip, mac, prose, whole
from discovery.explore.visit import Table, Visit

_CDP_CAPABILITIES: Final = {
    0x01: "router", 0x02: "bridge", 0x04: "bridge", 0x08: "bridge", 0x10: "station", 0x40: "repeater",
    0x80: "telephone",
}  # fmt: skip
_SERIAL_BEHIND: Final = re.compile(r"(?P<name>[^()]+)\((?P<serial>[A-Z0-9]{8,14})\)")
"""NX-OS sends its name and, in brackets, its serial number as the device id."""


def neighbours(visit: Visit) -> Script[None]:
    """Find `neighbours`."""
    yield from lldp(visit)
    prefix = visit.device.sysobjectid
    yield from _cached(visit, "cdp", _CDP)
    if prefix.startswith("1.3.6.1.4.1.1991."):
        yield from _cached(visit, "fdp", _FDP)
    if prefix.startswith("1.3.6.1.4.1.1916."):
        yield from _edp(visit)
    for maker, table in _NDP.items():
        if prefix.startswith(maker):
            yield from _ndp(visit, table)


# --- CDP, and FDP in its image


def _number(value: Value) -> int | None:
    """Return the capabilities as a number: CDP sends four octets, FDP a text."""
    return int.from_bytes(value, "big") if isinstance(value, bytes) and len(value) == 4 else whole(value)


_CDP: Final = Table("1.3.6.1.4.1.9.9.23.1.2.1.1", {
    "address": (4, ip), "system_description": (5, prose), "id": 6, "port_id": 7, "platform": 8,
    "capabilities": (9, _number), "system_name": 17, "primary": (20, ip),
})  # fmt: skip
_FDP: Final = Table("1.3.6.1.4.1.1991.1.1.3.20.1.2.1.1", {
    "id": 3, "address": (5, ip), "system_description": (6, prose), "port_id": 7, "platform": 8, "vendor": (10, whole),
})  # fmt: skip
_OTHERS_CDP: Final = 2
"""snFdpCacheVendorId: 1 fdp, 2 cdp."""


def _cached(visit: Visit, protocol: str, table: Table) -> Script[None]:
    told = yield from visit.rows(table)
    visit.findings.failed("neighbours", told.failure)
    if told.rows:
        visit.findings.is_none("neighbours")
    for index, row in told.rows.items():
        if "id" in row and len(index) >= 2:
            heard = "cdp" if row.pop("vendor", 0) == _OTHERS_CDP else protocol
            visit.findings.add("neighbours", [_cdp_row(visit, heard, index, row)])


def _cdp_row(visit: Visit, protocol: str, index: Index, row: dict[str, Any]) -> dict[str, Any]:
    device, serial = _identity(row.pop("id"))
    capabilities = row.pop("capabilities", 0)
    address, primary = row.pop("address", None), row.pop("primary", None)
    name = row.pop("system_name", None)
    return {
        **row, "protocol": protocol, "interface": visit.ports.name(index[0]), **device,
        "serial": serial, "port_id_kind": "interface" if "port_id" in row else None,
        "system_name": name or (device["chassis_id"] if device["chassis_id_kind"] == "name" else None),
        "management_address": primary or address,
        "capabilities": sorted({word for bit, word in _CDP_CAPABILITIES.items() if capabilities & bit}) or None,
    }  # fmt: skip


def _identity(told: str) -> tuple[dict[str, str], str | None]:
    """Return who it is, and the serial number in its device id: a name, a MAC, or a name with a serial behind it."""
    found = _SERIAL_BEHIND.fullmatch(told)
    if found:
        return {"chassis_id": found["name"].strip(), "chassis_id_kind": "name"}, found["serial"]
    address = mac(told.encode())
    if address is None and re.fullmatch("[0-9A-Fa-f]{12}", told):
        address = bytes.fromhex(told).hex(":")
    return {"chassis_id": address or told, "chassis_id_kind": "mac" if address else "name"}, None


# --- EDP and NDP

_EDP: Final = Table(
    "1.3.6.1.4.1.1916.1.13.2.1", {"system_name": 3, "version": 4, "slot": (5, whole), "port": (6, whole)}
)
_NDP_ENTRY: Final[dict[str, tuple[int, Decode] | int]] = {"id": (1, mac), "port_id": 2, "system_name": 3}
_NDP: Final = {
    "1.3.6.1.4.1.2011.": Table("1.3.6.1.4.1.2011.6.7.5.6.1", _NDP_ENTRY),
    "1.3.6.1.4.1.25506.": Table("1.3.6.1.4.1.25506.8.7.5.6.1", _NDP_ENTRY),
}


def _edp(visit: Visit) -> Script[None]:
    """Read EXTREME-EDP-MIB: the index is the ifIndex and ExtremeDeviceId, two octets before a MAC."""
    told = yield from visit.rows(_EDP)
    _say(visit, "edp", told.failure, (
        {"interface": index[0], "chassis_id": mac(bytes(index[3:9])), "system_name": row.get("system_name"),
         "system_description": row.get("version"), "port_id": f"{row.get('slot', 1)}:{row.get('port', 0)}"}
        for index, row in told.rows.items() if len(index) >= 9 and max(index[3:9]) < 256
    ))  # fmt: skip


def _ndp(visit: Visit, table: Table) -> Script[None]:
    """Read HUAWEI-NDP-MIB and its H3C twin: the index begins with the ifIndex."""
    told = yield from visit.rows(table)
    _say(visit, "ndp", told.failure, (
        {"interface": index[0], "chassis_id": row.get("id"), "system_name": row.get("system_name"),
         "port_id": row.get("port_id")}
        for index, row in told.rows.items() if index
    ))  # fmt: skip


def _say(visit: Visit, protocol: str, failure: str | None, rows: Iterable[dict[str, Any]]) -> None:
    visit.findings.failed("neighbours", failure)
    for row in rows:
        if row["chassis_id"]:
            name = visit.ports.name(row["interface"])
            visit.findings.add("neighbours", [
                {**row, "protocol": protocol, "interface": name, "chassis_id_kind": "mac", "port_id_kind": "interface"}
            ])  # fmt: skip
