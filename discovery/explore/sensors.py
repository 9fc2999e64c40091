"""Sensors: ENTITY-SENSOR-MIB (RFC 3433), Cisco's forerunner of it, and lm-sensors of net-snmp."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from discovery.asking import Script
from discovery.explore.components import SEPARATOR
from discovery.explore.values import times, whole, word
from discovery.explore.visit import Table, Visit

_TYPES: Final = {
    3: ("voltage", "volts"), 4: ("voltage", "volts"), 5: ("current", "amperes"), 6: ("power", "watts"),
    7: ("frequency", "hertz"), 8: ("temperature", "celsius"), 9: ("humidity", "ratio"), 10: ("fan", "rpm"),
    11: ("flow", "cubic_meters_per_minute"), 12: ("state", "truth"), 14: ("power", "dbm"),
}  # fmt: skip
"""EntitySensorDataType; 14 is Cisco's dBm."""

_STATES: Final = {1: "ok", 2: "unavailable", 3: "failed"}
_FIELDS: Final = {"type": (1, whole), "scale": (2, whole), "precision": (3, whole), "value": (4, whole),
                  "state": (5, word(_STATES))}  # fmt: skip
_ENTITY: Final = Table("1.3.6.1.2.1.99.1.1.1", _FIELDS)
_CISCO: Final = Table("1.3.6.1.4.1.9.9.91.1.1.1.1", _FIELDS)
_NOT_CELSIUS: Final = 1e9
"""Beyond this an agent says by RFC 3433 that it is out of range."""

_LM: Final = {
    "temperature": (Table("1.3.6.1.4.1.2021.13.16.2.1", {"name": 2, "value": (3, times(0.001, 0))}), "celsius"),
    "fan": (Table("1.3.6.1.4.1.2021.13.16.3.1", {"name": 2, "value": (3, whole)}), "rpm"),
    "voltage": (Table("1.3.6.1.4.1.2021.13.16.4.1", {"name": 2, "value": (3, times(0.001, 0))}), "volts"),
}


def sensors(visit: Visit) -> Script[None]:
    """Find `sensors`."""
    tables = [_ENTITY, *([_CISCO] if visit.device.sysobjectid.startswith("1.3.6.1.4.1.9.") else [])]
    for table in tables:
        told = yield from visit.rows(table)
        visit.findings.failed("sensors", told.failure)
        for index, row in told.rows.items():
            reading = _reading(row)
            path = visit.parts.get(index[0])
            if reading and len(index) == 1:
                name = path or f"#{index[0]}"
                visit.findings.add("sensors", [{**reading, "name": name, "component": _around(visit, path)}])


def host_sensors(visit: Visit) -> Script[None]:
    """Add what lm-sensors reads on a host."""
    for kind, (table, unit) in _LM.items():
        told = yield from visit.rows(table)
        visit.findings.failed("sensors", told.failure)
        visit.findings.add("sensors", (
            {**row, "name": f"{row.get('name', kind)} {index[-1]}", "kind": kind, "unit": unit, "state": "ok"}
            for index, row in told.rows.items() if "value" in row
        ))  # fmt: skip


def _reading(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return kind, unit and value: value × 10^(3 × (scale − 9)) ÷ 10^precision (RFC 3433 §2)."""
    kind, value = _TYPES.get(row.get("type", 0)), row.get("value")
    scale, precision = row.get("scale", 9), row.get("precision", 0)
    if kind is None or value is None or not (1 <= scale <= 17 and -8 <= precision <= 9):
        return None
    state = row.get("state", "ok")
    if state != "ok" or abs(value) >= _NOT_CELSIUS:
        return {"kind": kind[0], "unit": kind[1], "state": state if state != "ok" else "unavailable"}
    scaled = value * 10.0 ** (3 * (scale - 9) - precision) / (100 if kind[0] == "humidity" else 1)
    return {"kind": kind[0], "unit": kind[1], "state": state, "value": round(scaled, 6)}


def _around(visit: Visit, path: str | None) -> str | None:
    """Return the component a sensor is in: the nearest one that `components` holds."""
    at, parts = path or "", visit.findings.rows.get("components", {})
    while at and at not in parts:
        at = at.rpartition(SEPARATOR)[0]
    return at or None
