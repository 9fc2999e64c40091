"""Uninterruptible power supplies: UPS-MIB (RFC 1628), then what makers know beside it."""

from __future__ import annotations

import re
from typing import Any, Final

from discovery.asking import Script, Value
from discovery.explore.listing import Listing, Maker, Record, reading
from discovery.explore.values import counted, oid, positive, times, whole, word
from discovery.explore.visit import Table, Visit

_UPS: Final = "1.3.6.1.2.1.33.1."
_SOURCES: Final = {2: "none", 3: "normal", 4: "bypass", 5: "battery", 6: "booster", 7: "reducer"}
_BATTERY: Final = {1: "unknown", 2: "ok", 3: "low", 4: "depleted"}
_TESTS: Final = {1: "passed", 2: "warning", 3: "failed", 4: "aborted", 5: "running", 6: "none"}
_ATTACHED: Final = f"{_UPS}1.6.0"  # upsIdentAttachedDevices
_ALARM: Final = f"{_UPS}6.2.1.2"  # upsAlarmDescr
_WELL_KNOWN: Final = f"{_UPS}6.3."
_ALARMS: Final = (
    "battery_bad", "on_battery", "low_battery", "depleted_battery", "temperature_bad", "input_bad", "output_bad",
    "output_overload", "on_bypass", "bypass_bad", "output_off_as_requested", "ups_off_as_requested", "charger_failed",
    "ups_output_off", "ups_system_off", "fan_failure", "fuse_failure", "general_fault", "diagnostic_test_failed",
    "communications_lost", "awaiting_power", "shutdown_pending", "shutdown_imminent", "test_in_progress",
)  # fmt: skip
_RATIO: Final = times(0.01, 0)
_TENTH: Final = times(0.1, 0)
_TICKS: Final = counted(0.01)

_STANDARD: Final = Maker((), (
    Record("ups", {
        "agent_version": f"{_UPS}1.4.0", "battery_state": (f"{_UPS}2.1.0", word(_BATTERY)),
        "on_battery_seconds": (f"{_UPS}2.2.0", counted(1)), "runtime_seconds": (f"{_UPS}2.3.0", counted(60)),
        "charge_ratio": (f"{_UPS}2.4.0", _RATIO), "battery_volts": (f"{_UPS}2.5.0", _TENTH),
        "battery_celsius": (f"{_UPS}2.7.0", times(1, -60)), "source": (f"{_UPS}4.1.0", word(_SOURCES)),
        "last_test": (f"{_UPS}7.3.0", word(_TESTS)), "input_rated_volts": (f"{_UPS}9.1.0", positive),
        "output_rated_volts": (f"{_UPS}9.3.0", positive), "rated_va": (f"{_UPS}9.5.0", positive),
        "rated_watts": (f"{_UPS}9.6.0", positive),
    }),
    Listing("power", Table(f"{_UPS}3.3.1", {
        "hertz": (2, _TENTH), "volts": (3, times(1, 0)), "amperes": (4, _TENTH), "watts": (5, times(1, 0)),
    }), {"kind": "input"}, form=lambda _, index, row: {**row, "name": f"input {index[-1]}"}),
    Listing("power", Table(f"{_UPS}4.4.1", {
        "volts": (2, times(1, 0)), "amperes": (3, _TENTH), "watts": (4, times(1, 0)), "load_ratio": (5, _RATIO),
    }), {"kind": "output"}, form=lambda _, index, row: {**row, "name": f"output {index[-1]}"}),
))  # fmt: skip

_APC: Final = "1.3.6.1.4.1.318.1.1.1."
_APC_SOURCES: Final = {
    2: "normal", 3: "battery", 4: "booster", 6: "bypass", 7: "none", 9: "bypass", 10: "bypass", 12: "reducer",
    15: "battery", 16: "bypass",
}  # fmt: skip
_CYBERPOWER: Final = "1.3.6.1.4.1.3808.1.1.1."
_EATON: Final = "1.3.6.1.4.1.534.1."
_EATON_SOURCES: Final = {2: "none", 3: "normal", 4: "bypass", 5: "battery", 6: "booster", 7: "reducer"}


def _replace(value: Value) -> str | None:
    """Return the battery's state where a maker tells only whether it wants to be replaced: 2 it does."""
    return {1: "ok", 2: "replace"}.get(whole(value) or 0)


