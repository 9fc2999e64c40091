"""Maintenance windows: when they are held, once or again and again, on both sides of a change of the clocks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.maintenance import BadWindow, MaintenanceWindow, Recurrence, checked

HOUR = 3_600_000
DAY = 24 * HOUR


def ms(text: str, zone: str = "UTC") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


START = ms("2026-03-01T02:00", "Europe/Berlin")
ONCE = MaintenanceWindow("w", "once", START, START + 2 * HOUR, match="true")
WEEKLY = replace(ONCE, recurrence=Recurrence("FREQ=WEEKLY;BYDAY=SU", "Europe/Berlin", ms("2026-12-31T00:00")))


def test_one_that_is_held_once_begins_with_its_start_and_is_over_at_its_end() -> None:
    assert [ONCE.ends_at(at) for at in (START - 1, START, ONCE.end - 1, ONCE.end)] == [0, ONCE.end, ONCE.end, 0]
    assert [ONCE.starts_after(at) for at in (START - 1, START)] == [START, 0]
    assert ONCE.last_end == ONCE.end


def test_two_in_the_morning_is_two_in_the_morning_in_summer_too() -> None:
    summer = ms("2026-07-05T02:00", "Europe/Berlin")
    assert summer % DAY != START % DAY
    assert [WEEKLY.ends_at(at) for at in (summer - 1, summer, summer + 2 * HOUR)] == [0, summer + 2 * HOUR, 0]
    assert WEEKLY.starts_after(summer) == summer + 7 * DAY


def test_an_hour_the_clocks_leave_out_still_has_its_window() -> None:
    night = replace(WEEKLY, start=ms("2026-03-01T02:30", "Europe/Berlin"), end=START + 2 * HOUR)
    begins = night.starts_after(ms("2026-03-28T12:00", "Europe/Berlin"))
    assert ms("2026-03-29T00:00") < begins < ms("2026-03-29T03:00")
    assert night.ends_at(begins) == begins + (night.end - night.start)


def test_its_first_time_counts_though_its_rule_names_other_days() -> None:
    friday = replace(WEEKLY, start=START - 2 * DAY, end=START - 2 * DAY + HOUR)
    assert friday.ends_at(START - 2 * DAY) == START - 2 * DAY + HOUR
    assert [friday.starts_after(START - 3 * DAY), friday.starts_after(START - 2 * DAY)] == [START - 2 * DAY, START]


def test_it_does_not_come_again_after_its_end_nor_once_it_was_ended() -> None:
    last = ms("2026-12-27T02:00", "Europe/Berlin")
    assert WEEKLY.ends_at(last)
    assert (WEEKLY.starts_after(last), WEEKLY.ends_at(last + 7 * DAY)) == (0, 0)
    ended = replace(WEEKLY, ended_at=START + HOUR)
    assert (ended.ends_at(START), ended.ends_at(START + HOUR), ended.starts_after(START)) == (START + 2 * HOUR, 0, 0)


@given(st.integers(0, 310 * 24))
def test_it_is_held_exactly_when_a_week_by_week_count_says_so(hours: int) -> None:
    at = START + hours * HOUR
    local = datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo("Europe/Berlin"))
    if local.strftime("%m-%d") in ("03-29", "10-25"):
        return  # the days with 23 and 25 hours have tests of their own
    is_held = local.weekday() == 6 and local.hour in (2, 3) and local.year == 2026
    assert bool(WEEKLY.ends_at(at)) is is_held


def test_it_chooses_by_every_selector_it_has_and_by_rules() -> None:
    ci = {"id": 7, "class": "server", "name": "srv7"}
    assert replace(ONCE, ci_ids=frozenset({7})).chooses(ci)
    assert not replace(ONCE, ci_ids=frozenset({8})).chooses(ci)
    assert not replace(ONCE, ci_ids=frozenset({7}), ci_classes=frozenset({"pc"})).chooses(ci)
    assert not replace(ONCE, match='ci.name == "srv8"').chooses(ci)
    some = replace(ONCE, rules=("SRV-*", "NET-ONE"), instance="/")
    named = [some.names(*each) for each in (("SRV-X", "/"), ("NET-ONE", "/"), ("NET-TWO", "/"), ("SRV-X", "/a"))]
    assert named == [True, True, False, False]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"end": START}, "window"),
        ({"end": START + 32 * DAY}, "window"),
        ({"match": ""}, "selector"),
        ({"match": "ci.nope == 1"}, "match"),
        ({"match": "ci.name"}, "match"),
        ({"recurrence": Recurrence("FREQ=WEEKLY", "Europe/Berlin", START + 4000 * DAY)}, "until"),
        ({"recurrence": Recurrence("FREQ=WEEKLY", "Mars/Olympus", START + DAY)}, "zone"),
        ({"recurrence": Recurrence("FREQ=WEEKLY", "../../etc/passwd", START + DAY)}, "zone"),
        ({"recurrence": Recurrence("FREQ=SECONDLY", "UTC", START + DAY)}, "rrule"),
        ({"recurrence": Recurrence("FREQ=DAILY;COUNT=3", "UTC", START + DAY)}, "rrule"),
        ({"recurrence": Recurrence("FREQ=DAILY\nEXRULE:FREQ=DAILY", "UTC", START + DAY)}, "rrule"),
        ({"recurrence": Recurrence("FREQ=WEEKLY;BYDAY=XX", "UTC", START + DAY)}, "rrule"),
        ({"recurrence": Recurrence("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "UTC", START + 3600 * DAY)}, "rrule"),
        ({"recurrence": Recurrence("FREQ=DAILY;" + "INTERVAL=1;" * 40, "UTC", START + DAY)}, "rrule"),
    ],
)
def test_what_cannot_be_held_is_refused_with_the_field(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(BadWindow) as refused:
        checked(replace(ONCE, **changed))
    assert refused.value.field == field
