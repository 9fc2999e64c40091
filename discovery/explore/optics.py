"""Pluggable transceivers: those that ENTITY-MIB knows as parts, with the sensors in them, and vendors' own tables."""

from __future__ import annotations

import math
import re
from typing import Any, Final

from discovery.asking import Script, Value
from discovery.explore.components import SEPARATOR
from discovery.explore.values import positive, serial, times, whole, words
from discovery.explore.visit import Table, Visit

_IS_OPTIC: Final = re.compile(
    r"\b(?:c?sfp|[xq]?sfp(?:28|56)?|qsfp(?:28|56)?(?:[ -]?dd)?|osfp|xfp|gbic|cfp[248]?|cxp|x2|xenpak|transceiver)"
    r"(?:\b|\+|[-_ ])|\b\d{2,4}g?base-?[a-z]",
    re.IGNORECASE,
)
_IS_CARD: Final = re.compile(r"\d+[ -]?ports?\b|\b\d+ ?x ?\d|line ?card", re.IGNORECASE)
_DBM: Final = times(0.01, -9999)
"""Hundredths of dBm; −10,000 and below stand for no light."""


def _first_lane(value: Value) -> float | None:
    """Return the power of the first lane: dBm, or hundredths of it where no light could be that strong or weak."""
    told: float | None = times(1)((words(value) or "").partition(",")[0].encode())
    return told if told is None or abs(told) <= _STRONGEST else round(told / 100, 2)


_STRONGEST: Final = 60.0
_HUAWEI: Final = Table("1.3.6.1.4.1.2011.5.25.31.1.1.3.1", {
    "serial": (4, serial), "temperature_celsius": (5, times(1, -60)), "voltage_volts": (6, times(0.001, 0)),
    "bias_milliamperes": (7, times(0.001, 0)), "receive": (8, whole), "transmit": (9, whole),
    "vendor": 24, "part": 25, "receive_dbm": (32, _first_lane), "transmit_dbm": (33, _first_lane), "type": 42,
})  # fmt: skip
_H3C: Final = Table("1.3.6.1.4.1.25506.2.70.1.1.1", {
    "type": 2, "wavelength_nm": (3, positive), "vendor": 4, "serial": (5, serial), "reach_meters": (7, positive),
    "transmit_dbm": (9, _DBM), "receive_dbm": (12, _DBM), "temperature_celsius": (15, times(1, -60)),
    "voltage_volts": (16, times(0.01, 0)), "bias_milliamperes": (17, times(0.01, 0)),
})  # fmt: skip
_JUNIPER: Final = Table("1.3.6.1.4.1.2636.3.60.1.1.1.1", {
    "receive_dbm": (5, _DBM), "bias_milliamperes": (6, times(0.001, 0)), "transmit_dbm": (7, _DBM),
    "temperature_celsius": (8, times(1, -60)),
})  # fmt: skip
_BY_INTERFACE: Final = {"1.3.6.1.4.1.25506.": _H3C, "1.3.6.1.4.1.2636.": _JUNIPER}
_MEASURES: Final = {
    "temperature": ("temperature_celsius", 1.0), "voltage": ("voltage_volts", 1.0),
    "current": ("bias_milliamperes", 1e3),
}  # fmt: skip


def optics(visit: Visit) -> Script[None]:
    """Find `optics`."""
    visit.findings.add("optics", _from_components(visit))
    prefix = visit.device.sysobjectid
    if prefix.startswith("1.3.6.1.4.1.2011."):
        told = yield from visit.rows(_HUAWEI)
        visit.findings.failed("optics", told.failure)
        for index, row in told.rows.items():
            if "serial" in row or "part" in row:
                row |= _in_dbm(row)
                visit.findings.add(
                    "optics", [{**row, "interface": _place(visit, visit.parts.get(index[-1], f"#{index[-1]}"))}]
                )
    for maker, table in _BY_INTERFACE.items():
        if prefix.startswith(maker):
            told = yield from visit.rows(table)
            visit.findings.failed("optics", told.failure)
            for index, row in told.rows.items():
                if index[-1] in visit.ports.names and _is_there(row):
                    visit.findings.add("optics", [{**row, "interface": visit.ports.names[index[-1]]}])


def _in_dbm(row: dict[str, Any]) -> dict[str, Any]:
    """Return the powers Huawei tells twice, older software in µW and newer in hundredths of dBm; −1 is no value."""
    found: dict[str, Any] = {}
    for name in ("receive", "transmit"):
        told = row.pop(name, None)
        if f"{name}_dbm" not in row and told not in (None, -1, 0):
            found[f"{name}_dbm"] = round(10 * math.log10(told / 1000), 2) if told > 0 else told / 100
    return found


def _is_optic(said: str) -> bool:
    return bool(_IS_OPTIC.search(said)) and not _IS_CARD.search(said)


def _is_there(row: dict[str, Any]) -> bool:
    """Return whether a transceiver is plugged in: Junos has a row of zeros for an empty cage."""
    return bool(row.get("serial") or row.get("vendor") or row.get("receive_dbm") or row.get("transmit_dbm"))


def _from_components(visit: Visit) -> list[dict[str, Any]]:
    """Return parts with a serial number that are transceivers, with what the sensors inside them measure."""
    found = []
    for path, row in visit.findings.rows.get("components", {}).items():
        said = " ".join(str(row.get(name, "")) for name in ("model", "description", "name"))
        if row.get("class") in ("module", "port", "other") and row.get("serial") and _is_optic(said):
            kind = row.get("description") or row.get("model")
            found.append({
                "interface": _place(visit, path), "type": kind, "vendor": row.get("vendor"),
                "part": row.get("part") or row.get("model"), "serial": row["serial"], **_measured(visit, path),
            })  # fmt: skip
    return found


def _place(visit: Visit, path: str) -> str:
    """Return the one interface on a part or on what it sits in, else the part's path."""
    on: dict[str, list[str]] = {}
    for row in visit.findings.rows.get("interfaces", {}).values():
        if row.get("component"):
            on.setdefault(row["component"], []).append(row["name"])
    at = path
    for _ in range(3):
        below = [
            name for part, names in on.items() if part == at or part.startswith(f"{at}{SEPARATOR}") for name in names
        ]
        if len(below) == 1:
            return below[0]
        at = at.rpartition(SEPARATOR)[0]
        if not at:
            break
    return visit.ports.find(path.rpartition(SEPARATOR)[2]) or path


def _measured(visit: Visit, path: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, row in visit.findings.rows.get("sensors", {}).items():
        if name.startswith(f"{path}{SEPARATOR}") and row.get("value") is not None:
            said, value = name.rpartition(SEPARATOR)[2].casefold(), row["value"]
            if row["unit"] == "dbm":
                found.setdefault("receive_dbm" if "rx" in said or "receive" in said else "transmit_dbm", value)
            elif row["kind"] in _MEASURES:
                field, factor = _MEASURES[row["kind"]]
                found.setdefault(field, round(value * factor, 3))
    return found
