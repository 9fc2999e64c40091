"""When plans are due: by the clock of a zone, on working days and made-up ones, across changes of the clocks."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector import workcalendar
from collector.config import Settings
from collector.inspecting import schedule
from collector.inspecting.plan import BadPlan, Schedule

CHINA = workcalendar.load(Settings().rules_folder / "calendars")
SHANGHAI = ZoneInfo("Asia/Shanghai")


def ms(text: str, zone: str = "Asia/Shanghai") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def wall(at: int, zone: str = "Asia/Shanghai") -> str:
    return datetime.fromtimestamp(at / 1000, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


def coming(rrule: str, after: str, count: int, how: str = "run", zone: str = "Asia/Shanghai") -> list[str]:
    its = Schedule(rrule, zone, on_non_workday=how)
    return [wall(at, zone) for at in schedule.upcoming(its, CHINA, ms(after, zone), count)]


MORNING = "FREQ=DAILY;BYHOUR=8;BYMINUTE=30"


def test_a_make_up_saturday_is_a_working_day_and_the_holiday_before_it_is_not() -> None:
    # Spring Festival of 2026: off from Sunday 15 to Monday 23 February; made up on Saturdays 14 and 28.
    assert coming(MORNING, "2026-02-13 09:00", 4, "skip") == [
        "2026-02-14 08:30", "2026-02-24 08:30", "2026-02-25 08:30", "2026-02-26 08:30",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("run", ["2026-02-16 09:00", "2026-02-23 09:00"]),
        ("skip", ["2026-03-02 09:00", "2026-03-09 09:00"]),
        ("next", ["2026-02-24 09:00", "2026-03-02 09:00"]),
        ("previous", ["2026-02-14 09:00", "2026-03-02 09:00"]),
    ],
)
def test_a_monday_in_the_holidays_is_run_skipped_or_moved_and_what_is_moved_together_is_done_once(
    how: str, expected: list[str]
) -> None:
    assert coming("FREQ=WEEKLY;BYDAY=MO;BYHOUR=9", "2026-02-13 00:00", 2, how) == expected


def test_times_moved_past_one_another_come_in_order() -> None:
    # Saturday 16:00 and Sunday 08:00 both move to Monday, where 08:00 comes first.
    rrule = "FREQ=WEEKLY;BYDAY=SA,SU;BYHOUR=8,16"
    assert coming(rrule, "2026-03-20 00:00", 3, "next") == ["2026-03-23 08:00", "2026-03-23 16:00", "2026-03-30 08:00"]


def test_the_hour_that_is_skipped_in_spring_comes_after_the_gap_and_the_one_that_comes_twice_comes_once() -> None:
    assert coming("FREQ=DAILY;BYHOUR=2;BYMINUTE=30", "2026-03-28 00:00", 3, zone="Europe/Berlin") == [
        "2026-03-28 02:30", "2026-03-29 03:30", "2026-03-30 02:30",
    ]  # fmt: skip
    assert coming("FREQ=DAILY;BYHOUR=2;BYMINUTE=30", "2026-10-24 12:00", 2, zone="Europe/Berlin") == [
        "2026-10-25 02:30", "2026-10-26 02:30",
    ]  # fmt: skip


def test_of_times_that_passed_the_latest_counts_and_the_others_are_told() -> None:
    its = Schedule(MORNING)
    first = ms("2026-11-20 08:30")
    assert schedule.latest(its, CHINA, first, ms("2026-11-23 08:30")) == (ms("2026-11-23 08:30"), 3)
    assert schedule.latest(its, CHINA, first, ms("2026-11-20 08:31")) == (first, 0)


def test_a_schedule_that_ends_is_never_due_again() -> None:
    its = Schedule(f"{MORNING};COUNT=2", starts="2026-11-20")
    assert schedule.next_after(its, CHINA, ms("2026-11-20 09:00")) == ms("2026-11-21 08:30")
    assert schedule.next_after(its, CHINA, ms("2026-11-21 09:00")) == 0
    assert schedule.next_after(Schedule("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30"), CHINA, ms("2026-11-21 09:00")) == 0


@pytest.mark.parametrize(
    "rrule",
    [
        "", "every day", "FREQ=HOURLY", "FREQ=SECONDLY;INTERVAL=1", "FREQ=DAILY;BYHOUR=25", "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=100", "FREQ=DAILY;BYMONTHDAY=31", "FREQ=WEEKLY;BYSETPOS=9", "FREQ=DAILY;BYEASTER=1",
        "FREQ=DAILY;BYMINUTE=0,1,2,3,4,5,6,7,8,9,10,11,12;BYHOUR=8,9", "FREQ=DAILY;FREQ=WEEKLY", "BYHOUR=8",
        "FREQ=WEEKLY;BYDAY=1MO", "FREQ=DAILY;UNTIL=20270101T000000Z", "FREQ=DAILY\nEXRULE:FREQ=DAILY", "FREQ=DAILY;X=1",
    ],
)  # fmt: skip
def test_what_is_no_rule_of_days_is_refused(rrule: str) -> None:
    with pytest.raises(BadPlan):
        schedule.check(Schedule(rrule))


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", ""])
def test_a_zone_that_is_none_is_refused(zone: str) -> None:
    with pytest.raises(BadPlan):
        schedule.check(Schedule(MORNING, zone))


DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def by_hand(days: list[str], hours: list[int], how: str, after: datetime) -> list[datetime]:
    """The same, written as one would without a library: every day of some weeks, moved, sorted."""
    found = set()
    for number in range(-30, 60):
        day = after.date() + timedelta(days=number)
        if DAYS[day.weekday()] in days and (moved := shifted(day, how)):
            found |= {datetime.combine(moved, datetime.min.time()) + timedelta(hours=hour) for hour in hours}
    return [each for each in sorted(found) if each > after][:5]


def shifted(day: date, how: str) -> date | None:
    if how == "run" or CHINA.is_working_day(day):
        return day
    if how == "skip":
        return None
    while not CHINA.is_working_day(day):
        day += timedelta(days=1 if how == "next" else -1)
    return day


@given(
    st.lists(st.sampled_from(DAYS), min_size=1, unique=True),
    st.lists(st.integers(0, 23), min_size=1, max_size=3, unique=True),
    st.sampled_from(("run", "skip", "next", "previous")),
    st.datetimes(datetime.fromisoformat("2018-02-01"), datetime.fromisoformat("2026-10-01")),
)
def test_it_agrees_with_a_walk_over_the_days_of_nine_years(
    days: list[str], hours: list[int], how: str, after: datetime
) -> None:
    after = after.replace(microsecond=0)
    rule = f"FREQ=WEEKLY;BYDAY={','.join(days)};BYHOUR={','.join(map(str, hours))}"
    its = Schedule(rule, starts="2018-01-01", on_non_workday=how)
    begin = int(after.replace(tzinfo=SHANGHAI).timestamp() * 1000)
    found = schedule.upcoming(its, CHINA, begin, 5)
    expected = by_hand(days, hours, how, after)
    assert [wall(at) for at in found][: len(expected)] == [each.strftime("%Y-%m-%d %H:%M") for each in expected]
