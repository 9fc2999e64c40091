"""Asks Windows through PowerShell 5: fixed scripts of ours in, bounded JSON out."""

from __future__ import annotations

import json
from typing import Any

from agent import command
from agent.collectors.bounded import Malformed
from wire.sections import MAX_ROWS

Row = dict[str, Any]

TIMEOUT_S = 60.0

# UTF-8 whatever the console's code page is; no progress records; the first error ends the script.
_FRAME = (
    "$ErrorActionPreference='Stop'; $ProgressPreference='SilentlyContinue'; "
    "[Console]::OutputEncoding=New-Object Text.UTF8Encoding $false; "
    "ConvertTo-Json -Compress -Depth 4 -InputObject @({script})"
)


def ask(script: str) -> str:
    """Run a script (single quotes only: it travels as one argument) and return its objects as JSON.

    Raise `CommandFailed`.
    """
    framed = _FRAME.replace("{script}", " ".join(script.split()))
    return command.run(["powershell", "-NoProfile", "-NonInteractive", "-Command", framed], timeout_s=TIMEOUT_S)


def rows(answer: str) -> list[Row]:
    """Return the objects of an answer; raise `Malformed`."""
    try:
        found = json.loads(answer.lstrip("\ufeff").strip() or "[]")
    except (ValueError, RecursionError) as error:
        raise Malformed("PowerShell: the answer is not JSON") from error
    found = listed(found)
    if len(found) > MAX_ROWS or not all(isinstance(row, dict) for row in found):
        raise Malformed("PowerShell: not a list of objects within bounds")
    return found


def record(answer: str) -> Row:
    """Return the one object of an answer; raise `Malformed`."""
    found = rows(answer)
    if len(found) != 1:
        raise Malformed(f"PowerShell: one object expected, {len(found)} found")
    return found[0]


def listed(value: object) -> list[Any]:
    """Return a value as a list: PowerShell 5 writes some arrays as {"value": […], "Count": n}, and null for none."""
    if isinstance(value, dict) and set(value) == {"value", "Count"}:
        value = value["value"]
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def text(value: object) -> str | None:
    """Return a value as text without blanks around it, None for none."""
    return str(value).strip()[:1024] or None if isinstance(value, str | int) else None


def whole(value: object) -> int | None:
    """Return a value as a whole number, None for what is none; 64-bit ones come as text at times."""
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 20:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
