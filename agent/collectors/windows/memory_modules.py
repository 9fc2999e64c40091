"""Memory modules, SMBIOS type 17 through CIM."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from agent.collectors.base import Collector
from agent.collectors.firmware import MEMORY_TYPES
from agent.collectors.windows import powershell
from agent.collectors.windows.powershell import Row, text, whole
from wire.sections import Body

SCRIPT = """
Get-CimInstance Win32_PhysicalMemory | Select-Object DeviceLocator,BankLabel,Capacity,SMBIOSMemoryType,
ConfiguredClockSpeed,Manufacturer,PartNumber,SerialNumber
"""


def collect(_root: Path) -> Body:
    """Return the rows of `memory_modules`; raise `CommandFailed`, `Malformed`."""
    return parse(powershell.ask(SCRIPT))


def parse(answer: str) -> Body:
    """Return the rows of an answer to `SCRIPT`; raise `Malformed`."""
    rows = powershell.rows(answer)
    locators = Counter(text(row.get("DeviceLocator")) for row in rows)
    return [_module(row, locators[text(row.get("DeviceLocator"))] > 1) for row in rows]


def _module(row: Row, ambiguous: bool) -> Row:
    locator, bank = text(row.get("DeviceLocator")), text(row.get("BankLabel"))
    return {
        # Some boards number the slots anew in each bank.
        "slot": f"{bank}/{locator}" if ambiguous and bank else locator or bank or "",
        "size_bytes": whole(row.get("Capacity")),
        "type": MEMORY_TYPES.get(whole(row.get("SMBIOSMemoryType")) or 0),
        "speed_mts": whole(row.get("ConfiguredClockSpeed")) or None,
        "vendor": text(row.get("Manufacturer")),
        "part": text(row.get("PartNumber")),
        "serial": text(row.get("SerialNumber")),
    }


COLLECTOR = Collector("memory_modules", collect, timeout_s=70.0)
