"""The working calendar once more in the most stupid words: it knows days from another list and walks the minutes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from functools import cache

import chinese_calendar

MINUTE = 60_000
ZONE = dt.timezone(dt.timedelta(hours=8))


@cache
def _works(day: dt.date) -> bool:
    return bool(chinese_calendar.is_workday(day))


def make_up_days(years: Iterable[int]) -> list[dt.date]:
    """Return the days of weekends on which people work."""
    days = [dt.date(year, 1, 1) + dt.timedelta(at) for year in years for at in range(366)]
    return sorted({day for day in days if day.year in years and day.weekday() > 4 and _works(day)})


@cache
def _minutes_of(day: dt.date) -> tuple[bool, ...]:
    """Return for each minute of a day whether it is worked: from half past eight to half past five."""
    return tuple(_works(day) and (8, 30) <= (at // 60, at % 60) < (17, 30) for at in range(1440))


def _is_worked(minute: int) -> bool:
    """Return whether people work in the minute that begins `minute` minutes after 1970."""
    local = dt.datetime.fromtimestamp(minute * 60, ZONE)
    return _minutes_of(local.date())[local.hour * 60 + local.minute]


def walk(start: int, end: int) -> int:
    """Return the working time in [start, end) ms."""
    total = 0
    for minute in range(start // MINUTE, -(-end // MINUTE)):
        if _is_worked(minute):
            total += min(end, (minute + 1) * MINUTE) - max(start, minute * MINUTE)
    return total


def walk_after(start: int, working: int) -> int:
    """Return when `working` ms of working time have passed since `start`."""
    minute, at = start // MINUTE, start
    while working > 0:
        if _is_worked(minute):
            used = min(working, (minute + 1) * MINUTE - at)
            working -= used
            if working == 0:
                return at + used
        minute += 1
        at = minute * MINUTE
    return at
