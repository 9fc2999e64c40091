"""What was done to the packages of late: apt's history, and dnf's, or where that cannot be read its log of RPM."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from agent.collectors.base import Collector, Unsupported
from agent.collectors.bounded import Malformed
from agent.collectors.linux import apt_history, dnf_history, dnf_log
from agent.collectors.linux.rotated_logs import newest_first
from agent.collectors.linux.transactions import MAX_TRANSACTIONS, Row, latest
from wire.sections import Body

MAX_NAMES: Final = 20_000
"""Of packages, in all transactions: a section has an end."""


def collect(root: Path) -> Body:
    """Return the rows of `package_log`; raise `Unsupported` where nobody keeps such a log, `Malformed`."""
    zone = apt_history.zone_of(root)
    told = (_logged(root / apt_history.LOG, lambda text: apt_history.parse_apt(text, zone)), _dnf(root))
    found = [rows for rows in told if rows is not None]
    if not found:
        raise Unsupported("no log of apt or dnf")
    return _held([row for rows in found for row in rows])


def _dnf(root: Path) -> list[Row] | None:
    """Return what dnf's history tells; what its log does where there is none, or none that can be read."""
    try:
        failed, rows = None, dnf_history.history(root)
    except Malformed as error:
        failed, rows = error, None
    if not rows:
        rows = _logged(root / dnf_log.LOG, dnf_log.parse_dnf) or rows
    if failed and rows is None:
        raise failed
    return rows


def _logged(log: Path, parse: Callable[[bytes], list[Row]]) -> list[Row] | None:
    """Return the last transactions of a log, read on in those put away until there are enough; None without one."""
    rows: list[Row] | None = None
    for content in newest_first(log):
        rows = latest([*parse(content), *(rows or [])])
        if len(rows) >= MAX_TRANSACTIONS:
            break
    return rows


def _held(rows: list[Row]) -> list[Row]:
    """Return the newest transactions whose packages a section holds together, the oldest first."""
    kept: list[Row] = []
    left = MAX_NAMES
    for row in sorted(rows, key=lambda row: str(row["started"]), reverse=True):
        left -= len(row["packages"])
        if left < 0:
            break
        kept.append(row)
    return kept[::-1]


COLLECTOR = Collector(
    "package_log", collect, timeout_s=10.0, stamps=(apt_history.LOG, dnf_log.LOG, *dnf_history.STAMPS)
)
