"""Management controllers of servers: what iDRAC, iLO, iBMC and XClarity say of the machine they are built into.

Redfish tells more, where it is open; this is what SNMP has.
"""

from __future__ import annotations

import re
from typing import Any, Final

from discovery.asking import Index, Value
from discovery.explore.listing import Listing, Maker, Record, reading
from discovery.explore.values import counted, mac, positive, serial, times, uuid, whole, word, words
from discovery.explore.visit import Table, Visit

_DELL: Final = "1.3.6.1.4.1.674.10892.5."
_HP: Final = "1.3.6.1.4.1.232."
_LENOVO: Final = "1.3.6.1.4.1.19046.11.1.1."
_DELL_STATES: Final = word({3: "ok", 4: "warning", 5: "critical", 6: "failed"}, "unknown")
_HP_STATES: Final = word({2: "ok", 3: "degraded", 4: "failed"}, "unknown")
_MEGA: Final = counted(2**20, 1)
_KILO: Final = counted(1024, 1)
_SIZE: Final = re.compile(r"(\d{1,9})\s*(MB|GB|TB)", re.IGNORECASE)
_POWERS: Final = {"MB": 2**20, "GB": 2**30, "TB": 2**40}
_DISK_STATES: Final = {
    2: "ok", 3: "ok", 4: "foreign", 5: "offline", 6: "blocked", 7: "failed", 8: "ok", 9: "absent", 10: "readonly",
}  # fmt: skip
_RAID_LEVELS: Final = {2: "raid0", 3: "raid1", 4: "raid5", 5: "raid6", 6: "raid10", 7: "raid50", 8: "raid60"}
_MODULES: Final = {24: "DDR3", 25: "FB-DIMM", 26: "DDR4", 34: "DDR5"}
"""SMBIOS type 17 (DMTF DSP0134)."""


def _size(value: Value) -> int | None:
    found = _SIZE.search(words(value) or "")
    return int(found[1]) * _POWERS[found[2].upper()] if found else None


def _part(kind: str) -> Any:
    """Return what makes a component out of a row: its path is its name."""

    def form(_: Visit, index: Index, row: Any) -> dict[str, Any] | None:
        if row.get("present") == "absent":
            return None
        told = {name: value for name, value in row.items() if name != "present"}
        return {**told, "class": kind, "path": row.get("name") or f"{kind} {index[-1]}"}

    return form


def _present(_: Visit, index: Index, row: Any) -> dict[str, Any] | None:
    return None if row.get("present") == "absent" else {k: v for k, v in row.items() if k != "present"}


def _slotted(_: Visit, index: Index, row: Any) -> dict[str, Any] | None:
    """Name a disk or module by its bay, and leave an empty one out."""
    told = _present(_, index, row)
    return told and {**told, "name": row.get("name") or row.get("slot") or str(index[-1])}


def _sensor(kind: str, unit: str) -> Any:
    def form(_: Visit, index: Index, row: Any) -> dict[str, Any] | None:
        if row.get("present") == "absent" or "value" not in row:
            return None
        told = {name: value for name, value in row.items() if name != "present"}
        return {**told, "kind": kind, "unit": unit, "name": row.get("name") or f"{kind} {index[-1]}"}

    return form


