"""Fibre Channel: FCMGMT-MIB (1.3.6.1.3.94) and Brocade's SW-MIB."""

from __future__ import annotations

import re
from typing import Any, Final

from discovery.asking import Index, Script, Value
from discovery.explore.listing import Listing, Maker, Record, numbered, reading
from discovery.explore.values import positive, whole, word, words, wwn
from discovery.explore.visit import Table, Visit

_UNITS: Final = Table("1.3.6.1.3.94.1.6.1", {"wwn": (1, wwn), "kind": (3, whole)}, rows=64)
_SWITCH_KINDS: Final = frozenset({4, 5, 6})
"""FcUnitType: switch, gateway, bridge … of a fabric; the others are hosts, arrays and libraries."""

_PORT_TYPES: Final = {4: "hub", 5: "n", 6: "l", 7: "fl", 8: "f", 9: "e", 10: "g", 16: "nl"}
_PORT_STATES: Final = {2: "online", 3: "offline", 4: "bypassed", 5: "diagnostics"}
_PORTS: Final = Table("1.3.6.1.3.94.1.10.1", {
    "type": (3, word(_PORT_TYPES)), "state": (6, word(_PORT_STATES)), "wwn": (10, wwn),
    "fc_id": (11, lambda value: value.hex() if isinstance(value, bytes) and len(value) == 3 and any(value) else None),
    "speed": (15, positive), "name": 17, "number": (18, whole),
})  # fmt: skip
_KILOBYTES: Final = 8e-3 * 1.25
"""Mbit/s for each KB/s of connUnitPortSpeed: 8b/10b coding, so that 106,250 KB/s are 1 Gbit/s of FC."""

_LOGINS: Final = Table("1.3.6.1.3.94.5.2.1.1", {
    "fc_id": (3, lambda value: value.hex() if isinstance(value, bytes) and len(value) == 3 else words(value)),
    "wwn": (4, wwn), "node_wwn": (5, wwn), "port_wwn": (12, wwn), "name": 14, "node_name": 15,
})  # fmt: skip
_REVISIONS: Final = Table("1.3.6.1.3.94.1.7.1", {"version": 3, "component": 4}, rows=500)
_SENSORS: Final = Table("1.3.6.1.3.94.1.8.1", {
    "name": 3, "state": (4, word({3: "ok", 4: "warning", 5: "failed"}, "unavailable")), "message": 6,
}, rows=2000)  # fmt: skip
_READING: Final = re.compile(r"(-?\d{1,6}(?:\.\d{1,4})?) ?(C|RPM|V|A|W)\b", re.IGNORECASE)
_UNIT_WORDS: Final = {
    "C": ("temperature", "celsius"), "RPM": ("fan", "rpm"), "V": ("voltage", "volts"), "A": ("current", "amperes"),
    "W": ("power", "watts"),
}  # fmt: skip

_SW: Final = "1.3.6.1.4.1.1588.2.1.1.1."
_STATE_WORDS: Final = {1: "online", 2: "offline", 3: "testing", 4: "faulty"}


def _neighbour(visit: Visit, index: Index, row: Any) -> dict[str, Any] | None:
    """Return an inter-switch link: who is at its end is known by the domain only."""
    if "domain" not in row or "port" not in row:
        return None
    own = _port_names(visit).get(row.get("own", -1), f"#{row.get('own', index[-1])}")
    return {"protocol": "fspf", "interface": own, "chassis_id": f"domain {row['domain']}", "chassis_id_kind": "local",
            "port_id": str(row["port"]), "port_id_kind": "local"}  # fmt: skip


def _login(_: Visit, index: Index, row: Any) -> dict[str, Any]:
    return {**row, "fc_id": f"{row['fc_id'] & 0xFFFFFF:06x}" if "fc_id" in row else None}


def _number(value: Value) -> int | None:
    """Return a port id as number: an INTEGER, or three octets."""
    return int.from_bytes(value, "big") if isinstance(value, bytes) and len(value) in (3, 4) else whole(value)


