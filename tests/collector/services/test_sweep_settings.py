"""What a plan may say: every refusal names its field, and blackouts are read by the clock on the wall."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.services.sweeps import Refused
from collector.services.sweeps.settings import Settings, checked, failed_only, read, stored
from wire.ranges import ranges

CAMPUS: dict[str, Any] = {"ranges": ["10.1.0.0/24", "10.1.2.5"], "exclusions": ["10.1.0.128/25"]}
NIGHT = {"from": "22:00", "to": "06:00", "days": ["fri"]}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from(["10.0.0.1", "22:00", "mon"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["from", "to", "days", "x"]), inner),
    max_leaves=6,
)
KEYS = st.sampled_from([
    "ranges", "exclusions", "until", "rate", "timeout_ms", "snmp_port", "ports", "blackout", "other",
])  # fmt: skip


def test_settings_are_kept_as_given_and_come_to_their_targets() -> None:
    text = checked({**CAMPUS, "rate": 200, "blackout": [NIGHT]})
    assert json.loads(text) == {**CAMPUS, "rate": 200, "blackout": [NIGHT]}
    assert stored(text).targets == ranges(["10.1.0.1-10.1.0.127", "10.1.2.5"])
    assert (stored(text).until, stored(text).rate, stored(text).snmp_port) == ("identify", 200, 161)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"ranges": []}, "ranges"), ({"ranges": ["x"]}, "ranges"), ({"ranges": ["10.0.0.0/8"]}, "ranges"),
        ({"ranges": "10.1.0.0/24"}, "ranges"), ({"ranges": ["2001:db8::/64"]}, "ranges"),
        ({"exclusions": ["10.0.0.0/8"]}, "ranges"), ({"exclusions": ["x"]}, "exclusions"),
        ({"until": "guess"}, "until"),
        ({"until": []}, "until"), ({"rate": 0}, "rate"), ({"rate": True}, "rate"), ({"rate": 1e3}, "rate"),
        ({"timeout_ms": -1}, "timeout_ms"), ({"snmp_port": 65_536}, "snmp_port"),
        ({"ports": {"telnet": 23}}, "ports"), ({"ports": {"ssh": 0}}, "ports"), ({"ports": {"ssh": "22"}}, "ports"),
        ({"ports": [22]}, "ports"), ({"speed": 1}, "speed"),
        ({"blackout": [{"from": "25:00", "to": "06:00"}]}, "blackout"), ({"blackout": [{"from": "22:00"}]}, "blackout"),
        ({"blackout": [{**NIGHT, "days": ["friday"]}]}, "blackout"), ({"blackout": {"from": "x"}}, "blackout"),
        ({"blackout": [{**NIGHT, "days": [["mon"]]}]}, "blackout"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_of_its_field(said: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        checked({**CAMPUS, **said})
    assert refused.value.field == field


@given(st.dictionaries(KEYS, JSON, max_size=4))
def test_any_settings_are_understood_or_refused(said: dict[str, Any]) -> None:
    try:
        assert stored(checked(said)) == read(said)
    except Refused as error:
        assert str(error)  # noqa: PT017


def test_the_failed_targets_alone_are_swept_again() -> None:
    text = failed_only(checked(CAMPUS), ["10.1.0.5", "10.1.0.6", "10.1.2.5"])
    assert json.loads(text)["ranges"] == ["10.1.0.5-10.1.0.6", "10.1.2.5"]
    assert stored(text).targets == ranges(["10.1.0.5", "10.1.0.6", "10.1.2.5"])


# --- blackouts


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


def closed(settings: Settings, when: str) -> str | None:
    ends = settings.closed(at(when))
    return ends.isoformat(timespec="minutes")[:16] if ends else None


@pytest.mark.parametrize(
    ("when", "ends"),
    [  # 2026-11-27 is a Friday
        ("2026-11-27T21:59", None), ("2026-11-27T22:00", "2026-11-28T06:00"), ("2026-11-28T05:59", "2026-11-28T06:00"),
        ("2026-11-28T06:00", None), ("2026-11-28T22:30", None), ("2026-11-27T03:00", None),
    ],
)  # fmt: skip
def test_a_blackout_over_midnight_belongs_to_the_day_it_begins(when: str, ends: str | None) -> None:
    assert closed(read({**CAMPUS, "blackout": [NIGHT]}), when) == ends


def test_of_blackouts_that_overlap_the_later_end_counts() -> None:
    both = read({"blackout": [{"from": "08:00", "to": "12:00"}, {"from": "09:00", "to": "10:00"}]})
    assert closed(both, "2026-11-27T09:30") == "2026-11-27T12:00"
    assert closed(both, "2026-11-27T12:00") is None


def test_a_blackout_that_ends_when_it_begins_lasts_the_whole_day_round() -> None:
    always = read({"blackout": [{"from": "10:00", "to": "10:00"}]})
    assert closed(always, "2026-11-27T10:00") == "2026-11-28T10:00"
    assert closed(always, "2026-11-27T09:59") == "2026-11-27T10:00"


@given(
    st.integers(0, 1439),
    st.integers(0, 1439),
    st.integers(0, 7 * 1440 - 1),
    st.sets(st.sampled_from(["mon", "tue", "sun"])),
)
def test_a_blackout_ends_after_now_and_not_before_its_end(begins: int, ends: int, minute: int, days: set[str]) -> None:
    texts = [f"{each // 60:02}:{each % 60:02}" for each in (begins, ends)]
    window = read({"blackout": [{"from": texts[0], "to": texts[1], "days": sorted(days)}]})
    now = at("2026-11-23T00:00") + timedelta(minutes=minute)
    until = window.closed(now)
    if until is not None:
        assert now < until <= now + timedelta(days=1)
        assert until.hour * 60 + until.minute == ends
        assert window.closed(until - timedelta(minutes=1)) == until
