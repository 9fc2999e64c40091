"""Physical disks, through the Storage module."""

from __future__ import annotations

import re
from pathlib import Path

from agent.collectors.base import Collector
from agent.collectors.windows import powershell
from agent.collectors.windows.powershell import Row, text, whole
from wire.sections import Body

SCRIPT = """
Get-PhysicalDisk | Select-Object DeviceId,FriendlyName,Manufacturer,Model,SerialNumber,UniqueId,
@{n='BusType';e={[string]$_.BusType}},@{n='MediaType';e={[string]$_.MediaType}},
@{n='HealthStatus';e={[string]$_.HealthStatus}},Size
"""

_WWN = re.compile(r"(?:eui\.|naa\.|0x)?([0-9A-F]{16}|[0-9A-F]{32})", re.IGNORECASE)
_HEALTH = {"Healthy": "passed", "Unhealthy": "failed"}
_ROTATIONAL = {"HDD": True, "SSD": False, "SCM": False}
_TRANSPORTS = {"File Backed Virtual": "virtual", "Spaces": None, "Unknown": None}


def collect(_root: Path) -> Body:
    """Return the rows of `disks`; raise `CommandFailed`, `Malformed`."""
    return parse(powershell.ask(SCRIPT))


def parse(answer: str) -> Body:
    """Return the rows of an answer to `SCRIPT`; raise `Malformed`."""
    rows = [_disk(row) for row in powershell.rows(answer)]
    return list({row["name"]: row for row in rows}.values())


def _disk(row: Row) -> Row:
    number, serial = text(row.get("DeviceId")), (text(row.get("SerialNumber")) or "").rstrip(".") or None
    match = _WWN.fullmatch(text(row.get("UniqueId")) or "")
    wwn = match[1].lower() if match else None
    device = f"PhysicalDrive{number}" if number else None
    bus = text(row.get("BusType")) or "Unknown"
    return {
        "name": wwn or serial or device or "",
        "device": device,
        "vendor": text(row.get("Manufacturer")),
        "model": text(row.get("Model")) or text(row.get("FriendlyName")),
        "serial": serial,
        "wwn": wwn,
        "size_bytes": whole(row.get("Size")),
        "rotational": _ROTATIONAL.get(text(row.get("MediaType")) or ""),
        "transport": _TRANSPORTS.get(bus, bus.lower()),
        "health": _HEALTH.get(text(row.get("HealthStatus")) or ""),
    }


COLLECTOR = Collector("disks", collect, timeout_s=70.0)
