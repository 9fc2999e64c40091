"""When people work: hours of the day, and which days of which years are working days against the rule of the week.

Clocks of incidents and plans of maintenance count by it. A year is data (`rules/calendars/cn.yaml`); one that nobody
has written down yet counts as plain weeks, and `lacks` says so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from collector.yamlfile import Entry, read

DAY_MS: Final = 86_400_000
MINUTE_MS: Final = 60_000
FIRST, LAST = dt.date(2000, 1, 1), dt.date(2099, 12, 31)
"""What the sums below reach over; a time outside counts as its nearest end."""
WEEKEND: Final = frozenset({5, 6})
ALARM_MONTH: Final = 12
"""From this month on the next year's days are missed: the notice of the State Council comes in November."""
_EPOCH: Final = dt.date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Year:
    """What a year differs in from its weeks: weekdays that are off, and days of a weekend people make up for them."""

    off: frozenset[dt.date] = frozenset()
    on: frozenset[dt.date] = frozenset()


@dataclass(frozen=True, slots=True)
class Hours:
    """From when to when people work, in ms after midnight, in a zone without summer time (ms east of UTC)."""

    opens: int = 510 * MINUTE_MS
    closes: int = 1050 * MINUTE_MS
    zone: int = 480 * MINUTE_MS

    @property
    def span(self) -> int:
        return self.closes - self.opens


@dataclass(frozen=True, slots=True)
class Calendar:
    """Counts working time; all times are ms since 1970 UTC, half-open intervals."""

    hours: Hours = Hours()
    years: Mapping[int, Year] = field(default_factory=dict)
    _before: list[int] = field(init=False, repr=False, compare=False)
    _working: list[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Sum up once: how many working days lie before each day, and which day each of them is."""
        before, working = [0], []
        for ordinal in range(FIRST.toordinal(), LAST.toordinal() + 1):
            if self.is_working_day(dt.date.fromordinal(ordinal)):
                working.append(ordinal - FIRST.toordinal())
            before.append(len(working))
        object.__setattr__(self, "_before", before)
        object.__setattr__(self, "_working", working)

    def is_working_day(self, day: dt.date) -> bool:
        year = self.years.get(day.year, _PLAIN)
        return day in year.on or (day.weekday() not in WEEKEND and day not in year.off)

    def lacks(self, day: dt.date) -> bool:
        """Return whether nobody has written down the year of `day`: its holidays are not known."""
        return day.year not in self.years

    def missing_year(self, now: int) -> int | None:
        """Return the year whose days should be written down by `now` and are not, None if there is none."""
        today = self.day_of(now)
        wanted = (today.year, today.year + 1) if today.month >= ALARM_MONTH else (today.year,)
        return next((year for year in wanted if year not in self.years), None)

    def day_of(self, at: int) -> dt.date:
        """Return the day it is at `at` where people work."""
        return dt.date.fromordinal(_EPOCH + (at + self.hours.zone) // DAY_MS)

    def start_of(self, day: dt.date) -> int:
        """Return when `day` begins where people work."""
        return (day.toordinal() - _EPOCH) * DAY_MS - self.hours.zone

    def working_ms(self, start: int, end: int) -> int:
        """Return how much working time lies in [start, end); 0 when it ends before it starts."""
        return max(0, self._until(end) - self._until(start))

    def after(self, start: int, working: int) -> int:
        """Return the first time at which `working` ms of working time have passed since `start`."""
        if working <= 0:
            return start
        target = self._until(start) + working
        full, rest = divmod(target - 1, self.hours.span)
        day = self._working[min(full, len(self._working) - 1)]
        return _place_of(0) + day * DAY_MS - self.hours.zone + self.hours.opens + rest + 1

    def _until(self, at: int) -> int:
        """Return how much working time has passed from the first day to `at`."""
        day, inside = divmod(at + self.hours.zone - _place_of(0), DAY_MS)
        if not 0 <= day < len(self._before) - 1:
            return 0 if day < 0 else self._before[-1] * self.hours.span
        if self._before[day] == self._before[day + 1]:
            return self._before[day] * self.hours.span
        return self._before[day] * self.hours.span + min(max(inside - self.hours.opens, 0), self.hours.span)


_PLAIN: Final = Year()


@dataclass(frozen=True, slots=True)
class AroundTheClock:
    """Every moment counts: for what cannot wait until somebody is at work."""

    def working_ms(self, start: int, end: int) -> int:
        return max(0, end - start)

    def after(self, start: int, working: int) -> int:
        return start + max(0, working)


Counting = Calendar | AroundTheClock


def _place_of(day: int) -> int:
    return (FIRST.toordinal() - _EPOCH + day) * DAY_MS


def load(folder: Path, name: str = "cn") -> Calendar:
    """Return the calendar of that name in `folder`; raise `BadFile`."""
    entry = read(folder / f"{name}.yaml")
    entry.only(frozenset({"zone", "opens", "closes", "years"}))
    hours = Hours(_minutes(entry, "opens"), _minutes(entry, "closes"), _zone(entry))
    if hours.span <= 0:
        raise entry.bad("it closes after it opens", "closes")
    listed = entry.entry("years")
    return Calendar(hours, {_number(listed, key): _year(listed, key) for key in listed})


def _minutes(entry: Entry, key: str) -> int:
    """Return `HH:MM` as ms."""
    try:
        at = dt.time.fromisoformat(entry.text(key))
    except ValueError:
        raise entry.bad(f"{key}: HH:MM expected", key) from None
    return (at.hour * 60 + at.minute) * MINUTE_MS


def _zone(entry: Entry) -> int:
    try:
        offset = dt.datetime.strptime(entry.text("zone"), "%z").utcoffset() or dt.timedelta()
    except ValueError:
        raise entry.bad("zone: +HH:MM expected", "zone") from None
    return offset // dt.timedelta(milliseconds=1)


def _number(entry: Entry, key: str) -> int:
    if not (key.isascii() and key.isdecimal() and FIRST.year <= int(key) <= LAST.year):
        raise entry.bad(f"a year between {FIRST.year} and {LAST.year} expected", key)
    return int(key)


def _year(listed: Entry, key: str) -> Year:
    entry = listed.entry(key)
    entry.only(frozenset(), frozenset({"off", "on"}))
    year = Year(frozenset(_days(entry, "off", int(key))), frozenset(_days(entry, "on", int(key))))
    if any(day.weekday() in WEEKEND for day in year.off) or any(day.weekday() not in WEEKEND for day in year.on):
        raise entry.bad("off lists weekdays, on lists days of a weekend")
    return year


def _days(entry: Entry, key: str, year: int) -> Iterable[dt.date]:
    """Return days given as MM-DD, or MM-DD..MM-DD: the weekdays (of `on`: all days) of that span."""
    for each in entry.items_of(key):
        first, _, last = str(each).partition("..")
        try:
            start, end = (dt.date.fromisoformat(f"{year}-{day}") for day in (first, last or first))
        except ValueError:
            raise entry.bad(f"{key}: MM-DD or MM-DD..MM-DD expected, not {each!r}", key) from None
        span = (dt.date.fromordinal(at) for at in range(start.toordinal(), end.toordinal() + 1))
        yield from (day for day in span if key == "on" or day.weekday() not in WEEKEND)
