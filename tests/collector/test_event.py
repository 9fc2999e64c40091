"""Events as values: by our clock, in bounds, and of each matter the newest word stands."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from collector.event import MATTERS, MAX_TEXT, MOST_STANDING, events, named, standing
from collector.model import Event
from collector.wording import time_text
from wire.listening import EVENT_KINDS
from wire.sections import SECTIONS, arrange, check

NOW = 1_750_000_000_000
DAY = 86_400_000


def row(kind: str = "link_down", at: int = NOW, until: int = 0, **other: Any) -> dict[str, Any]:
    return {"at": time_text(at), "number": 1, "until": time_text(until or at), "count": 1, "kind": kind,
            "severity": "warning", "source": "trap", **other}  # fmt: skip


def told(*rows: dict[str, Any]) -> tuple[Event, ...]:
    return events(rows, 0, NOW + DAY)


def stands(*rows: dict[str, Any], before: list[dict[str, Any]] | None = None) -> dict[str, str]:
    found = standing(before or [], told(*rows), NOW)
    assert check(SECTIONS["events"], arrange(SECTIONS["events"], found)) == arrange(SECTIONS["events"], found)
    return {each.get("object", ""): each["kind"] for each in found}


def test_an_event_has_the_time_of_our_clock_and_is_never_later_than_it_came() -> None:
    (late,) = events([row(at=NOW + 9_000)], 2_000, NOW)
    assert (late.at, late.until) == (NOW, NOW)
    (fast,) = events([row(at=NOW)], 2_000, NOW)
    assert fast.at == NOW - 2_000


def test_what_a_row_says_beyond_the_vocabulary_is_another_event_in_one_bounded_line() -> None:
    (odd,) = told(row("nonsense", severity="grave", message="a\nb" * MAX_TEXT, count=-3, object=7, authentic="yes"))
    assert (odd.kind, odd.severity, odd.count, odd.object, odd.authentic) == ("other", "notice", 1, "", False)
    assert "\n" not in odd.message
    assert len(odd.message) == MAX_TEXT


def test_a_link_that_is_up_again_stands_as_up_and_each_link_for_itself() -> None:
    assert stands(row(object="Gi1"), row(object="Gi2"), row("link_up", NOW + 5, object="Gi1")) == {
        "Gi1": "link_up", "Gi2": "link_down",
    }  # fmt: skip


def test_the_newest_word_counts_whatever_the_order_in_which_they_are_told() -> None:
    assert stands(row("link_up", NOW + 5, object="Gi1"), row(object="Gi1")) == {"Gi1": "link_up"}
    before = standing([], told(row("link_up", NOW + 5, object="Gi1")), NOW)
    assert stands(row(object="Gi1"), before=before) == {"Gi1": "link_up"}
    assert stands(row("link_down", NOW, NOW + 9, object="Gi1"), before=before) == {"Gi1": "link_down"}


def test_a_battery_that_runs_low_is_still_the_matter_of_its_mains() -> None:
    assert stands(row("ups_on_battery"), row("ups_low_battery", NOW + 5)) == {"": "ups_low_battery"}
    assert stands(row("ups_low_battery"), row("ups_power_restored", NOW + 5)) == {"": "ups_power_restored"}


def test_logins_and_commands_leave_nothing_standing() -> None:
    assert stands(*(row(kind) for kind in sorted(EVENT_KINDS - MATTERS.keys()))) == {}


def test_what_stands_is_bounded_and_ends_after_a_month() -> None:
    many = stands(*(row(object=str(each), at=NOW + each) for each in range(2 * MOST_STANDING)))
    assert len(many) == MOST_STANDING
    assert "0" not in many
    assert stands(row(at=NOW - 31 * DAY)) == {}


def test_an_interface_has_one_name_whatever_a_notification_calls_it() -> None:
    ports = [{"name": "Gi1/0/3", "index": 3, "description": "GigabitEthernet1/0/3"}, {"name": "Vl1"}]
    said = told(
        row(object="ifIndex 3"), row(object="GigabitEthernet1/0/3"), row(object="Te9"), row("login", object="x")
    )
    assert [each.object for each in named(said, ports)] == ["Gi1/0/3", "Gi1/0/3", "Te9", "x"]


_any = st.one_of(st.none(), st.text(max_size=30), st.integers(-(2**70), 2**70), st.booleans(), st.floats())


@given(st.lists(st.dictionaries(st.sampled_from([*SECTIONS["events"].fields]), _any), max_size=6))
def test_any_rows_are_events(rows: list[dict[str, Any]]) -> None:
    checked = [each for each in rows if _holds(each)]
    for each in events(checked, 0, NOW):
        assert 0 <= each.at <= NOW
        assert each.kind in EVENT_KINDS


def _holds(one: dict[str, Any]) -> bool:
    """Return whether ingest would let a row through."""
    try:
        check(SECTIONS["events"], [one])
    except ValueError:
        return False
    return True
