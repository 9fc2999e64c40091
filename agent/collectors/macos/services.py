"""Services of launchd's system domain."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from agent import command
from agent.collectors.base import Collector
from agent.collectors.bounded import Malformed
from wire.sections import MAX_ROWS, Body

# launchd makes such jobs for an application or a moment: their names hold a pid, a user or a UUID.
_PASSING = re.compile(r"^application\.|^0x|\.\d+(?:\.\d+)*$|[0-9A-F]{8}-[0-9A-F]{4}-")
_OVERRIDE = re.compile(r'\s*"([^"]+)" => (enabled|disabled|true|false)')


def collect(_root: Path) -> Body:
    """Return the rows of `services`; raise `CommandFailed`, `Malformed`."""
    overrides = command.run(["launchctl", "print-disabled", "system"])
    return merge(parse_jobs(command.run(["launchctl", "list"])), parse_overrides(overrides))


def parse_jobs(listing: str) -> dict[str, str]:
    """Return label → running, stopped or failed of `launchctl list`; raise `Malformed`."""
    lines = listing.splitlines()
    if not lines or lines[0].split() != ["PID", "Status", "Label"] or len(lines) > MAX_ROWS:
        raise Malformed("launchctl list: not its table")
    words = [line.split(None, 2) for line in lines[1:]]
    return {line[2]: _state(line[0], line[1]) for line in words if len(line) == 3 and not _PASSING.search(line[2])}


def _state(pid: str, status: str) -> str:
    if pid != "-":
        return "running"
    # A negative status: ended by a signal, as launchd ends idle jobs.
    return "stopped" if status == "0" or status.startswith("-") else "failed"


def parse_overrides(answer: str) -> dict[str, bool]:
    """Return label → whether it may run, of `launchctl print-disabled`; older releases print what is *disabled*."""
    found = (match.groups() for match in map(_OVERRIDE.match, answer.splitlines()) if match)
    return {label: word in ("enabled", "false") for label, word in found}


def merge(jobs: dict[str, str], overrides: dict[str, bool]) -> list[dict[str, Any]]:
    """Return the rows: loaded jobs, and those an administrator disabled."""
    states = {label: "stopped" for label, may_run in overrides.items() if not may_run} | jobs
    return [
        {"name": label, "enabled": "enabled" if overrides.get(label, True) else "disabled", "state": state}
        for label, state in states.items()
    ]


COLLECTOR = Collector("services", collect, timeout_s=30.0, every_s=300)
