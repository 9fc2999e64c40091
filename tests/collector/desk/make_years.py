"""Writes the years of `rules/calendars/cn.yaml` from the package `holidays`, which follows the State Council's notices.

    .venv/bin/python -m tests.collector.desk.make_years 2018 2026

prints them, to be put into the file once the notice for a new year is out and the package knows it.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterable, Iterator

import holidays

AMENDED = {2019: ((4, 28, True), (5, 2, False), (5, 3, False), (5, 5, True))}
"""Days (month, day, whether people work) of the notice of 2019-03-22, which made Labour Day longer after the year had
begun: the package has the first notice of that year only."""


def year(number: int) -> tuple[list[dt.date], list[dt.date]]:
    """Return the weekdays that are off, and the days of a weekend on which people work."""
    china = holidays.country_holidays("CN", years=number)
    amended = {dt.date(number, month, day): works for month, day, works in AMENDED.get(number, ())}
    days = [dt.date(number, 1, 1) + dt.timedelta(at) for at in range(366)]
    its = [day for day in days if day.year == number]
    works = {day: amended.get(day, china.is_working_day(day)) for day in its}
    off = [day for day in its if day.weekday() < 5 and not works[day]]
    on = [day for day in its if day.weekday() > 4 and works[day]]
    return off, on


def lines(numbers: Iterable[int]) -> Iterator[str]:
    for number in numbers:
        off, on = year(number)
        yield f'  "{number}":'
        yield f"    off: [{', '.join(_spans(off))}]"
        yield f"    on: [{', '.join(f'{day:%m-%d}' for day in on)}]"


def _spans(days: list[dt.date]) -> Iterator[str]:
    """Yield neighbouring weekdays as one span; a weekend between two of them does not part them."""
    start = end = days[0]
    for day in [*days[1:], dt.date.max]:
        between = (end + dt.timedelta(at) for at in range(1, (day - end).days))
        if day != dt.date.max and all(each.weekday() > 4 for each in between):
            end = day
            continue
        yield f"{start:%m-%d}" if start == end else f"{start:%m-%d}..{end:%m-%d}"
        start = end = day


if __name__ == "__main__":
    print("\n".join(lines(range(int(sys.argv[1]), int(sys.argv[2]) + 1))))
