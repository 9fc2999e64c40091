"""Times and durations: read from texts, taken apart, told as texts. Both are kept to the microsecond.

A time is in the years 1 to 9999; a duration is read up to 10,000 years and calculated with up to 292, as CEL's
64 bits of nanoseconds have it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from collector.language.kinds import kind
from collector.language.tree import Fault, Unknown

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
PIECE = r"(\d{1,12}(?:\.\d{0,9})?|\.\d{1,9})(ns|us|ms|h|m|s)"
DURATION = re.compile(rf"[-+]?(?:{PIECE})+|[-+]?0", re.ASCII)
SPAN = re.compile(PIECE, re.ASCII)
OFFSET = re.compile(r"([+-]?)(\d\d):([0-5]\d)", re.ASCII)
UNITS_US = {"h": 3_600_000_000, "m": 60_000_000, "s": 1_000_000, "ms": 1_000, "us": 1, "ns": 0.001}
MAX_TEXT = 40
"""Characters of a time or a duration."""
LONGEST = timedelta(seconds=315_576_000_000)
LONGEST_SUM = timedelta(microseconds=2**63 // 1_000)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def timestamp(value: Any) -> datetime | Unknown:
    """Return the time of an RFC 3339 text or of seconds since 1970; a text that tells none is unknown: it is data."""
    if isinstance(value, str):
        return _read(value) if len(value) <= MAX_TEXT else Unknown("unreadable", value[:40])
    if isinstance(value, datetime):
        return value
    if type(value) is not int:
        raise Fault(f"timestamp: text expected, {kind(value)} found")
    try:
        return EPOCH + timedelta(seconds=value)
    except OverflowError as error:
        raise Fault("time out of range") from error


@lru_cache(maxsize=4096)
def _read(text: str) -> datetime | Unknown:
    shape = text.upper()
    if not TIME.fullmatch(shape):
        return Unknown("unreadable", text[:40])
    try:
        return datetime.fromisoformat(shape).astimezone(UTC)
    except (ValueError, OverflowError):
        return Unknown("unreadable", text[:40])


def duration(text: Any) -> timedelta | Unknown:
    """Return the span that text like `1h30m` tells."""
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str):
        raise Fault(f"duration: text expected, {kind(text)} found")
    return _span(text) if len(text) <= MAX_TEXT else Unknown("unreadable", text[:40])


@lru_cache(maxsize=1024)
def _span(text: str) -> timedelta | Unknown:
    if not DURATION.fullmatch(text):
        return Unknown("unreadable", text[:40])
    total = sum(float(number) * UNITS_US[unit] for number, unit in SPAN.findall(text))
    if total > LONGEST / timedelta(microseconds=1):
        return Unknown("unreadable", text[:40])
    return timedelta(microseconds=int(-total if text.startswith("-") else total))


def days_until(now: datetime, text: Any) -> float | Unknown:
    """Return the days from `now` to a time, negative when it is past."""
    until = timestamp(text)
    return until if isinstance(until, Unknown) else (until - now) / timedelta(days=1)


def within(apply: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    """Return the sum or difference of times and durations; raise `Fault` when it is out of range."""
    try:
        value = apply(left, right)
    except OverflowError as error:
        raise Fault("time out of range") from error
    if isinstance(value, timedelta) and abs(value) > LONGEST_SUM:
        raise Fault("duration out of range")
    return value


def text_of_time(moment: datetime) -> str:
    """Return RFC 3339 text with 0, 3 or 6 digits of a second."""
    form = "seconds" if not moment.microsecond else "microseconds" if moment.microsecond % 1000 else "milliseconds"
    return moment.isoformat(timespec=form).replace("+00:00", "Z")


def text_of_span(span: timedelta) -> str:
    """Return seconds with 0, 3 or 6 digits, as in `-1.500s`."""
    us = abs(span) // timedelta(microseconds=1)
    seconds, rest = divmod(us, 1_000_000)
    digits = "" if not rest else f".{rest:06d}" if rest % 1000 else f".{rest // 1000:03d}"
    return f"{'-' if span < timedelta() else ''}{seconds}{digits}s"


def part(name: str) -> Callable[..., int | Unknown]:
    """Return the function that takes a part out of a time, in UTC or a zone, or of the whole of a duration."""

    def take(value: Any, zone: Any = None) -> int | Unknown:
        if isinstance(value, timedelta) and zone is None and name in _OF_SPANS:
            us = value // timedelta(microseconds=1)
            return _OF_SPANS[name](abs(us)) * (-1 if us < 0 else 1)
        if not isinstance(value, datetime):
            raise Fault(f"{name}: {kind(value)} has none")
        try:
            return _OF_TIMES[name](value if zone is None else value.astimezone(_zone(zone)))
        except OverflowError as error:
            raise Fault("time out of range") from error

    return take


@lru_cache(maxsize=64)
def _zone(name: Any) -> tzinfo:
    if not isinstance(name, str):
        raise Fault(f"a time zone expected, {kind(name)} found")
    if offset := OFFSET.fullmatch(name):
        minutes = int(offset[2]) * 60 + int(offset[3])
        if minutes < 24 * 60:
            return timezone(timedelta(minutes=-minutes if offset[1] == "-" else minutes))
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Fault("no such time zone") from error


_OF_TIMES: Mapping[str, Callable[[datetime], int]] = {
    "getFullYear": lambda at: at.year, "getMonth": lambda at: at.month - 1, "getDate": lambda at: at.day,
    "getDayOfMonth": lambda at: at.day - 1, "getDayOfWeek": lambda at: at.isoweekday() % 7,
    "getDayOfYear": lambda at: at.timetuple().tm_yday - 1, "getHours": lambda at: at.hour,
    "getMinutes": lambda at: at.minute, "getSeconds": lambda at: at.second,
    "getMilliseconds": lambda at: at.microsecond // 1000,
}  # fmt: skip
_OF_SPANS: Mapping[str, Callable[[int], int]] = {
    "getHours": lambda us: us // 3_600_000_000, "getMinutes": lambda us: us // 60_000_000,
    "getSeconds": lambda us: us // 1_000_000, "getMilliseconds": lambda us: us // 1_000 % 1_000,
}  # fmt: skip
