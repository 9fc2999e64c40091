"""When plans come due: by the clock on the wall, once a day also on the days that have 23 or 25 hours."""

from __future__ import annotations

import contextlib
import itertools
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.services.sweeps import Refused
from collector.services.sweeps.schedule import local_zone, next_at

BERLIN, ADELAIDE = ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Adelaide")
HOUR = 3_600_000


def ms(zone: ZoneInfo, *when: int) -> int:
    year, month, day, hour, minute = when
    return int(datetime(year, month, day, hour, minute, tzinfo=zone).timestamp() * 1000)


def walls(line: str, begins: int, ends: int, zone: ZoneInfo) -> list[datetime]:
    """Return when `line` is due in (begins, ends], as wall-clock times."""
    found, at = [], begins
    while (at := next_at(line, at, zone)) <= ends:
        found.append(datetime.fromtimestamp(at / 1000, zone))
    return found


def test_an_empty_line_is_never_due() -> None:
    assert next_at("", 1000) == next_at("  ", 1000) == 0


def test_a_nightly_sweep_comes_at_the_same_hour_before_and_after_the_change() -> None:
    nights = walls("30 1 * * *", ms(BERLIN, 2026, 3, 27, 12, 0), ms(BERLIN, 2026, 3, 31, 12, 0), BERLIN)
    assert [(each.day, each.hour, each.minute) for each in nights] == [
        (28, 1, 30),
        (29, 1, 30),
        (30, 1, 30),
        (31, 1, 30),
    ]


def test_an_hour_that_is_skipped_comes_right_after_and_one_that_comes_twice_comes_once() -> None:
    spring = walls("30 2 * * *", ms(BERLIN, 2026, 3, 28, 12, 0), ms(BERLIN, 2026, 3, 30, 1, 0), BERLIN)
    assert [each.isoformat() for each in spring] == ["2026-03-29T03:00:00+02:00"]
    autumn = walls("30 2 * * *", ms(BERLIN, 2026, 10, 24, 12, 0), ms(BERLIN, 2026, 10, 26, 1, 0), BERLIN)
    assert [each.isoformat() for each in autumn] == ["2026-10-25T02:30:00+02:00"]


def test_a_quarter_of_an_hour_is_one_also_when_the_clock_is_put_back() -> None:
    begins = ms(BERLIN, 2026, 10, 25, 0, 0)
    times = [begins]
    for _ in range(40):
        times.append(next_at("*/15 * * * *", times[-1], BERLIN))
    assert {after - before for before, after in itertools.pairwise(times)} == {HOUR // 4}


@given(
    day=st.dates(date(2025, 1, 1), date(2028, 12, 31)), hour=st.integers(0, 23), minute=st.integers(0, 59),
    zone=st.sampled_from([BERLIN, ADELAIDE, ZoneInfo("America/New_York"), ZoneInfo("Asia/Shanghai")]),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_a_daily_sweep_comes_once_on_every_day(day: date, hour: int, minute: int, zone: ZoneInfo) -> None:
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    begins, ends = int(midnight.timestamp() * 1000) - 1, int((midnight + timedelta(days=7)).timestamp() * 1000) - 1
    days = Counter(each.date() for each in walls(f"{minute} {hour} * * *", begins, ends, zone))
    assert days == {day + timedelta(days=n): 1 for n in range(7)}


@given(
    after=st.integers(1_700_000_000_000, 1_900_000_000_000),
    line=st.sampled_from(
        ["* * * * *", "*/7 * * * *", "0 * * * *", "30 2 * * *", "0 0 1 * *", "15 3 * * 1-5", "0 12 * * SUN"]
    ),
)
@settings(max_examples=100, deadline=None)
def test_what_is_due_next_is_always_to_come(after: int, line: str) -> None:
    found = next_at(line, after, BERLIN)
    assert found > after
    assert found % 60_000 == 0
    assert next_at(line, found - 1, BERLIN) == found


@pytest.mark.parametrize(
    "line", ["* * * *", "* * * * * *", "61 * * * *", "x", "@daily", "0 0 31 2 *", "*" * 101, "1/0 * * * *"]
)
def test_a_line_of_another_form_is_refused_in_words(line: str) -> None:
    with pytest.raises(Refused, match="schedule") as refused:
        next_at(line, 0, BERLIN)
    assert refused.value.field == "schedule"


@given(st.text(alphabet="0123456789*/-,#LW ²MON", max_size=40))
@settings(deadline=None)
def test_any_line_is_understood_or_refused(line: str) -> None:
    with contextlib.suppress(Refused):
        assert next_at(line, 1_700_000_000_000, BERLIN) >= 0


def test_the_machine_has_a_time_zone_with_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, zone in (("Europe/Berlin", BERLIN), (":Asia/Shanghai", ZoneInfo("Asia/Shanghai")), ("no/where", UTC)):
        monkeypatch.setenv("TZ", name)
        local_zone.cache_clear()
        assert local_zone() == zone
    local_zone.cache_clear()
