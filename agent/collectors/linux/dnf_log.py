"""What dnf wrote of RPM packages in dnf.rpm.log: which moved when; who asked stands in its history only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from agent.collectors.linux.transactions import MAX_TRANSACTIONS, Row, latest, transaction, utc

LOG: Final = "var/log/dnf.rpm.log"
_MOVED: Final = re.compile(
    r"(\S{20,30}) [A-Z]+ (?:Installed|Upgrade[d]?|Downgrade[d]?|Reinstalled|Erase[d]?|Removed): (\S+)"
)


def parse_dnf(text: bytes) -> list[Row]:
    """Return the last transactions of dnf: what it says of packages between two of its starts."""
    sessions = text.decode("utf-8", "replace").split("logging initialized")[-MAX_TRANSACTIONS:]
    return latest(row for each in sessions if (row := _row(list(_moves(each)))))


def _row(moves: list[tuple[str, str]]) -> Row | None:
    if not moves:
        return None
    times = sorted(at for at, _ in moves)
    return transaction("dnf", times[0], {name for _, name in moves}, ended=times[-1])


def _moves(session: str) -> Iterator[tuple[str, str]]:
    """Yield (when, name) of the packages that moved; names are what stands before version and release."""
    for line in session.split("\n"):
        if (found := _MOVED.match(line)) and (at := _moment(found[1])) and found[2].count("-") > 1:
            yield at, found[2].rsplit("-", 2)[0]


def _moment(text: str) -> str | None:
    try:
        return utc(datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z"))
    except (ValueError, OverflowError):
        return None
