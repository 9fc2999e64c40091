"""When a plan is next due: a cron line by the clock on the collector's wall, daylight saving included."""

from __future__ import annotations

import os
from datetime import UTC, datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from collector.services.refused import Refused

MAX_LINE: Final = 100
_FORM: Final = "a schedule has five fields, minute hour day month weekday, as in 30 2 * * 1-5"


@cache
def local_zone() -> tzinfo:
    """Return the machine's time zone with all its rules: $TZ, else /etc/localtime, else UTC."""
    try:
        if name := os.environ.get("TZ", "").removeprefix(":"):
            return ZoneInfo(name)
        with Path("/etc/localtime").open("rb") as file:
            return ZoneInfo.from_file(file, key="local")
    except (OSError, ValueError, ZoneInfoNotFoundError):
        return UTC


def next_at(line: str, after: int, zone: tzinfo | None = None) -> int:
    """Return when `line` is next due after `after` (both epoch ms), 0 for an empty line; raise `Refused`.

    As cron does it: what is due in an hour that is skipped comes right after it, and once in one that comes twice.
    """
    if not line.strip():
        return 0
    if len(line) > MAX_LINE or len(line.split()) != 5:
        raise Refused(_FORM, "schedule")
    try:
        upcoming = CronSim(line, datetime.fromtimestamp(after / 1000, zone or local_zone()))
        found = next((at for at in map(_ms, upcoming) if at > after), None)
    except (CronSimError, ValueError, OverflowError):
        raise Refused(_FORM, "schedule") from None
    if found is None:
        raise Refused("this schedule is never due", "schedule")
    return found


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
