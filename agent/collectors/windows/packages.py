"""Installed software, from the registry's uninstall keys of 64-bit and 32-bit programs."""

from __future__ import annotations

from pathlib import Path

from agent.collectors.base import Collector
from agent.collectors.windows import powershell
from agent.collectors.windows.powershell import Row, text
from wire.sections import Body

SCRIPT = r"""
$k='SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\*';
$n=(Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager\Environment').PROCESSOR_ARCHITECTURE;
foreach ($p in @(@(('HKLM:\'+$k),$n),@(('HKLM:\'+$k.Replace('SOFTWARE','SOFTWARE\WOW6432Node')),'x86'))) {
Get-ItemProperty $p[0] -ErrorAction SilentlyContinue | Where-Object { $_.DisplayName } |
Select-Object DisplayName,DisplayVersion,Publisher,WindowsInstaller,SystemComponent,ParentKeyName,
@{n='Arch';e={$p[1]}} }
"""


def collect(_root: Path) -> Body:
    """Return the rows of `packages`; raise `CommandFailed`, `Malformed`."""
    return parse(powershell.ask(SCRIPT))


def parse(answer: str) -> Body:
    """Return the rows of an answer to `SCRIPT`; raise `Malformed`.

    Parts and updates of another entry are left out. Of one name registered twice the greater version text stays,
    whatever order the registry lists them in.
    """
    found = [_package(row) for row in powershell.rows(answer) if not row.get("ParentKeyName")]
    found.sort(key=lambda row: row["version"] or "")
    return list({(row["name"], row["arch"]): row for row in found}.values())


def _package(row: Row) -> Row:
    return {
        "name": text(row.get("DisplayName")) or "",
        "arch": (text(row.get("Arch")) or "").lower() or None,
        "version": text(row.get("DisplayVersion")),
        "manager": "msi" if row.get("WindowsInstaller") == 1 else "app",
        "vendor": text(row.get("Publisher")),
    }


COLLECTOR = Collector("packages", collect, timeout_s=70.0, every_s=3600)