_IDRAC: Final = Maker(("1.3.6.1.4.1.674.",), (
    Record("device", {
        "host_serial": (f"{_DELL}1.3.2.0", serial), "host_name": f"{_DELL}1.3.1.0", "host_os": f"{_DELL}1.3.6.0",
        "asset_tag": f"{_DELL}1.3.4.0",
    }),
    Record("firmware", {"version": f"{_DELL}1.1.8.0"}, {"component": "management_controller"}),
    Record("firmware", {"version": f"{_DELL}4.300.50.1.8.1.1"}, {"component": "bios"}),
    Listing("components", Table(f"{_DELL}4.600.12.1", {"state": (5, _DELL_STATES), "name": 8}),
            form=_part("power_supply")),
    Listing("components", Table(f"{_DELL}4.1100.30.1", {
        "state": (5, _DELL_STATES), "vendor": 8, "model": 23, "name": 26,
    }), form=_part("cpu")),
    Listing("memory_modules", Table(f"{_DELL}4.1100.50.1", {
        "type": (7, word(_MODULES)), "slot": 8, "size_bytes": (14, _KILO), "speed_mts": (15, positive), "vendor": 21,
        "part": 22, "serial": (23, serial),
    }), need=("slot", "size_bytes")),
    Listing("interfaces", Table(f"{_DELL}4.1100.90.1", {"description": 6, "mac": (15, mac), "name": 30}),
            {"kind": "ethernet"}, need=("mac", "name")),
    Listing("disks", Table(f"{_DELL}5.1.20.130.4.1", {
        "vendor": 3, "state": (4, word(_DISK_STATES, "unknown")), "model": 6, "serial": (7, serial), "version": 8,
        "size_bytes": (11, _MEGA), "transport": (21, word({2: "scsi", 3: "sas", 4: "sata", 7: "nvme", 9: "nvme"})),
        "part": 27, "rotational": (35, lambda value: {2: True, 3: False}.get(whole(value) or 0)), "name": 54,
    }), form=_slotted),
    Listing("raid", Table(f"{_DELL}5.1.20.140.1.1", {
        "state": (4, word({2: "optimal", 3: "failed", 4: "degraded"})), "size_bytes": (6, _MEGA),
        "level": (13, word(_RAID_LEVELS)), "name": 35,
    }), need=("name",)),
    Listing("firmware", Table(f"{_DELL}5.1.20.130.1.1", {"component": 2, "version": 8}), need=("component", "version")),
    Listing("sensors", Table(f"{_DELL}4.700.20.1", {
        "state": (5, _DELL_STATES), "value": (6, times(0.1, -1000)), "name": 8,
    }), form=_sensor("temperature", "celsius")),
    Listing("sensors", Table(f"{_DELL}4.700.12.1", {"state": (5, _DELL_STATES), "value": (6, times(1, 0)), "name": 8}),
            form=_sensor("fan", "rpm")),
))  # fmt: skip

_HP_PRESENT: Final = word({2: "absent", 3: "present"})
_ILO: Final = Maker(("1.3.6.1.4.1.232.", "1.3.6.1.4.1.311.", "1.3.6.1.4.1.8072.", "1.3.6.1.4.1.6876."), (
    Record("device", {
        "host_serial": (f"{_HP}2.2.2.1.0", serial), "host_uuid": (f"{_HP}11.2.10.3.0", uuid),
        "asset_tag": f"{_HP}2.2.2.3.0", "host_os": f"{_HP}11.2.2.1.0",
    }),
    Record("firmware", {"version": f"{_HP}1.2.6.1.0"}, {"component": "bios"}),
    Record("firmware", {"version": f"{_HP}9.2.2.2.0"}, {"component": "management_controller"}),
    Listing("components", Table(f"{_HP}1.2.2.1.1", {"model": 3, "state": (6, _HP_STATES)}), form=_part("cpu")),
    Listing("components", Table(f"{_HP}6.2.9.3.1", {
        "present": (3, _HP_PRESENT), "state": (4, _HP_STATES), "model": 10, "serial": (11, serial),
        "firmware_version": 14, "part": 16,
    }), form=_part("power_supply")),
    Listing("components", Table(f"{_HP}6.2.6.7.1", {"present": (4, _HP_PRESENT), "state": (9, _HP_STATES)}),
            form=_part("fan")),
    Listing("memory_modules", Table(f"{_HP}6.2.14.13.1", {
        "size_bytes": (6, _KILO), "vendor": 9, "part": 10, "serial": (12, serial), "slot": 13,
        "speed_mts": (14, positive),
    }), need=("slot", "size_bytes")),
    Listing("disks", Table(f"{_HP}3.2.5.1.1", {
        "model": 3, "version": 4, "state": (6, word({2: "ok", 3: "failed", 4: "predicted_failure"}, "unknown")),
        "size_bytes": (45, _MEGA), "serial": (51, serial), "slot": 64,
    }), form=_slotted),
    Listing("raid", Table(f"{_HP}3.2.3.1.1", {
        "level": (3, word({2: "raid0", 3: "raid1", 4: "raid4", 5: "raid5", 7: "raid6", 8: "raid50", 9: "raid60"})),
        "state": (4, word({2: "optimal", 3: "failed", 5: "degraded", 7: "rebuilding", 6: "degraded"}, "unknown")),
        "size_bytes": (9, _MEGA),
    })),
    Listing("components", Table(f"{_HP}3.2.2.1.1", {
        "firmware_version": 3, "state": (6, _HP_STATES), "serial": (15, serial), "name": 20,
    }), form=_part("module")),
    Listing("sensors", Table(f"{_HP}6.2.6.8.1", {"value": (4, times(1, -60)), "state": (6, _HP_STATES)}),
            form=_sensor("temperature", "celsius")),
))  # fmt: skip


