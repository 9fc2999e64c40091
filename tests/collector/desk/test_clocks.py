"""The clocks of an incident against a sum that walks minute by minute, over random lives."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector import workcalendar
from collector.desk import clocks, table
from collector.desk.clocks import Interval, Reading
from collector.desk.table import RESOLUTION, RESPONSE
from tests.collector.desk.walking import walk, walk_after

RULES = Path(__file__).parents[3] / "rules"
TABLE = table.load(RULES / "desk.yaml", workcalendar.load(RULES / "calendars"))
HOUR = 3_600_000
ZONE = dt.timezone(dt.timedelta(hours=8))
STOPS = {"user": True, "vendor": True, "parts": True, "change": True, "colleague": False, "": False}
LEGS = st.lists(
    st.tuples(
        st.sampled_from(["new", "assigned", "in_progress", "pending", "resolved"]), st.sampled_from(sorted(STOPS)),
        st.integers(0, 3 * 24 * HOUR),
    ),
    min_size=1, max_size=6,
)  # fmt: skip


def at(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp() * 1000)


START, END = at("2018-01-02 00:00"), at("2026-11-01 00:00")


def life(start: int, legs: Sequence[tuple[str, str, int]]) -> tuple[Interval, ...]:
    """Return intervals that follow one another; the last is open."""
    found, since = [], start
    for place, (state, reason, length) in enumerate(legs):
        is_last = place == len(legs) - 1
        found.append(Interval(state, since, None if is_last else since + length, reason if state == "pending" else ""))
        since += length
    return tuple(found)


def counts(clock: str, each: Interval) -> bool:
    if clock == RESPONSE:
        return each.state == "new"
    return each.state in ("new", "assigned", "in_progress") or (each.state == "pending" and not STOPS[each.reason])


def used(clock: str, intervals: Sequence[Interval], priority: str, now: int) -> int:
    total = 0
    for each in intervals:
        end = now if each.until is None else each.until
        if counts(clock, each) and end > each.since:
            total += end - each.since if priority == "P1" else walk(each.since, end)
    return total


def passed(clock: str, intervals: Sequence[Interval], priority: str, amount: int) -> int | None:
    for each in intervals:
        if not counts(clock, each):
            continue
        span = None if each.until is None else used(clock, [each], priority, each.until)
        if span is None or amount <= span:
            return each.since + amount if priority == "P1" else walk_after(each.since, amount)
        amount -= span
    return None


@settings(max_examples=120, deadline=None)
@given(st.integers(START, END), LEGS, st.sampled_from(["P1", "P2", "P3", "P4"]), st.integers(0, 2 * 24 * HOUR))
def test_no_clock_is_wrong_by_a_millisecond(
    start: int, legs: list[tuple[str, str, int]], priority: str, later: int
) -> None:
    intervals = life(start, legs)
    now = intervals[-1].since + later
    for reading in clocks.read(intervals, priority, TABLE, now):
        assert reading.used == used(reading.clock, intervals, priority, now)
        assert reading.due_at == passed(reading.clock, intervals, priority, reading.allowed)
        assert reading.warn_at == passed(reading.clock, intervals, priority, reading.allowed * 3 // 4)
        assert (reading.due_at is not None and reading.due_at <= now) == reading.is_over


def one(clock: str, intervals: tuple[Interval, ...], now: int, priority: str = "P3") -> Reading:
    return next(each for each in clocks.read(intervals, priority, TABLE, now) if each.clock == clock)


def test_a_clock_that_stands_still_is_due_never_and_goes_on_where_it_stood() -> None:
    start = at("2026-03-02 09:00")
    held = (Interval("in_progress", start, start + HOUR), Interval("pending", start + HOUR, None, "vendor"))
    reading = one(RESOLUTION, held, start + 5 * HOUR)
    assert (reading.used, reading.due_at, reading.state) == (HOUR, None, "stopped")
    again = (*held[:1], Interval("pending", start + HOUR, start + 5 * HOUR, "vendor"),
             Interval("in_progress", start + 5 * HOUR))  # fmt: skip
    assert one(RESOLUTION, again, start + 5 * HOUR).due_at == at("2026-03-04 13:00")


def test_the_response_is_over_once_somebody_has_it_and_counts_again_when_nobody_does() -> None:
    start = at("2026-03-02 09:00")
    taken = (Interval("new", start, start + HOUR), Interval("in_progress", start + HOUR))
    assert (one(RESPONSE, taken, start + 3 * HOUR).state, one(RESPONSE, taken, start + 3 * HOUR).used) == ("done", HOUR)
    back = (*taken[:1], Interval("resolved", start + HOUR, start + 2 * HOUR), Interval("new", start + 2 * HOUR))
    assert one(RESPONSE, back, start + 3 * HOUR).used == 2 * HOUR


@pytest.mark.parametrize("intervals", [(), (Interval("new", 0),)])
def test_where_nothing_is_promised_no_clock_runs(intervals: tuple[Interval, ...]) -> None:
    assert clocks.read(intervals, "P3", table.BUILT_IN, 1) == ()
    assert clocks.read((), "P3", TABLE, 1) == ()
