"""Local accounts, through CIM."""

from __future__ import annotations

from pathlib import Path

from agent.collectors.base import Collector
from agent.collectors.windows import powershell
from agent.collectors.windows.powershell import Row, text
from wire.sections import Body

SCRIPT = """
$h=@{}; Get-CimInstance Win32_UserProfile | ForEach-Object { $h[$_.SID]=$_.LocalPath };
Get-CimInstance Win32_UserAccount -Filter 'LocalAccount=TRUE' |
Select-Object Name,SID,Disabled,@{n='Home';e={$h[$_.SID]}}
"""


def collect(_root: Path) -> Body:
    """Return the rows of `users`; raise `CommandFailed`, `Malformed`."""
    return parse(powershell.ask(SCRIPT))


def parse(answer: str) -> Body:
    """Return the rows of an answer to `SCRIPT`; raise `Malformed`."""
    return [_user(row) for row in powershell.rows(answer)]


def _user(row: Row) -> Row:
    disabled = row.get("Disabled") is True
    return {
        "name": text(row.get("Name")) or "",
        "uid": rid(text(row.get("SID"))),
        "home": text(row.get("Home")),
        "locked": disabled,
        "can_log_in": not disabled,
    }


def rid(sid: str | None) -> int | None:
    """Return a SID's last number, the account's own part of it."""
    last = (sid or "").rpartition("-")[2]
    return int(last) if last.isdecimal() and len(last) <= 10 else None


COLLECTOR = Collector("users", collect, timeout_s=70.0)