def _port(_: Visit, index: Index, row: Any) -> dict[str, Any]:
    """Return a port of SW-MIB. Its own number starts at 1, the port's at 0."""
    told = {name: value for name, value in row.items() if name != "label"}
    return {**told, "name": f"port{index[-1] - 1}", "type": None}


_BROCADE: Final = Maker(("1.3.6.1.4.1.1588.",), (
    Record("fc_switch", {"domain_id": (f"{_SW}2.1.0", positive), "state": (f"{_SW}1.7.0", word(_STATE_WORDS))}),
    Listing("fc_ports", Table(f"{_SW}6.2.1", {  # swFCPortTable
        "state": (4, word(_STATE_WORDS)), "admin": (5, word({1: "up", 2: "down", 3: "testing"})), "wwn": (34, wwn),
        "label": 36,
    }), form=_port),
    Listing("neighbours", Table(f"{_SW}2.9.1", {  # swNbTable
        "own": (2, whole), "domain": (3, whole), "port": (4, whole),
    }), form=_neighbour),
    Listing("fc_logins", Table(f"{_SW}7.2.1", {  # swNsLocalTable
        "fc_id": (2, _number), "wwn": (4, wwn), "name": 5, "node_wwn": (6, wwn), "node_name": 7,
    }), need=("wwn",), form=_login),
))  # fmt: skip


def fibre_channel(visit: Visit) -> Script[None]:
    """Find `fc_switch`, `fc_ports`, `fc_logins`, and the `firmware` and `sensors` FCMGMT-MIB has."""
    units = yield from visit.rows(_UNITS)
    for failed in ("fc_ports", "fc_switch"):
        visit.findings.failed(failed, units.failure)
    if units.rows:
        yield from _units(visit, next(iter(units.rows.values())))
    yield from reading((_BROCADE,))(visit)


def _units(visit: Visit, unit: dict[str, Any]) -> Script[None]:
    if unit.get("kind") in _SWITCH_KINDS:
        visit.findings.add("fc_switch", [{"wwn": unit.get("wwn")}])
    ports = yield from visit.rows(_PORTS)
    visit.findings.failed("fc_ports", ports.failure)
    for index, row in ports.rows.items():
        if "wwn" in row or row.get("type"):
            speed = round(row.pop("speed", 0) * _KILOBYTES) or None
            name = row.get("name") or f"port{row.get('number', index[-1])}"
            row.pop("number", None)
            visit.findings.add("fc_ports", [{**row, "name": name, "speed_mbps": speed}])
    yield from _logins(visit)
    revisions = yield from visit.rows(_REVISIONS)
    visit.findings.add("firmware", (
        {"component": row.get("component") or numbered(index[-1:]), "version": row["version"]}
        for index, row in revisions.rows.items() if "version" in row
    ))  # fmt: skip
    visit.findings.failed("firmware", revisions.failure)
    told = yield from visit.rows(_SENSORS)
    visit.findings.failed("sensors", told.failure)
    visit.findings.add("sensors", (_sensor(index, row) for index, row in told.rows.items()))


def _logins(visit: Visit) -> Script[None]:
    told = yield from visit.rows(_LOGINS)
    visit.findings.failed("fc_logins", told.failure)
    local = {row.get("wwn"): name for name, row in visit.findings.rows.get("fc_ports", {}).items()}
    for row in told.rows.values():
        if "wwn" in row:
            interface = local.get(row.pop("port_wwn", None) or "")
            visit.findings.add("fc_logins", [{**row, "interface": interface}])
    if local:
        visit.findings.is_none("fc_logins")


def _sensor(index: Index, row: dict[str, Any]) -> dict[str, Any]:
    found = _READING.search(row.get("message", ""))
    kind, unit = _UNIT_WORDS[found[2].upper()] if found else ("state", None)
    name = row.get("name") or f"sensor {index[-1]}"
    return {"name": name, "kind": kind, "unit": unit, "state": row.get("state"),
            "value": float(found[1]) if found else None}  # fmt: skip


def _port_names(visit: Visit) -> dict[int, str]:
    return {at: f"port{at - 1}" for at in range(1, 1025) if f"port{at - 1}" in visit.findings.rows.get("fc_ports", {})}
