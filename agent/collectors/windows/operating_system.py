"""The running Windows: product, build with its revision, names and boot time."""

from __future__ import annotations

from pathlib import Path

from agent.collectors.base import Collector
from agent.collectors.windows import powershell
from agent.collectors.windows.powershell import text
from wire.sections import Body

SCRIPT = r"""
$o=Get-CimInstance Win32_OperatingSystem; $s=Get-CimInstance Win32_ComputerSystem;
$v=Get-ItemProperty 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion';
$c=Get-ItemProperty 'HKLM:\SOFTWARE\Microsoft\Cryptography';
$k=Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager\Environment';
[pscustomobject]@{ Caption=$o.Caption; Version=$o.Version; UBR=$v.UBR; DisplayVersion=$v.DisplayVersion;
ReleaseId=$v.ReleaseId; Architecture=$k.PROCESSOR_ARCHITECTURE; Name=$s.DNSHostName;
Domain=$(if ($s.PartOfDomain) { $s.Domain }); MachineGuid=$c.MachineGuid;
Booted=$o.LastBootUpTime.ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ') }
"""


def collect(_root: Path) -> Body:
    """Return the record of `os`; raise `CommandFailed`, `Malformed`."""
    return parse(powershell.ask(SCRIPT))


def parse(answer: str) -> Body:
    """Return the record of an answer to `SCRIPT`; raise `Malformed`.

    The time zone is left out: Windows names it by names of its own, which are not IANA's.
    """
    row = powershell.record(answer)
    version = ".".join(part for part in (text(row.get("Version")), text(row.get("UBR"))) if part)
    return {
        "family": "windows",
        "id": "windows",
        "name": text(row.get("Caption")),
        "version": version or None,
        "codename": text(row.get("DisplayVersion")) or text(row.get("ReleaseId")),
        "kernel": text(row.get("Version")),
        "architecture": text(row.get("Architecture")),
        "hostname": text(row.get("Name")),
        "domain": text(row.get("Domain")),
        "machine_id": text(row.get("MachineGuid")),
        "booted_at": text(row.get("Booted")),
    }


COLLECTOR = Collector("os", collect, timeout_s=70.0)
