"""Maintenance windows and silences: when, once or again and again, and on which CIs nobody is to be called.

A recurrence is an RRULE (RFC 5545 §3.3.10) in an IANA time zone: 02:00 there is 02:00 on both sides of a change of the
clocks. Every one has an end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulebase, rrulestr

from collector.compiled import BadRule, compile_selector
from collector.language import Fault
from collector.waiver import meets

DAY_MS: Final = 86_400_000
LONGEST_MS: Final = 31 * DAY_MS
"""Of one time it is held."""
LAST_MS: Final = 10 * 366 * DAY_MS
"""Until when one comes again, at the latest, counted from its first start."""
MAX_RULE: Final = 200
MAINTENANCE, SILENCE = "maintenance", "silence"
_PARTS: Final = frozenset({
    "FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "BYWEEKNO", "BYYEARDAY", "WKST",
})  # fmt: skip
_FREQUENCIES: Final = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})


class BadWindow(ValueError):
    """It cannot be held like this; `field` names what is wrong."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(why)
        self.field = field


@dataclass(frozen=True, slots=True)
class Recurrence:
    """How a window comes again, until `until` (ms)."""

    rule: str
    zone: str
    until: int


@dataclass(frozen=True, slots=True)
class MaintenanceWindow:
    """One window. `start`, `end` (ms): of the first time. `ended_at` 0: nobody ended it before that.

    It is about CIs that are named, of these classes, or meet `match` (a condition over the CI); where several are
    given a CI must meet each; `children`: also about what stands on those. `rules`: ids or prefixes, none: every rule;
    `instance` "": every one.
    """

    uid: str
    name: str
    start: int
    end: int
    kind: str = MAINTENANCE
    reason: str = ""
    recurrence: Recurrence | None = None
    ci_ids: frozenset[int] = frozenset()
    ci_classes: frozenset[str] = frozenset()
    match: str = ""
    children: bool = True
    rules: tuple[str, ...] = ()
    instance: str = ""
    created_by: str = ""
    created_at: int = 0
    ended_at: int = 0

    @property
    def last_end(self) -> int:
        """When it is over for good, at the latest (ms)."""
        last = self.end if self.recurrence is None else self.recurrence.until + (self.end - self.start)
        return min(last, self.ended_at) if self.ended_at else last

    def ends_at(self, at: int) -> int:
        """Return when the time it is held at `at` ends (ms), 0 while it is not held."""
        if self.ended_at and at >= self.ended_at:
            return 0
        start = self._start_by(at)
        end = start + (self.end - self.start)
        return end if start and start <= at < end else 0

    def starts_after(self, at: int) -> int:
        """Return when it is held next after `at` (ms), 0 when never again."""
        if self.ended_at:
            return 0
        if self.recurrence is None:
            return self.start if self.start > at else 0
        found = _occurrences(self.recurrence, self.start).after(_local(at, self.recurrence.zone))
        again = _moment(found, self.recurrence.zone) if found else 0
        return min(self.start, again or self.start) if self.start > at else again

    def _start_by(self, at: int) -> int:
        """Return when it began last; the first time counts, whatever the rule says of its day (RFC 5545 §3.8.5.3)."""
        first = self.start if self.start <= at else 0
        if self.recurrence is None:
            return first
        found = _occurrences(self.recurrence, self.start).before(_local(at, self.recurrence.zone), inc=True)
        return max(first, _moment(found, self.recurrence.zone) if found else 0)

    def names(self, rule: str, instance: str) -> bool:
        """Return whether it is about this rule and instance, whatever the CI."""
        return self.instance in ("", instance) and (not self.rules or any(meets(each, rule) for each in self.rules))

    def chooses(self, ci: Mapping[str, Any]) -> bool:
        """Return whether it is about this CI itself; what cannot be judged is not chosen."""
        if self.ci_ids and ci["id"] not in self.ci_ids:
            return False
        if self.ci_classes and ci["class"] not in self.ci_classes:
            return False
        try:
            return not self.match or compile_selector(self.match).judge({"ci": ci}) is True
        except Fault:
            return False


def checked(window: MaintenanceWindow) -> MaintenanceWindow:
    """Return `window` when it can be held; raise `BadWindow`."""
    if not 0 < window.start < window.end:
        raise BadWindow("window", "a window begins before it ends")
    if window.end - window.start > LONGEST_MS:
        raise BadWindow("window", "a window lasts 31 days at most")
    if not (window.ci_ids or window.ci_classes or window.match):
        raise BadWindow("selector", "CIs, classes or a condition are expected: no window is about everything")
    if window.match:
        try:
            compile_selector(window.match)
        except BadRule as error:
            raise BadWindow("match", str(error)) from error
    if window.recurrence:
        _check(window.recurrence, window.start)
    return window


def _check(recurrence: Recurrence, start: int) -> None:
    if not start < recurrence.until <= start + LAST_MS:
        raise BadWindow("until", "an end within ten years is expected of what comes again")
    try:
        ZoneInfo(recurrence.zone)
    except (ValueError, OSError, KeyError) as error:  # ZoneInfoNotFoundError is a KeyError, a folder an OSError
        raise BadWindow("zone", "an IANA time zone is expected, as in Asia/Shanghai") from error
    if len(recurrence.rule) > MAX_RULE:
        raise BadWindow("rrule", f"at most {MAX_RULE} characters are expected")
    parts = dict(each.partition("=")[::2] for each in recurrence.rule.upper().split(";"))
    if not parts.keys() <= _PARTS or parts.get("FREQ") not in _FREQUENCIES:
        raise BadWindow("rrule", "a rule of days is expected, as in FREQ=WEEKLY;BYDAY=SU")
    try:
        found = _occurrences(recurrence, start).after(_local(start, recurrence.zone), inc=True)
    except (ValueError, TypeError, OverflowError) as error:
        raise BadWindow("rrule", f"no recurrence rule: {error}") from error
    if found is None:
        raise BadWindow("rrule", "it never comes")


@lru_cache(maxsize=256)
def _occurrences(recurrence: Recurrence, start: int) -> rrulebase:
    """Return the starts, by the wall clock of the zone; what is found is kept: they are asked again and again."""
    first = _local(start, recurrence.zone)
    rule = rrulestr(recurrence.rule.upper(), dtstart=first)
    assert isinstance(rule, rrule)  # one line makes no set of rules
    last = min(_local(recurrence.until, recurrence.zone), first + timedelta(days=3660))
    return rrulestr(str(rule.replace(until=last)), cache=True)


def _local(at: int, zone: str) -> datetime:
    """Return the wall clock of `zone` at `at` (ms), to the second."""
    return datetime.fromtimestamp(at // 1000, ZoneInfo(zone)).replace(tzinfo=None)


def _moment(local: datetime, zone: str) -> int:
    return int(local.replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1000
