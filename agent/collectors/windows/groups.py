"""Local groups and their members, through CIM and the WinNT provider, which also names members of lost domains."""

from __future__ import annotations

from pathlib import Path

from agent.collectors.base import Collector
from agent.collectors.windows import powershell
from agent.collectors.windows.powershell import Row, text
from agent.collectors.windows.users import rid
from wire.sections import Body

SCRIPT = """
Get-CimInstance Win32_Group -Filter 'LocalAccount=TRUE' | Select-Object Name,SID,
@{n='Members';e={[string[]]@(([ADSI]('WinNT://./'+$_.Name+',group')).Invoke('Members') |
ForEach-Object { $_.GetType().InvokeMember('AdsPath','GetProperty',$null,$_,$null) })}}
"""


def collect(_root: Path) -> Body:
    """Return the rows of `groups`; raise `CommandFailed`, `Malformed`."""
    return parse(powershell.ask(SCRIPT))


def parse(answer: str) -> Body:
    """Return the rows of an answer to `SCRIPT`; raise `Malformed`."""
    return [_group(row) for row in powershell.rows(answer)]


def _group(row: Row) -> Row:
    members = {member(text(each) or "") for each in powershell.listed(row.get("Members"))} - {""}
    return {"name": text(row.get("Name")) or "", "gid": rid(text(row.get("SID"))), "members": sorted(members)}


def member(path: str) -> str:
    """Return "authority\\name" of an ADSI path: WinNT://WORKGROUP/HOST/name or WinNT://DOMAIN/name; a SID alone."""
    parts = path.removeprefix("WinNT://").split("/")
    return "\\".join(parts[-2:])


COLLECTOR = Collector("groups", collect, timeout_s=70.0)
