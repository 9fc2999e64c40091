"""Services of the service control manager, through CIM."""

from __future__ import annotations

import re
from pathlib import Path

from agent.collectors.base import Collector
from agent.collectors.windows import powershell
from agent.collectors.windows.powershell import Row, text
from wire.sections import Body

SCRIPT = "Get-CimInstance Win32_Service | Select-Object Name,StartMode,State,DisplayName"

# Windows makes such copies of its per-user services at each logon, and drops them at log-off.
_OF_A_LOGON = re.compile(r".+_[0-9a-f]{4,8}")
_RUNNING = frozenset({"Running", "Start Pending", "Continue Pending", "Paused", "Pause Pending"})


def collect(_root: Path) -> Body:
    """Return the rows of `services`; raise `CommandFailed`, `Malformed`."""
    return parse(powershell.ask(SCRIPT))


def parse(answer: str) -> Body:
    """Return the rows of an answer to `SCRIPT`; raise `Malformed`."""
    rows = powershell.rows(answer)
    names = {text(row.get("Name")) or "" for row in rows}
    return [_service(row) for row in rows if not _is_of_a_logon(text(row.get("Name")) or "", names)]


def _is_of_a_logon(name: str, names: set[str]) -> bool:
    return _OF_A_LOGON.fullmatch(name) is not None and name.rpartition("_")[0] in names


def _service(row: Row) -> Row:
    return {
        "name": text(row.get("Name")) or "",
        "enabled": (text(row.get("StartMode")) or "").lower() or None,
        "state": "running" if text(row.get("State")) in _RUNNING else "stopped",
        "description": text(row.get("DisplayName")),
    }


COLLECTOR = Collector("services", collect, timeout_s=70.0, every_s=300)
