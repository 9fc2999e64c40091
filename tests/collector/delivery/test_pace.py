"""No robot is ever sent more in a minute than it takes before it bans whoever sends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collector.channel import Channel
from collector.delivery import BadDestination
from collector.delivery.kinds import KINDS, checked
from collector.delivery.patience import Health, Pace, filled

ROBOTS = [name for name, kind in KINDS.items() if kind.a_minute]
MINUTE_S = 60


def busiest_minute(pace: Pace) -> int:
    """Return how many messages go out in a minute that begins with a full bucket, when there are always more."""
    health, sent = Health("x"), 0
    for now in range(0, MINUTE_S * 1000, 100):
        tokens = filled(health, pace, now)
        sent += tokens // 1000
        health = replace(health, tokens=tokens % 1000, filled_at=now)
    return sent


def is_accepted(kind: str, settings: dict[str, int]) -> bool:
    try:
        return bool(checked(kind, settings))
    except BadDestination:
        return False


@pytest.mark.parametrize("kind", ROBOTS)
@pytest.mark.parametrize("burst", [1, 3, 5, 19, 20])
@pytest.mark.parametrize("interval_s", [3, 4, 5, 20, 60, 300])
def test_what_a_robot_may_be_set_to_keeps_within_its_limit_and_what_was_set_before_is_held_to_it(
    kind: str, burst: int, interval_s: int
) -> None:
    settings = {"interval_s": interval_s, "burst": burst, "wait_s": 0}
    pace = KINDS[kind].pace(Channel("x", kind, settings))
    assert busiest_minute(pace) <= KINDS[kind].a_minute
    is_as_it_was = (pace.burst, pace.interval_s) == (burst, interval_s)
    assert is_as_it_was is is_accepted(kind, settings), "what is refused now, and nothing else, is slowed down"


def test_the_limits_are_those_of_the_makers() -> None:
    assert {name: KINDS[name].a_minute for name in ROBOTS} == {"dingtalk": 20, "wecom": 20, "feishu": 100}
