"""Whole physical disks: diskutil's property lists, serial numbers from system_profiler."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from agent import command
from agent.collectors.base import Collector
from agent.collectors.macos import property_lists, system_profiler
from agent.collectors.macos.property_lists import text
from wire.sections import Body

KINDS = ("SPNVMeDataType", "SPSerialATADataType")
MAX_DISKS = 64

_TRANSPORTS = {"PCI-Express": "nvme", "Apple Fabric": "nvme", "SATA": "sata", "USB": "usb", "SAS": "sas",
               "Secure Digital": "mmc", "Thunderbolt": "nvme", "Virtual Interface": "virtual"}  # fmt: skip
_HEALTH = {"Verified": "passed", "Failing": "failed"}


def collect(_root: Path) -> Body:
    """Return the rows of `disks`; raise `CommandFailed`, `Malformed`."""
    names = parse_list(command.run(["diskutil", "list", "-plist", "physical"], timeout_s=30.0).encode())
    infos = [command.run(["diskutil", "info", "-plist", name], timeout_s=30.0).encode() for name in names]
    return parse(infos, serials(system_profiler.ask(*KINDS)))


def parse_list(data: bytes) -> list[str]:
    """Return the kernel names of `diskutil list -plist physical`; raise `Malformed`."""
    found = property_lists.parse(data).get("WholeDisks")
    names = found if isinstance(found, list) else []
    return [name for name in names if isinstance(name, str) and name.isalnum()][:MAX_DISKS]


def serials(answer: str) -> dict[str, str]:
    """Return kernel name → serial number of system_profiler's answer for `KINDS`; raise `Malformed`."""
    items = [item for kind in KINDS for item in system_profiler.items(answer, kind)]
    told = ((text(item.get("bsd_name")), text(item.get("device_serial"))) for item in items)
    return {name: serial for name, serial in told if name and serial}


def parse(infos: Iterable[bytes], serial_of: Mapping[str, str]) -> Body:
    """Return the rows of `diskutil info -plist` answers; raise `Malformed`."""
    rows = [_disk(property_lists.parse(info), serial_of) for info in infos]
    return list({row["name"]: row for row in rows}.values())


def _disk(info: dict[str, Any], serial_of: Mapping[str, str]) -> dict[str, Any]:
    device = text(info.get("DeviceIdentifier")) or ""
    serial = serial_of.get(device)
    size, solid = info.get("TotalSize", info.get("Size")), info.get("SolidState")
    bus = text(info.get("BusProtocol")) or ""
    return {
        "name": serial or device,
        "device": device,
        "model": text(info.get("MediaName")) or text(info.get("IORegistryEntryName")),
        "serial": serial,
        "size_bytes": size if isinstance(size, int) else None,
        "rotational": not solid if isinstance(solid, bool) else None,
        "transport": _TRANSPORTS.get(bus, bus.lower()) or None,
        "health": _HEALTH.get(text(info.get("SMARTStatus")) or ""),
    }


COLLECTOR = Collector("disks", collect, timeout_s=120.0)