def _huawei(root: str) -> Maker:
    """Return the tables of iBMC, which xFusion serves under its own number."""
    at = f"{root}235.1.1."
    ok, present = (
        word({1: "ok", 2: "warning", 3: "warning", 4: "critical"}, "unknown"),
        word({1: "absent", 2: "present"}),
    )
    return Maker((root,), (
        Record("device", {
            "host_serial": (f"{at}1.7.0", serial), "host_name": f"{at}1.9.0", "host_uuid": (f"{at}1.10.0", uuid),
        }),
        Listing("firmware", Table(f"{at}11.50.1", {"version": 4}),
                form=lambda _, index, row: {**row, "component": _text(index[1:])}),
        Listing("components", Table(f"{at}6.50.1", {
            "vendor": 2, "model": 4, "state": (7, ok), "present": (9, present), "name": 13,
        }), form=_part("power_supply")),
        Listing("components", Table(f"{at}15.50.1", {"vendor": 2, "model": 4, "state": (6, ok), "name": 10}),
                need=("model",), form=_part("cpu")),
        Listing("components", Table(f"{at}8.50.1", {"present": (3, present), "state": (4, ok), "name": 7}),
                form=_part("fan")),
        Listing("memory_modules", Table(f"{at}16.50.1", {
            "vendor": 3, "size_bytes": (4, _size), "speed_mts": (5, positive), "slot": 10, "type": 11,
            "serial": (12, serial),
        }), need=("slot", "size_bytes")),
        Listing("disks", Table(f"{at}18.50.1", {
            "present": (2, present), "state": (3, ok), "name": 6, "serial": (7, serial), "model": 8, "version": 9,
            "vendor": 11,
        }), form=_slotted),
        Listing("sensors", Table(f"{at}26.50.1", {"name": 2, "value": (3, times(0.1, -1000))}),
                form=_sensor("temperature", "celsius")),
        Listing("sensors", Table(f"{at}8.50.1", {"value": (2, times(1, 0)), "present": (3, present), "name": 7}),
                form=_sensor("fan", "rpm")),
    ))  # fmt: skip


def _text(octets: Index) -> str:
    return "".join(chr(each) for each in octets if 32 <= each < 127)


_XCLARITY: Final = Maker(("1.3.6.1.4.1.19046.",), (
    Record("device", {
        "host_serial": (f"{_LENOVO}5.2.1.3.0", serial), "host_uuid": (f"{_LENOVO}5.2.1.4.0", uuid),
    }),
))  # fmt: skip
_ESX: Final = Maker(("1.3.6.1.4.1.6876.",), (
    Listing("virtual_machines", Table("1.3.6.1.4.1.6876.2.1.1", {
        "name": 2, "memory_bytes": (5, _MEGA), "vcpus": (9, positive), "uuid": (10, uuid),
        "state": (6, lambda value: {"powered on": "running", "powered off": "shut_off", "suspended": "paused"}.get(
            (words(value) or "").lower())),
    }), need=("uuid",)),
))  # fmt: skip

CONTROLLERS: Final = (
    "1.3.6.1.4.1.674.10892.5.", "1.3.6.1.4.1.232.9.", "1.3.6.1.4.1.2011.2.235.", "1.3.6.1.4.1.58132.2.235.",
    "1.3.6.1.4.1.19046.11.", "1.3.6.1.4.1.10876.",
)  # fmt: skip
"""sysObjectIDs of controllers that answer for themselves: their own memory and file systems are not the server's."""

management_controller = reading((
    _IDRAC, _ILO, _huawei("1.3.6.1.4.1.2011.2."), _huawei("1.3.6.1.4.1.58132.2."), _XCLARITY, _ESX,
))  # fmt: skip
"""Find what a controller says of its server: `device`, `components`, `memory_modules`, `disks`, `raid`, `firmware` …"""
