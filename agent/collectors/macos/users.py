"""Local accounts, from the local directory node."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agent.collectors.base import Collector
from agent.collectors.macos import directory
from wire.sections import Body

ATTRIBUTES = ("UniqueID", "PrimaryGroupID", "NFSHomeDirectory", "UserShell", "AuthenticationAuthority")

_NO_SHELLS = ("/false", "/nologin", "/true", "/uucico")


def collect(_root: Path) -> Body:
    """Return the rows of `users`; raise `CommandFailed`, `Malformed`."""
    return parse(directory.ask("/Users", *ATTRIBUTES))


def parse(answer: bytes) -> Body:
    """Return the rows of dscl's answer; raise `Malformed`."""
    found = [_user(record) for record in directory.records(answer) if record.get("RecordName")]
    return list({row["name"]: row for row in found}.values())


def _user(record: dict[str, list[str]]) -> dict[str, Any]:
    shell = next(iter(record.get("UserShell", [])), None)
    authorities = record.get("AuthenticationAuthority", [])
    return {
        "name": record["RecordName"][0],
        "uid": directory.number(record.get("UniqueID", [])),
        "gid": directory.number(record.get("PrimaryGroupID", [])),
        "home": next(iter(record.get("NFSHomeDirectory", [])), None),
        "shell": shell,
        "locked": any("DisabledUser" in authority for authority in authorities),
        "can_log_in": bool(shell) and not str(shell).endswith(_NO_SHELLS),
    }


COLLECTOR = Collector("users", collect, timeout_s=30.0)
