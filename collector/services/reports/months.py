"""Months of the working calendar's zone as periods."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from collector.services.refused import Refused
from collector.store.browse.report_moves import Period
from collector.workcalendar import FIRST, LAST, Calendar

MONTH: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
YEAR: Final = 12


def period(month: str, calendar: Calendar) -> Period:
    """Return the time of a month written as 2026-11; raise `Refused`."""
    found = MONTH.fullmatch(month)
    if found is None or not FIRST.year <= int(found[1]) <= LAST.year:
        raise Refused(f"a month of the years {FIRST.year} to {LAST.year} is expected, as 2026-11", "month")
    return _of(dt.date(int(found[1]), int(found[2]), 1), calendar)


def last_whole(now: int, calendar: Calendar) -> Period:
    """Return the month before the one it is at `now` (ms)."""
    return _of(_shifted(calendar.day_of(now), -1), calendar)


def name(at: int, calendar: Calendar) -> str:
    """Return the month of a moment (ms) as 2026-11."""
    return f"{calendar.day_of(at):%Y-%m}"


def zone(calendar: Calendar) -> str:
    """Return the zone in which its months begin: UTC+08:00."""
    return str(dt.timezone(dt.timedelta(milliseconds=calendar.hours.zone)))


def up_to(end: int, calendar: Calendar, count: int = YEAR) -> list[str]:
    """Return the names of the `count` months up to the one that holds the last moment before `end` (ms)."""
    last = calendar.day_of(end - 1)
    return [f"{_shifted(last, -back):%Y-%m}" for back in reversed(range(count))]


def _of(first: dt.date, calendar: Calendar) -> Period:
    return Period(calendar.start_of(first), calendar.start_of(_shifted(first, 1)))


def _shifted(day: dt.date, months: int) -> dt.date:
    """Return the first day of the month so many months later."""
    year, month = divmod(day.year * YEAR + day.month - 1 + months, YEAR)
    return dt.date(year, month + 1, 1)
