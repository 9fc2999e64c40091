"""Services as init scripts: System V's /etc/init.d with its rc?.d links, and OpenRC's run levels."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from agent.collectors.bounded import Malformed, read_if_allowed

SCRIPTS = ("etc/init.d", "etc/rc.d/init.d")

MAX_SCRIPTS = 2_000
MAX_SCRIPT_BYTES = 256 * 1024

_STARTED = ("etc/rc[2-5].d/S[0-9][0-9]*", "etc/rc.d/rc[2-5].d/S[0-9][0-9]*", "etc/rcS.d/S[0-9][0-9]*")
_RUN_LEVELS = "etc/runlevels/*/*"
_NOT_SERVICES = frozenset({"README", "skeleton", "functions", "rc", "rcS", "functions.sh"})
# "# Short-Description: …" of an LSB header, or description="…" of an OpenRC script.
_DESCRIPTION = re.compile(r"^(?:#\s*Short-Description:|description=)[ \t]*[\"']?([^\"'\n]*)", re.MULTILINE)


def rows(root: Path) -> list[dict[str, Any]]:
    """Return one row an init script, without `state`: enabled where a run level for use starts it."""
    started = {path.name[3:] for pattern in _STARTED for path in root.glob(pattern)}
    started |= {path.name for path in root.glob(_RUN_LEVELS)}
    scripts = {path.name: path for folder in SCRIPTS for path in sorted((root / folder).glob("*"))[:MAX_SCRIPTS]}
    return [_row(path, path.name in started) for path in scripts.values() if _is_service(path)]


def _is_service(path: Path) -> bool:
    if path.name in _NOT_SERVICES or path.name.startswith(".") or "dpkg-" in path.name or ".rpm" in path.name:
        return False
    return path.is_file() and os.access(path, os.X_OK)


def _row(path: Path, starts: bool) -> dict[str, Any]:
    try:
        description = parse_description(read_if_allowed(path, MAX_SCRIPT_BYTES) or b"")
    except Malformed:  # a script with an archive behind it
        description = None
    return {"name": path.name, "enabled": "enabled" if starts else "disabled", "description": description}


def parse_description(script: bytes) -> str | None:
    """Return what an init script's header says it is for, or None."""
    match = _DESCRIPTION.search(script.decode("utf-8", "replace"))
    return match[1].strip()[:1024] or None if match else None
