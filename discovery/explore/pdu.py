"""Power distribution units: outlets, phases and banks, and what hangs on them. There is no standard, only makers."""

from __future__ import annotations

import re
from typing import Any, Final

from discovery.asking import Index, Script
from discovery.explore.listing import Listing, Maker, numbered, reading
from discovery.explore.values import Decode, times, whole, word
from discovery.explore.visit import Table, Visit

_ON_OFF: Final = word({1: "on", 2: "off"})
_OFF_ON: Final = word({1: "off", 2: "on"})
_ZERO_ONE: Final = word({0: "off", 1: "on"})
_LOADS: Final = {1: "low", 2: "ok", 3: "near_overload", 4: "overload"}
_TENTH: Final = times(0.1, 0)
_HUNDREDTH: Final = times(0.01, 0)
_MILLI: Final = times(0.001, 0)
_ONE: Final = times(1, 0)
_TEN: Final = times(10, 0)


def _outlet(_: Visit, index: Index, row: Any) -> dict[str, Any]:
    """Name an outlet by its number, the unit before it where the index has one."""
    return {**row, "outlet": numbered(index[-2:])}


def _single(_: Visit, index: Index, row: Any) -> dict[str, Any]:
    """Name an outlet by the number the table tells, else by the last of the index."""
    told = {name: value for name, value in row.items() if name != "number"}
    return {**told, "outlet": str(row.get("number", index[-1]))}


def _named(kind: str) -> Any:
    def form(_: Visit, index: Index, row: Any) -> dict[str, Any]:
        return {**row, "kind": kind, "name": row.get("name") or f"{kind} {numbered(index[-2:])}"}

    return form


def _outlets(entry: str, state: tuple[int, Decode], name: int, **more: tuple[int, Decode] | int) -> Listing:
    return Listing("outlets", Table(entry, {"name": name, "state": state, **more}), form=_single)


_APC: Final = "1.3.6.1.4.1.318.1.1."
_EATON: Final = "1.3.6.1.4.1.534.6.6.7."
_RARITAN: Final = "1.3.6.1.4.1.13742."
_GEIST: Final = "1.3.6.1.4.1.21239.5.2.3."
_SENTRY: Final = "1.3.6.1.4.1.1718."
_CYBERPOWER: Final = "1.3.6.1.4.1.3808.1.1.3."