_MAKERS: Final = (
    Maker(("1.3.6.1.4.1.318.",), (
        Record("ups", {
            "battery_state": (f"{_APC}2.2.4.0", _replace), "on_battery_seconds": (f"{_APC}2.1.2.0", _TICKS),
            "battery_replaced": f"{_APC}2.1.3.0", "charge_ratio": (f"{_APC}2.2.1.0", _RATIO),
            "battery_celsius": (f"{_APC}2.2.2.0", times(1, -60)), "runtime_seconds": (f"{_APC}2.2.3.0", _TICKS),
            "battery_packs": (f"{_APC}2.2.5.0", whole), "battery_volts": (f"{_APC}2.2.8.0", times(1, 1)),
            "battery_due": f"{_APC}2.2.21.0", "source": (f"{_APC}4.1.1.0", word(_APC_SOURCES)),
            "load_ratio": (f"{_APC}4.2.3.0", _RATIO), "output_rated_volts": (f"{_APC}5.2.1.0", positive),
            "last_test": (f"{_APC}7.2.3.0", word({1: "passed", 2: "failed", 3: "failed", 4: "running"})),
        }),
        Record("power", {"volts": (f"{_APC}3.2.1.0", times(1, 1)), "hertz": (f"{_APC}3.2.4.0", times(1, 1))},
               {"name": "input 1", "kind": "input"}),
        Record("power", {
            "volts": (f"{_APC}4.2.1.0", times(1, 1)), "amperes": (f"{_APC}4.2.4.0", times(1, 0)),
            "watts": (f"{_APC}4.2.8.0", times(1, 0)), "load_ratio": (f"{_APC}4.2.3.0", _RATIO),
        }, {"name": "output 1", "kind": "output"}),
        Listing("outlets", Table(f"{_APC}12.1.2.1", {"name": 2, "state": (3, word({1: "on", 2: "off"}))}),
                form=lambda _, index, row: {**row, "outlet": f"group {index[-1]}"}),
    )),
    Maker(("1.3.6.1.4.1.3808.",), (
        Record("ups", {
            "battery_replaced": f"{_CYBERPOWER}2.1.3.0", "charge_ratio": (f"{_CYBERPOWER}2.2.1.0", _RATIO),
            "battery_volts": (f"{_CYBERPOWER}2.2.2.0", _TENTH), "runtime_seconds": (f"{_CYBERPOWER}2.2.4.0", _TICKS),
            "battery_state": (f"{_CYBERPOWER}2.2.5.0", _replace), "load_ratio": (f"{_CYBERPOWER}4.2.3.0", _RATIO),
        }),
    )),
    Maker(("1.3.6.1.4.1.534.", "1.3.6.1.4.1.232.165."), (
        Record("ups", {
            "runtime_seconds": (f"{_EATON}2.1.0", counted(1)), "battery_volts": (f"{_EATON}2.2.0", times(1, 1)),
            "charge_ratio": (f"{_EATON}2.4.0", _RATIO), "battery_replaced": f"{_EATON}2.6.0",
            "load_ratio": (f"{_EATON}4.1.0", _RATIO), "source": (f"{_EATON}4.5.0", word(_EATON_SOURCES)),
            "output_rated_volts": (f"{_EATON}10.1.0", positive), "rated_watts": (f"{_EATON}10.3.0", positive),
        }),
        Listing("power", Table(f"{_EATON}3.4.1", {
            "volts": (2, times(1, 0)), "amperes": (3, times(1, 0)), "watts": (4, times(1, 0)),
        }), {"kind": "input"}, form=lambda _, index, row: {**row, "name": f"input {index[-1]}"}),
        Listing("power", Table(f"{_EATON}4.4.1", {
            "volts": (2, times(1, 0)), "amperes": (3, times(1, 0)), "watts": (4, times(1, 0)),
        }), {"kind": "output"}, form=lambda _, index, row: {**row, "name": f"output {index[-1]}"}),
    )),
)  # fmt: skip
_NO_DEVICE: Final = re.compile(
    r"(?:ups|attached|connected|load|device|equipment)s?[ _-]?(?:load|device|name)?s?\d*", re.IGNORECASE
)


def ups(visit: Visit) -> Script[None]:
    """Find `ups`, `power`, `outlets` and `attached`; makers know more exactly, so they are asked first."""
    yield from reading((*_MAKERS, _STANDARD))(visit)
    yield from _alarms(visit)
    loads = [row["load_ratio"] for row in visit.findings.rows.get("power", {}).values() if "load_ratio" in row]
    if loads:
        visit.findings.add("ups", [{"load_ratio": max(loads)}])
    told, _ = yield from visit.values({"attached": _ATTACHED})
    names = [name.strip() for name in re.split(r"[,;\n]", told.get("attached", ""))]
    visit.findings.add("attached", (
        {"outlet": "", "name": name} for name in names if name and not _NO_DEVICE.fullmatch(name)
    ))  # fmt: skip


def _alarms(visit: Visit) -> Script[None]:
    told, failure = yield from visit.column(_ALARM, oid)
    visit.findings.failed("ups", failure)
    found: list[Any] = sorted({_alarm(each) for each in told.values()})
    if found:
        visit.findings.add("ups", [{"alarms": found}])


def _alarm(name: str) -> str:
    number = name.removeprefix(_WELL_KNOWN)
    known = number.isdecimal() and len(number) < 3 and 1 <= int(number) <= len(_ALARMS)
    return _ALARMS[int(number) - 1] if known else name
