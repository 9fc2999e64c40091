"""Arrays of Broadcom MegaRAID controllers and their kin (Dell PERC, Lenovo, HPE MR): storcli's and perccli's JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from agent import command
from agent.collectors.bounded import Malformed
from agent.collectors.linux.scsi_hosts import scsi_drivers

TOOLS = ("storcli64", "perccli64", "storcli", "perccli")
TIMEOUT_S = 40.0

DRIVER = "megaraid_sas"

_STATES = {"Optl": "optimal", "Dgrd": "degraded", "Pdgd": "degraded", "OfLn": "failed", "Rec": "rebuilding"}
_VOLUME = re.compile(r"/c(\d+)/v(\d+)")
_SECTOR_SIZES = {"512B": 512, "4 KB": 4096, "4KB": 4096}


def is_present(root: Path) -> bool:
    """Return whether such a controller is driven here and a tool for it is installed."""
    return DRIVER in scsi_drivers(root) and _tool() is not None


def rows() -> list[dict[str, Any]]:
    """Return one row a volume; raise `CommandFailed`, `Malformed`."""
    tool = _tool() or TOOLS[0]
    models = parse_models(command.run([tool, "show", "J", "nolog"], TIMEOUT_S))
    return parse_volumes(command.run([tool, "/cALL/vALL", "show", "all", "J", "nolog"], TIMEOUT_S), models)


def _tool() -> str | None:
    return next((name for name in TOOLS if command.find(name)), None)


def parse_models(answer: str) -> dict[int, str]:
    """Return controller number → model of `show J`; raise `Malformed`."""
    overviews = [row for data in _responses(answer).values() for row in _dicts(data.get("System Overview"))]
    return {row["Ctl"]: str(row.get("Model", ""))[:256] for row in overviews if isinstance(row.get("Ctl"), int)}


def parse_volumes(answer: str, models: dict[int, str]) -> list[dict[str, Any]]:
    """Return the rows of `/cALL/vALL show all J`; raise `Malformed`."""
    found = []
    for data in _responses(answer).values():
        for name, value in data.items():
            match, volumes = _VOLUME.fullmatch(name), _dicts(value)
            if match and volumes:
                found.append(
                    _row(int(match[1]), match[2], volumes[0], data) | {"controller": models.get(int(match[1]))}
                )
    return found


def _row(controller: int, number: str, volume: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    drives = _dicts(data.get(f"PDs for VD {number}"))
    properties = data.get(f"VD{number} Properties")
    blocks = properties.get("Number of Blocks") if isinstance(properties, dict) else None
    sector = _SECTOR_SIZES.get(str(drives[0].get("SeSz")) if drives else "")
    state = _STATES.get(str(volume.get("State")))
    if state == "degraded" and any(drive.get("State") == "Rbld" for drive in drives):
        state = "rebuilding"
    return {
        "name": f"c{controller}/v{number}",
        "level": str(volume.get("TYPE", "")).lower()[:64] or None,
        "state": state,
        "members": sorted(str(drive.get("EID:Slt"))[:64] for drive in drives),
        "size_bytes": blocks * sector if isinstance(blocks, int) and 0 <= blocks < 2**48 and sector else None,
    }


def _responses(answer: str) -> dict[int, dict[str, Any]]:
    try:
        controllers = json.loads(answer)["Controllers"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Malformed("storcli: not its JSON") from error
    data = (controller.get("Response Data") for controller in _dicts(controllers))
    return {at: told for at, told in enumerate(data) if isinstance(told, dict)}


def _dicts(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
