"""The two clocks of an incident, worked out from how long it was in which state: nothing is ever added to by hand.

The clock of the response counts until somebody has been given the incident or has taken it. That of the resolution
counts while people should be at work on it; while it waits, only where the reason does not stop it. Another priority,
or another calendar, is simply another sum over the same intervals.

What is planned has a time of its own, by which the clock of its resolution goes: nothing moves that, waiting included.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from collector.desk.flow import OPEN, State
from collector.desk.table import CLOCKS, RESOLUTION, RESPONSE, Table
from collector.workcalendar import Counting

FULL = 100


@dataclass(frozen=True, slots=True)
class Interval:
    """An incident was in `state` (waiting: for `reason`) from `since` to `until` (ms); None: it still is."""

    state: str
    since: int
    until: int | None = None
    reason: str = ""
    line: int = 1
    assignee: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one clock shows.

    `used`: how much it has counted; `allowed`: how much it may; both in ms of its calendar. `warn_at`, `due_at`: when
    it passes, or passed, its thresholds; None: it does not, unless it goes on. `state`: running, stopped (waiting) or
    done.
    """

    clock: str
    used: int
    allowed: int
    warn_at: int | None
    due_at: int | None
    state: str

    @property
    def is_over(self) -> bool:
        return self.used >= self.allowed

    @property
    def left(self) -> int:
        return self.allowed - self.used


def read(
    intervals: Sequence[Interval], priority: str, table: Table, now: int, due_at: int | None = None
) -> tuple[Reading, ...]:
    """Return what the clocks of an incident show at `now`; none where nothing is promised. Oldest interval first.

    `due_at` (ms): until when it is planned to be done, whatever its priority promises; None: it goes by that.
    """
    if not intervals:
        return ()
    promised = () if table.allowed(priority, RESPONSE) is None else (RESPONSE,) if due_at else CLOCKS
    found = [_read(clock, intervals, priority, table, now) for clock in promised]
    return (*found, _planned(intervals, due_at, table, now)) if due_at else tuple(found)


def _planned(intervals: Sequence[Interval], due_at: int, table: Table, now: int) -> Reading:
    """Return what the clock of a resolution shows that is planned; it counts by the working calendar."""
    calendar, begun, last = table.calendar, intervals[0].since, intervals[-1]
    is_done = last.state not in OPEN
    allowed = calendar.working_ms(begun, due_at)
    warning = calendar.after(begun, -(-allowed * table.warn_percent // FULL))
    used = calendar.working_ms(begun, last.since if is_done else now)
    return Reading(RESOLUTION, used, allowed, warning, due_at, "done" if is_done else "running")


def _read(clock: str, intervals: Sequence[Interval], priority: str, table: Table, now: int) -> Reading:
    calendar, allowed = table.counting(priority), table.allowed(priority, clock) or 0
    counted, last = _counted(clock, intervals, table), intervals[-1]
    used = sum(calendar.working_ms(each.since, now if each.until is None else each.until) for each in counted)
    is_done = last.state not in OPEN or (clock == RESPONSE and last.state != State.NEW)
    warning = -(-allowed * table.warn_percent // FULL)
    return Reading(
        clock, used, allowed, passing(counted, warning, calendar), passing(counted, allowed, calendar),
        "done" if is_done else "running" if counted and counted[-1].until is None else "stopped",
    )  # fmt: skip


def _counted(clock: str, intervals: Iterable[Interval], table: Table) -> list[Interval]:
    if clock == RESPONSE:
        return [each for each in intervals if each.state == State.NEW]
    return [each for each in intervals if each.state in OPEN and not _is_stopped(each, table)]


def _is_stopped(each: Interval, table: Table) -> bool:
    pause = table.pauses.get(each.reason)
    return each.state == State.PENDING and pause is not None and pause.stops


def passing(counted: Iterable[Interval], amount: int, calendar: Counting) -> int | None:
    """Return when a clock that counts these intervals has counted `amount`; None: they end before."""
    for each in counted:
        at = calendar.after(each.since, amount)
        if each.until is None or at <= each.until:
            return at
        amount -= calendar.working_ms(each.since, each.until)
    return None
