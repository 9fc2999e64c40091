"""Printers: Printer-MIB (RFC 3805) and the printer row of HOST-RESOURCES-MIB (RFC 2790)."""

from __future__ import annotations

from typing import Any, Final

from discovery.asking import Index, Script
from discovery.explore.values import positive, whole, word
from discovery.explore.visit import Table, Visit

_MIB: Final = "1.3.6.1.2.1.43"
_TYPES: Final = {
    3: "toner", 4: "waste_toner", 5: "ink", 6: "ink", 7: "ribbon", 8: "waste_ink", 9: "drum", 10: "developer",
    11: "fuser_oil", 12: "wax", 13: "ribbon", 14: "waste_wax", 15: "fuser", 16: "corona_wire", 18: "cleaner",
    20: "transfer_unit", 21: "toner", 22: "fuser_oil", 26: "waste_paper", 32: "staples",
}  # fmt: skip
_UNITS: Final = {
    3: "ten_thousandths_of_inches", 4: "micrometers", 7: "impressions", 8: "sheets", 11: "hours",
    12: "thousandths_of_ounces", 13: "tenths_of_grams", 14: "hundredths_of_fluid_ounces", 15: "tenths_of_milliliters",
    16: "feet", 17: "meters", 18: "items", 19: "percent",
}  # fmt: skip
_CONSUMED: Final = 3
"""prtMarkerSuppliesClass: 3 is consumed, 4 is filled."""

_SUPPLIES: Final = Table(f"{_MIB}.11.1.1", {
    "colorant": (3, whole), "class": (4, whole), "type": (5, word(_TYPES, "other")), "name": 6,
    "unit": (7, word(_UNITS)), "capacity": (8, positive), "level": (9, whole),
}, rows=500)  # fmt: skip
_COLOURS: Final = f"{_MIB}.12.1.1.4"  # prtMarkerColorantValue
_PAGES: Final = f"{_MIB}.10.2.1.4"  # prtMarkerLifeCount
_LANGUAGES: Final = f"{_MIB}.15.1.1.5"  # prtInterpreterDescription
_ALERTS: Final = f"{_MIB}.18.1.1.8"  # prtAlertDescription
_STATE: Final = "1.3.6.1.2.1.25.3.5.1.1"  # hrPrinterStatus


def printer(visit: Visit) -> Script[None]:
    """Find `printer` and `supplies`."""
    pages, failure = yield from visit.column(_PAGES, positive)
    languages, _ = yield from visit.column(_LANGUAGES)
    alerts, _ = yield from visit.column(_ALERTS)
    states, _ = yield from visit.column(_STATE, word({1: "other", 3: "idle", 4: "printing", 5: "warmup"}))
    visit.findings.add("printer", [{
        "pages": max(pages.values(), default=None), "languages": sorted(set(languages.values())) or None,
        "alerts": sorted(set(alerts.values())) or None, "state": next(iter(states.values()), None),
    }])  # fmt: skip
    visit.findings.failed("printer", failure)
    told = yield from visit.rows(_SUPPLIES)
    colours, _ = yield from visit.column(_COLOURS, wanted=bool(told.rows))
    visit.findings.failed("supplies", told.failure)
    named: dict[str, int] = {}
    for index, row in told.rows.items():
        name = str(row.get("name") or f"{row.get('type', 'supply')} {index[-1]}")
        named[name] = named.get(name, 0) + 1
        own = name if named[name] == 1 else f"{name} {index[-1]}"
        visit.findings.add("supplies", [_supply(own, index, row, colours)])


def _supply(name: str, index: Index, row: dict[str, Any], colours: dict[Index, Any]) -> dict[str, Any]:
    level, capacity = row.get("level", -2), row.get("capacity")
    if capacity is None and row.get("unit") == "percent":
        capacity = 100
    known = level >= 0 and capacity is not None
    return {
        "name": name, "type": row.get("type"), "unit": row.get("unit"), "capacity": row.get("capacity"),
        "colour": colours.get((*index[:-1], row.get("colorant", 0))),
        "level_ratio": round(min(level / capacity, 1.0), 4) if known and capacity else None,
        "state": _state(row, level),
    }  # fmt: skip


def _state(row: dict[str, Any], level: int) -> str:
    """Return what prtMarkerSuppliesLevel says in words: −3 is some, −2 unknown, −1 without limit."""
    if level == 0 and row.get("class", _CONSUMED) == _CONSUMED:
        return "empty"
    return {-1: "ok", -2: "unknown", -3: "some"}.get(level, "ok")
