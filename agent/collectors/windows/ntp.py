"""Time synchronisation: the Windows Time service's settings, and w32tm's word on the present source."""

from __future__ import annotations

from pathlib import Path

from agent.collectors.base import Collector
from agent.collectors.windows import powershell
from agent.collectors.windows.powershell import text
from wire.sections import Body

SCRIPT = r"""
$p=Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Services\W32Time\Parameters'; $s=Get-Service W32Time;
[pscustomobject]@{ NtpServer=$p.NtpServer; Type=$p.Type; Running=($s.Status -eq 'Running');
Source=[string](& ($env:SystemRoot+'\System32\w32tm.exe') /query /source) }
"""

_HYPERVISOR = "VM IC Time Synchronization Provider"


def collect(_root: Path) -> Body:
    """Return the record of `ntp`; raise `CommandFailed`, `Malformed`."""
    return parse(powershell.ask(SCRIPT))


def parse(answer: str) -> Body:
    """Return the record of an answer to `SCRIPT`; raise `Malformed`.

    A member of a domain (type NT5DS) takes its time from the domain: its list of servers is not in use.
    """
    row = powershell.record(answer)
    running = row.get("Running") is True
    listed = (text(row.get("NtpServer")) or "").split() if row.get("Type") in ("NTP", "AllSync") else []
    return {
        "service": "w32time" if running else None,
        "servers": sorted({entry.partition(",")[0] for entry in listed} - {""}),
        "synchronised": is_source(text(row.get("Source")) or "") if running else None,
    }


def is_source(name: str) -> bool:
    """Return whether w32tm's source is another clock: its own clocks and its errors are texts of several words."""
    return name == _HYPERVISOR or (bool(name) and " " not in name)


COLLECTOR = Collector("ntp", collect, timeout_s=70.0)
