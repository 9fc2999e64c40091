"""One transaction of a package manager, a row of `package_log`: its limits, and what is left out of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

MAX_TRANSACTIONS: Final = 100
"""The last ones: what is told is when something moved of late, not the history of the machine."""
MAX_PACKAGES: Final = 2_000
"""Of one transaction."""
MAX_TEXT: Final = 200
_MAX_NAME: Final = 128
_MAX_COMMAND: Final = 2 * MAX_TEXT
_SECRETS: Final = (
    (re.compile(r"://[^/\s@]*@"), "://…@"),
    (re.compile(r"(?i)((?:pass\w*|pwd|secret|token|auth\w*|\w*key)['\"]?[=:\s]\s*)\S+"), r"\1…"),
)
"""What a command line is told without: who logs in to a mirror or a proxy, and with what."""

Row = dict[str, Any]


def transaction(tool: str, started: str, packages: Iterable[str], **told: str | None) -> Row:
    """Return the row of a transaction that began at `started` (RFC 3339); what is told as nothing is left out."""
    names = sorted({name[:_MAX_NAME] for name in packages})[:MAX_PACKAGES]
    known = {name: value for name, value in told.items() if value}
    return {"tool": tool, "started": started, **known, "packages": names}


def latest(rows: Iterable[Row]) -> list[Row]:
    """Return the last transactions of one tool's, the oldest first; those that began in one second are one."""
    by_start: dict[str, Row] = {}
    for row in rows:
        before = by_start.get(row["started"])
        by_start[row["started"]] = _joined(before, row) if before else row
    return [by_start[started] for started in sorted(by_start)][-MAX_TRANSACTIONS:]


def _joined(first: Row, second: Row) -> Row:
    """Return two transactions as one: all that moved, until the later end; who asked where that was the same."""
    same = {name: first[name] for name in ("actor", "command") if name in first and first[name] == second.get(name)}
    ended = max(first["ended"], second["ended"]) if "ended" in first and "ended" in second else None
    return transaction(first["tool"], first["started"], [*first["packages"], *second["packages"]], ended=ended, **same)


def utc(at: datetime) -> str:
    """Return a moment as the catalogue has it; raise `OverflowError` beyond the years there are."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def plain(command: str) -> str:
    """Return a command line without what may be secret in it; of a long one the last word, cut in two, is not told."""
    if len(command) > _MAX_COMMAND:
        command = command[:_MAX_COMMAND].rpartition(" ")[0]
    for pattern, instead in _SECRETS:
        command = pattern.sub(instead, command)
    return command.strip()[:MAX_TEXT]
