"""Local groups: /etc/group."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agent.collectors.base import Collector
from agent.collectors.bounded import Malformed, read
from wire.sections import MAX_ROWS, MAX_TEXTS, Body

GROUP = "etc/group"


def collect(root: Path) -> Body:
    """Return the rows of `groups`; raise `Unsupported`, `Denied` without /etc/group."""
    return parse_group(read(root / GROUP))


def parse_group(text: bytes) -> list[dict[str, Any]]:
    """Return the rows of a group file, NIS's "+" and "-" lines left out; raise `Malformed`."""
    lines = text.decode("utf-8", "replace").split("\n")
    if len(lines) > MAX_ROWS:
        raise Malformed(f"group: more than {MAX_ROWS} lines")
    rows = [_row(line) for line in lines if line.strip() and not line.startswith(("+", "-", "#"))]
    return list({row["name"]: row for row in rows}.values())


def _row(line: str) -> dict[str, Any]:
    fields = line.split(":")
    if len(fields) != 4 or not fields[0] or not fields[2].isdecimal() or len(fields[2]) > 10:
        raise Malformed(f"group: not a group's line: {fields[0][:32]!r}")
    members = {member.strip() for member in fields[3].split(",")} - {""}
    return {"name": fields[0], "gid": int(fields[2]), "members": sorted(members)[:MAX_TEXTS]}


COLLECTOR = Collector("groups", collect, timeout_s=5.0, stamps=(GROUP,))
