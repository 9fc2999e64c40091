"""Local groups, from the local directory node."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agent.collectors.base import Collector
from agent.collectors.macos import directory
from wire.sections import Body

ATTRIBUTES = ("PrimaryGroupID", "GroupMembership")


def collect(_root: Path) -> Body:
    """Return the rows of `groups`; raise `CommandFailed`, `Malformed`."""
    return parse(directory.ask("/Groups", *ATTRIBUTES))


def parse(answer: bytes) -> Body:
    """Return the rows of dscl's answer; raise `Malformed`."""
    found = [_group(record) for record in directory.records(answer) if record.get("RecordName")]
    return list({row["name"]: row for row in found}.values())


def _group(record: dict[str, list[str]]) -> dict[str, Any]:
    return {
        "name": record["RecordName"][0],
        "gid": directory.number(record.get("PrimaryGroupID", [])),
        "members": sorted(set(record.get("GroupMembership", []))),
    }


COLLECTOR = Collector("groups", collect, timeout_s=30.0)
