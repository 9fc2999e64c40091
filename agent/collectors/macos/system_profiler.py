"""Asks system_profiler, and reads the JSON it answers with."""

from __future__ import annotations

import json
from typing import Any

from agent import command
from agent.collectors.bounded import Malformed

Item = dict[str, Any]

_DEPTH = 8


def ask(*kinds: str) -> str:
    """Return system_profiler's answer for data types such as SPHardwareDataType; raise `CommandFailed`."""
    return command.run(["system_profiler", "-json", *kinds], timeout_s=60.0)


def items(answer: str, kind: str) -> list[Item]:
    """Return the items of one data type, those inside controllers and banks after them; raise `Malformed`."""
    try:
        found = json.loads(answer)
    except (ValueError, RecursionError) as error:
        raise Malformed("system_profiler: the answer is not JSON") from error
    top = found.get(kind, []) if isinstance(found, dict) else None
    if not isinstance(top, list):
        raise Malformed(f"system_profiler: no list of {kind}")
    return _flat(top, _DEPTH)


def _flat(level: object, depth: int) -> list[Item]:
    found = [item for item in level if isinstance(item, dict)] if isinstance(level, list) and depth else []
    return found + [inner for item in found for inner in _flat(item.get("_items"), depth - 1)]


def size(text: object) -> int | None:
    """Return the bytes of a size as printed ("16 GB", binary multiples), or None."""
    words = text.split() if isinstance(text, str) else []
    units = {"MB": 2**20, "GB": 2**30, "TB": 2**40}
    if len(words) != 2 or not words[0].isdecimal() or len(words[0]) > 9 or words[1] not in units:
        return None
    return int(words[0]) * units[words[1]]
