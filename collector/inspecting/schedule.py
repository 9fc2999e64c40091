"""When a plan is due: RFC 5545 RRULE by the clock of a zone; days nobody works on are run, skipped or moved.

A time that the clock skips in spring comes right after the gap, one that comes twice in autumn comes the first time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.rrule import rrule, rrulestr

from collector.inspecting.plan import BadPlan, Schedule

FREQUENCIES: Final = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_DAY_PARTS: Final = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTH", "BYHOUR", "BYMINUTE", "WKST"})
_PARTS: Final = {
    "DAILY": _DAY_PARTS, "WEEKLY": _DAY_PARTS,
    "MONTHLY": _DAY_PARTS | {"BYMONTHDAY", "BYSETPOS"}, "YEARLY": _DAY_PARTS | {"BYMONTHDAY", "BYSETPOS"},
}  # fmt: skip
"""What a rule may say. What can be asked of days in vain, such as 30 February, is asked of months only: the search for
a day that never comes is then short."""
_FORM: Final = re.compile(r"[A-Z]+=[A-Z0-9,+-]+(;[A-Z]+=[A-Z0-9,+-]+)*", re.ASCII)
MAX_INTERVAL: Final = 99
MAX_TIMES: Final = 24
"""Times a day."""
MAX_MOVED: Final = 15
"""Days a time is moved at most; the longest holidays have ten."""
_MOVED: Final = timedelta(days=MAX_MOVED + 1)
MAX_LOOKED: Final = 5_000
"""Times that are looked at for one answer."""


class Days(Protocol):
    """A calendar that knows holidays and make-up working days."""

    def is_working_day(self, day: date, /) -> bool: ...


def check(schedule: Schedule) -> None:
    """Raise `BadPlan` for a schedule that cannot be read."""
    _zone(schedule)
    _rule(schedule)


def next_after(schedule: Schedule, days: Days, after: int) -> int:
    """Return when it is next due after `after` (both ms), 0 when it never is again; raise `BadPlan`."""
    found = next(_times(schedule, days, after), None)
    return found or 0


def latest(schedule: Schedule, days: Days, first: int, now: int) -> tuple[int, int]:
    """Return the latest of the times from `first` on that have come by `now` (ms), and how many came before it."""
    at, missed = first, 0
    for each in _times(schedule, days, first):
        if each > now or missed >= MAX_LOOKED:
            break
        at, missed = each, missed + 1
    return at, missed


def upcoming(schedule: Schedule, days: Days, after: int, count: int) -> tuple[int, ...]:
    """Return the next `count` times (ms), for people to see what they have planned."""
    found = []
    for each in _times(schedule, days, after):
        found.append(each)
        if len(found) == count:
            break
    return tuple(found)


def day_of(schedule: Schedule, at: int) -> date:
    """Return which day it is at `at` (ms) by the clock of a schedule; raise `BadPlan`."""
    return _wall(at, _zone(schedule)).date()


def _times(schedule: Schedule, days: Days, after: int) -> Iterator[int]:
    """Yield the times after `after`, in order, each once: two days may be moved to one, and past one another."""
    zone, waiting = _zone(schedule), set[datetime]()
    begin = _wall(after, zone)
    for number, at in enumerate(_rule(schedule).xafter(begin - _MOVED, inc=True)):
        for each in sorted(each for each in waiting if each < at - _MOVED):
            waiting.discard(each)
            if _ms(each, zone) > after:
                yield _ms(each, zone)
        moved = _moved(at, schedule.on_non_workday, days)
        if moved is not None:
            waiting.add(moved)
        if number > MAX_LOOKED + MAX_TIMES * 2 * MAX_MOVED:
            break
    yield from (due for each in sorted(waiting) if (due := _ms(each, zone)) > after)


def _moved(at: datetime, how: str, days: Days) -> datetime | None:
    """Return when what is due at `at` is done: then, on the next or the last working day at that hour, or never."""
    if how == "run" or days.is_working_day(at.date()):
        return at
    if how == "skip":
        return None
    step = timedelta(days=1 if how == "next" else -1)
    others = (at + step * number for number in range(1, MAX_MOVED + 1))
    return next((each for each in others if days.is_working_day(each.date())), at)


def _rule(schedule: Schedule) -> rrule:
    text = schedule.rrule.strip().removeprefix("RRULE:")
    parts = dict(part.partition("=")[::2] for part in text.split(";")) if _FORM.fullmatch(text) else {}
    freq = parts.get("FREQ", "")
    if freq not in FREQUENCIES or not parts.keys() <= _PARTS[freq] or len(parts) != text.count("=") or _is_wide(parts):
        raise BadPlan("a rule is expected as in FREQ=WEEKLY;BYDAY=MO;BYHOUR=8;BYMINUTE=30", "schedule.rrule")
    try:
        start = datetime.combine(date.fromisoformat(schedule.starts), datetime.min.time())
        read = rrulestr(text if "BYMINUTE" in parts else f"{text};BYMINUTE=0", dtstart=start)
    except (ValueError, OverflowError, TypeError):
        raise BadPlan("this rule cannot be read", "schedule.rrule") from None
    if not isinstance(read, rrule):
        raise BadPlan("one rule is expected", "schedule.rrule")
    return read


def _is_wide(parts: dict[str, str]) -> bool:
    """Return whether a rule says more than anybody would: it comes too often a day, or its numbers are too long."""
    hours, minutes = parts.get("BYHOUR", "0").count(",") + 1, parts.get("BYMINUTE", "0").count(",") + 1
    interval = parts.get("INTERVAL", "1")
    is_number = interval.isdecimal() and 1 <= int(interval) <= MAX_INTERVAL
    ordinals = parts["FREQ"] in ("DAILY", "WEEKLY") and any(each.isdecimal() for each in parts.get("BYDAY", ""))
    return hours * minutes > MAX_TIMES or not is_number or ordinals or parts.get("UNTIL", "").endswith("Z")


def _zone(schedule: Schedule) -> ZoneInfo:
    try:
        return ZoneInfo(schedule.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadPlan("no such time zone", "schedule.zone") from None


def _wall(at: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(at / 1000, zone).replace(tzinfo=None)


def _ms(wall: datetime, zone: tzinfo) -> int:
    return int(wall.replace(tzinfo=zone).astimezone(UTC).timestamp() * 1000)
