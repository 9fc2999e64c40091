"""Who was logged in on a host while something moved: no proof that they did it, and so no trace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from collector.wording import time_of

SECTION: Final = "logins"


@dataclass(frozen=True, slots=True)
class Session:
    """One session, from when until when (ms); `until` None: it goes on. `origin`: where from, as the host wrote it."""

    user: str
    line: str
    origin: str
    since: int
    until: int | None = None


def between(rows: Iterable[Mapping[str, Any]], lo: int, hi: int) -> list[Session]:
    """Return the sessions of `rows` that were on at some time from `lo` to `hi` (ms), the oldest first.

    One whose beginning is no time is none; one whose end is none goes on.
    """
    found = (_session(row, since) for row in rows if (since := time_of(row["at"])) is not None)
    on = [each for each in found if each.since <= hi and (each.until is None or each.until >= lo)]
    return sorted(on, key=lambda each: (each.since, each.line))


def _session(row: Mapping[str, Any], since: int) -> Session:
    return Session(str(row["user"]), str(row["line"]), str(row.get("origin", "")), since, time_of(row.get("ended")))
