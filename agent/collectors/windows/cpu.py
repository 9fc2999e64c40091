"""Processors, through CIM: one object a socket."""

from __future__ import annotations

from pathlib import Path

from agent.collectors.base import Collector
from agent.collectors.bounded import Malformed
from agent.collectors.windows import powershell
from agent.collectors.windows.powershell import text, whole
from wire.sections import Body

SCRIPT = """
Get-CimInstance Win32_Processor |
Select-Object Name,Manufacturer,NumberOfCores,NumberOfLogicalProcessors,MaxClockSpeed
"""


def collect(_root: Path) -> Body:
    """Return the record of `cpu`; raise `CommandFailed`, `Malformed`."""
    return parse(powershell.ask(SCRIPT))


def parse(answer: str) -> Body:
    """Return the record of an answer to `SCRIPT`; raise `Malformed`."""
    rows = powershell.rows(answer)
    if not rows:
        raise Malformed("PowerShell: no processor")
    return {
        "model": text(rows[0].get("Name")),
        "vendor": text(rows[0].get("Manufacturer")),
        "sockets": len(rows),
        "cores": sum(whole(row.get("NumberOfCores")) or 0 for row in rows) or None,
        "threads": sum(whole(row.get("NumberOfLogicalProcessors")) or 0 for row in rows) or None,
        "max_mhz": whole(rows[0].get("MaxClockSpeed")),
    }


COLLECTOR = Collector("cpu", collect, timeout_s=70.0)
