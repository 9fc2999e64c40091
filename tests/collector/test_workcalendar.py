"""The working calendar: held against another list of every day, and against one that walks minute by minute."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import chinese_calendar
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from collector import workcalendar
from collector.workcalendar import AroundTheClock, Calendar, Hours
from collector.yamlfile import BadFile
from tests.collector.desk import make_years
from tests.collector.desk.walking import make_up_days, walk, walk_after

FOLDER = Path(__file__).parents[2] / "rules" / "calendars"
CHINA = workcalendar.load(FOLDER)
YEARS = range(2018, 2027)
ZONE = dt.timezone(dt.timedelta(hours=8))
START, END = (int(dt.datetime(year, 1, 1, tzinfo=ZONE).timestamp() * 1000) for year in (2018, 2027))


def at(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp() * 1000)


def test_every_day_of_nine_years_is_what_the_notices_say() -> None:
    days = [dt.date(2018, 1, 1) + dt.timedelta(each) for each in range(3287)]
    assert days[-1] == dt.date(2026, 12, 31)
    assert [day for day in days if CHINA.is_working_day(day) != chinese_calendar.is_workday(day)] == []
    assert sum(CHINA.is_working_day(day) and day.weekday() > 4 for day in days) == len(make_up_days(YEARS)) > 50


def test_the_shipped_years_are_what_the_generator_writes() -> None:
    shipped = (FOLDER / "cn.yaml").read_text()
    assert shipped.endswith("years:\n" + "\n".join(make_years.lines(YEARS)) + "\n")


def test_the_case_that_a_plain_calendar_gets_wrong() -> None:
    """Friday before the spring festival of 2026: the Saturday after it is made up for."""
    assert CHINA.after(at("2026-02-13 17:00"), 4 * 3_600_000) == at("2026-02-14 12:00")


@pytest.mark.parametrize("day", make_up_days(YEARS))
def test_a_make_up_day_has_its_nine_hours(day: dt.date) -> None:
    start = CHINA.start_of(day)
    assert CHINA.working_ms(start, start + workcalendar.DAY_MS) == 9 * 3_600_000
    assert CHINA.after(start, 60_000) == start + 8 * 3_600_000 + 31 * 60_000
    assert CHINA.working_ms(start - 999, start + 12 * 3_600_000 + 1) == walk(start - 999, start + 12 * 3_600_000 + 1)


@settings(max_examples=1000)
@example(START, 0)
@example(END - 40 * 86_400_000, 40 * 86_400_000)
@given(st.integers(START, END - 40 * 86_400_000), st.integers(0, 40 * 86_400_000))
def test_it_counts_what_walking_minute_by_minute_counts(start: int, length: int) -> None:
    assert CHINA.working_ms(start, start + length) == walk(start, start + length)


@settings(max_examples=1000)
@given(st.integers(START, END - 60 * 86_400_000), st.integers(0, 45 * 3_600_000))
def test_what_is_due_is_due_where_walking_ends(start: int, working: int) -> None:
    due = CHINA.after(start, working)
    assert due == walk_after(start, working)
    assert CHINA.working_ms(start, due) == working
    assert working == 0 or CHINA.working_ms(start, due - 1) < working


@given(st.integers(START, END), st.integers(0, 10**9), st.integers(0, 10**9))
def test_time_adds_up(start: int, first: int, second: int) -> None:
    middle, end = start + first, start + first + second
    assert CHINA.working_ms(start, middle) + CHINA.working_ms(middle, end) == CHINA.working_ms(start, end)
    assert CHINA.working_ms(end, start) == 0


def test_around_the_clock_every_moment_counts() -> None:
    clock = AroundTheClock()
    assert (clock.working_ms(5, 17), clock.working_ms(17, 5), clock.after(5, 12), clock.after(5, -1)) == (12, 0, 17, 5)


def test_a_year_nobody_wrote_down_counts_as_plain_weeks_and_says_so() -> None:
    assert CHINA.lacks(dt.date(2027, 1, 1))
    assert CHINA.is_working_day(dt.date(2027, 1, 1))  # a Friday, and surely none
    assert not CHINA.is_working_day(dt.date(2027, 1, 2))
    assert not CHINA.lacks(dt.date(2026, 12, 31))


@pytest.mark.parametrize(
    ("now", "year"),
    [("2026-11-30 23:59", None), ("2026-12-01 00:00", 2027), ("2027-01-05 10:00", 2027), ("2025-12-31 10:00", None)],
)
def test_the_next_year_is_missed_from_the_first_of_december(now: str, year: int | None) -> None:
    assert CHINA.missing_year(at(now)) == year


def test_times_far_outside_are_their_nearest_end() -> None:
    assert CHINA.working_ms(-(10**15), 0) == 0
    assert CHINA.working_ms(10**15, 10**16) == 0
    assert CHINA.after(at("2099-12-31 10:00"), 10**12) > 0


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ('"08:30"', '"8 h"', "HH:MM"), ('"17:30"', '"08:00"', "closes after"), ('"+08:00"', '"Asia"', "zone"),
        ('"2018":', '"1999":', "a year between"), ("off: [01-01,", "off: [13-01,", "MM-DD"),
        ("on: [", "on: [01-02, ", "off lists weekdays"), ("zone:", "zones:", "unknown key"),
        ("off: [", "off: [[1], ", "MM-DD"),
    ],
)  # fmt: skip
def test_a_file_that_is_wrong_is_refused_with_its_line(tmp_path: Path, before: str, after: str, why: str) -> None:
    text = (FOLDER / "cn.yaml").read_text()
    assert before in text
    (tmp_path / "cn.yaml").write_text(text.replace(before, after, 1))
    with pytest.raises(BadFile, match=why):
        workcalendar.load(tmp_path)


def test_hours_of_another_place_count_there() -> None:
    utc = Calendar(Hours(9 * 3_600_000, 10 * 3_600_000, 0))
    monday = at("2026-03-02 00:00") + 8 * 3_600_000
    assert utc.working_ms(monday, monday + 7 * workcalendar.DAY_MS) == 5 * 3_600_000