_MAKERS: Final = (
    Maker(("1.3.6.1.4.1.318.",), (
        Listing("outlets", Table(f"{_APC}26.9.2.3.1", {  # rPDU2OutletSwitchedStatusTable
            "name": 3, "number": (4, whole), "state": (5, _OFF_ON), "bank": 7,
        }), form=_single),
        Listing("outlets", Table(f"{_APC}26.9.4.3.1", {  # rPDU2OutletMeteredStatusTable
            "name": 3, "number": (4, whole), "amperes": (6, _TENTH), "watts": (7, _ONE),
        }), form=_single),
        Listing("outlets", Table(f"{_APC}32.5.4.1", {"name": 3, "state": (4, _ON_OFF)}), form=_outlet),
        Listing("outlets", Table(f"{_APC}32.5.9.1", {
            "name": 3, "amperes": (6, _HUNDREDTH), "watts": (5, _ONE),
        }), form=_outlet),
        Listing("outlets", Table(f"{_APC}12.3.5.1.1", {"name": 2, "state": (4, _ON_OFF), "bank": 6}), form=_single),
        Listing("outlets", Table(f"{_APC}4.4.2.1", {"name": 4, "state": (3, _ON_OFF)}), form=_single),
        Listing("power", Table(f"{_APC}26.4.3.1", {  # rPDU2DeviceStatusTable
            "state": (4, word(_LOADS)), "watts": (5, _TEN), "energy_kwh": (9, _TENTH),
        }), form=_named("unit")),
        Listing("power", Table(f"{_APC}26.6.3.1", {  # rPDU2PhaseStatusTable
            "state": (4, word(_LOADS)), "amperes": (5, _TENTH), "volts": (6, _ONE), "watts": (7, _TEN),
        }), form=_named("phase")),
        Listing("power", Table(f"{_APC}26.8.3.1", {  # rPDU2BankStatusTable
            "state": (4, word(_LOADS)), "amperes": (5, _TENTH),
        }), form=_named("bank")),
        Listing("power", Table(f"{_APC}12.2.3.1.1", {"amperes": (2, _TENTH)}), form=_named("phase")),
    )),
    Maker(("1.3.6.1.4.1.3808.",), (
        _outlets(f"{_CYBERPOWER}3.5.1.1", (4, _ON_OFF), 2, amperes=(7, _TENTH), watts=(8, _ONE)),
        Listing("power", Table(f"{_CYBERPOWER}2.3.1.1", {"amperes": (2, _TENTH), "watts": (8, _ONE)}),
                form=_named("bank")),
    )),
    Maker(("1.3.6.1.4.1.534.",), (
        Listing("outlets", Table(f"{_EATON}6.1.1", {"name": 3}), form=_outlet),
        Listing("outlets", Table(f"{_EATON}6.4.1", {"amperes": (3, _MILLI)}), form=_outlet),
        Listing("outlets", Table(f"{_EATON}6.5.1", {"watts": (3, _ONE)}), form=_outlet),
        Listing("outlets", Table(f"{_EATON}6.6.1", {"state": (2, _ZERO_ONE)}), form=_outlet),
        Listing("power", Table(f"{_EATON}5.1.1", {"name": 3}), form=_named("bank")),
    )),
    Maker(("1.3.6.1.4.1.13742.4.",), (
        _outlets(f"{_RARITAN}4.1.2.2.1", (3, _ZERO_ONE), 2, amperes=(4, _MILLI), watts=(7, _ONE)),
    )),
    Maker(("1.3.6.1.4.1.21239.",), (
        Listing("power", Table(f"{_GEIST}1.1", {"name": 3, "watts": (9, _ONE), "energy_kwh": (12, _MILLI)}),
                form=_named("unit")),
        Listing("power", Table(f"{_GEIST}2.1", {
            "name": 3, "volts": (4, _TENTH), "amperes": (8, _HUNDREDTH), "watts": (12, _ONE),
            "energy_kwh": (15, _MILLI),
        }), form=_named("phase")),
        Listing("power", Table(f"{_GEIST}3.1", {"name": 3, "amperes": (4, _HUNDREDTH)}), form=_named("bank")),
        Listing("outlets", Table(f"{_GEIST}5.1", {"name": 3, "state": (4, _ON_OFF)}), form=_single),
    )),
    Maker(("1.3.6.1.4.1.1718.",), (
        Listing("outlets", Table(f"{_SENTRY}3.2.3.1", {  # outletTable of Sentry3-MIB
            "name": 3, "state": (5, _ZERO_ONE), "amperes": (7, _HUNDREDTH), "watts": (14, _ONE),
        }), form=lambda _, index, row: {**row, "outlet": numbered(index)}),
        Listing("outlets", Table(f"{_SENTRY}4.1.8.2.1", {"name": 3}),  # st4OutletConfigTable of Sentry4-MIB
                form=lambda _, index, row: {**row, "outlet": numbered(index)}),
        Listing("outlets", Table(f"{_SENTRY}4.1.8.3.1", {  # st4OutletMonitorTable
            "state": (1, _ON_OFF), "amperes": (3, _HUNDREDTH), "watts": (7, _ONE),
        }), form=lambda _, index, row: {**row, "outlet": numbered(index)}),
    )),
)  # fmt: skip
_RARITAN_OUTLETS: Final = Table(f"{_RARITAN}6.3.5.3.1", {"label": 2, "name": 3})
_RARITAN_DIGITS: Final = f"{_RARITAN}6.3.5.4.1.7"  # outletSensorDecimalDigits
_RARITAN_SENSORS: Final = Table(f"{_RARITAN}6.5.4.3.1", {"state": (3, whole), "value": (4, whole)}, rows=20_000)
_CURRENT, _POWER, _SWITCH = 1, 5, 14
_FACTORY: Final = re.compile(
    r"(?:(?:power[ _-]?)?(?:outlet|socket|port|receptacle|dose|prise|output)|ups outlets?|outlet group|ol|tower\w*)?"
    r"[ _:#.-]*(?:[a-z]?\d*|\d+)(?:[/_. -]\d+)*",
    re.IGNORECASE,
)
"""Names a maker gives: Outlet 12, OUTLET_3, A1, Port 7."""


def pdu(visit: Visit) -> Script[None]:
    """Find `outlets`, `power` and `attached`."""
    yield from reading(_MAKERS)(visit)
    if visit.device.sysobjectid.startswith("1.3.6.1.4.1.13742.6"):
        yield from _raritan(visit)
    for key, row in visit.findings.rows.get("outlets", {}).items():
        name = str(row.get("name") or "")
        if name and not _FACTORY.fullmatch(name):
            row["attached"] = name
            visit.findings.add("attached", [{"outlet": key, "name": name}])


def _raritan(visit: Visit) -> Script[None]:
    """Read PDU2-MIB: sensors stand in one table by unit, outlet and kind, their decimal places in another."""
    told = yield from visit.rows(_RARITAN_OUTLETS)
    sensors = yield from visit.rows(_RARITAN_SENSORS)
    digits, _ = yield from visit.column(_RARITAN_DIGITS, whole, wanted=bool(sensors.rows))
    visit.findings.failed("outlets", told.failure or sensors.failure)
    for index, row in told.rows.items():
        found = {kind: sensors.rows.get((*index, kind), {}) for kind in (_CURRENT, _POWER, _SWITCH)}
        values = {
            kind: round(row["value"] / 10.0 ** min(digits.get((*index, kind), 0), 9), 6)
            for kind, row in found.items() if "value" in row
        }  # fmt: skip
        visit.findings.add("outlets", [{
            "outlet": row.get("label") or numbered(index), "name": row.get("name"), "amperes": values.get(_CURRENT),
            "watts": values.get(_POWER), "state": {7: "on", 8: "off"}.get(found[_SWITCH].get("state", 0)),
        }])  # fmt: skip
