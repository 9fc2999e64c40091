"""Arrays of HPE Smart Array controllers: ssacli's and hpssacli's text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from agent import command
from agent.collectors.bounded import Malformed
from agent.collectors.linux.scsi_hosts import scsi_drivers

TOOLS = ("ssacli", "hpssacli")
TIMEOUT_S = 40.0
MAX_LINES = 20_000

DRIVERS = frozenset({"hpsa", "smartpqi"})

_CONTROLLER = re.compile(r"(\S.*?) in Slot (\S+)")
_ARRAY = re.compile(r"\s+array (\S+) \(", re.IGNORECASE)
_VOLUME = re.compile(r"\s+logicaldrive (\d+) \([^,]+, RAID ([^,]+), (.+)\)")
_DRIVE = re.compile(r"\s+physicaldrive (\S+) \(([^()]*)\)")
_UNASSIGNED = re.compile(r"\s+unassigned", re.IGNORECASE)


def is_present(root: Path) -> bool:
    """Return whether such a controller is driven here and a tool for it is installed."""
    return not DRIVERS.isdisjoint(scsi_drivers(root)) and _tool() is not None


def rows() -> list[dict[str, Any]]:
    """Return one row a logical drive; raise `CommandFailed`, `Malformed`."""
    return parse_config(command.run([_tool() or TOOLS[0], "ctrl", "all", "show", "config"], TIMEOUT_S))


def _tool() -> str | None:
    return next((name for name in TOOLS if command.find(name)), None)


def parse_config(text: str) -> list[dict[str, Any]]:
    """Return the rows of `ctrl all show config`; raise `Malformed`.

    All logical drives of an array lie on all its drives, spares included. Sizes are left out: the tool
    rounds them, and the disks section has them to the byte.
    """
    lines = text.splitlines()
    if len(lines) > MAX_LINES:
        raise Malformed(f"ssacli: more than {MAX_LINES} lines")
    found: list[dict[str, Any]] = []
    controller, slot = "", ""
    volumes: list[dict[str, Any]] = []
    for line in lines:
        if match := _CONTROLLER.match(line):
            controller, slot, volumes = match[1][:128], match[2][:16], []
        elif _ARRAY.match(line) or _UNASSIGNED.match(line):
            volumes = []
        elif match := _VOLUME.match(line):
            volumes.append(_row(controller, slot, match))
            found.append(volumes[-1])
        elif match := _DRIVE.match(line):
            for volume in volumes:
                volume["members"].append(match[1][:64])
    return found


def _row(controller: str, slot: str, match: re.Match[str]) -> dict[str, Any]:
    return {
        "name": f"slot{slot}/{match[1]}",
        "controller": controller,
        "level": raid_level(match[2]),
        "state": state_of(match[3]),
        "members": [],
    }


def raid_level(told: str) -> str:
    """Return "raid10" for "1+0", "raid6" for "6 (ADG)" and the like."""
    return "raid" + told.split()[0].replace("1+0", "10")[:16].lower()


def state_of(status: str) -> str | None:
    """Return the state of a logical drive's status ("Recovering, 26% complete"), or None for an unknown one."""
    word = status.partition(",")[0].strip().lower()
    if word in ("ok", "expanding", "transforming", "queued for expansion", "parity initialization in progress"):
        return "optimal"
    if "recovering" in word or "rebuild" in word:
        return "rebuilding"
    if "interim recovery" in word or "degraded" in word:
        return "degraded"
    return "failed" if "failed" in word else None
