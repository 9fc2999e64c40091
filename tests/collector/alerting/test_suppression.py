"""Suppression: reasons are laid over an alert's state, and the present state decides when the last one is gone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collector.model import Alert, Outcome
from collector.suppression import (
    APPROVED_CHANGE,
    FLAPPING,
    LIFECYCLE,
    LOOK_EVERY_MS,
    MAINTENANCE,
    WAIVER,
    Hold,
    weighed,
)

NOW = 1_768_464_000_000
FIRES = Alert("T-ONE", 7, "", "firing", Outcome.PROBLEM, NOW - 5, NOW - 5, {"severity": "warning"}, episode=1)
CHANGE, WINDOW = Hold(APPROVED_CHANGE, "CHG-000001"), Hold(MAINTENANCE, "w1")


def test_nothing_that_holds_it_back_makes_what_fires_a_cause() -> None:
    told = weighed(FIRES, (), (), NOW)
    assert (told.told, told.suppressed, told.look_at) == (True, (), 0)
    assert not weighed(replace(FIRES, state="pending"), (), (), NOW).told


def test_every_reason_is_recorded_and_the_first_border_ahead_is_when_it_is_looked_at_again() -> None:
    held = weighed(FIRES, (CHANGE, WINDOW), (NOW - 1, NOW + 500, NOW + 90), NOW)
    assert (held.suppressed, held.held_by) == ((MAINTENANCE, APPROVED_CHANGE), ("CHG-000001", "w1"))
    assert (held.told, held.look_at, held.state, held.since) == (False, NOW + 90, "firing", FIRES.since)


def test_without_a_border_it_is_looked_at_again_once_a_day() -> None:
    assert weighed(FIRES, (Hold("parent_down"),), (), NOW).look_at == NOW + LOOK_EVERY_MS
    assert weighed(FIRES, (), (NOW + 9 * LOOK_EVERY_MS,), NOW).look_at == NOW + LOOK_EVERY_MS


def test_when_the_last_reason_goes_it_is_told_with_what_it_began_under() -> None:
    one = weighed(weighed(FIRES, (CHANGE, WINDOW), (), NOW), (WINDOW,), (), NOW + 1)
    assert (one.told, one.suppressed) == (False, (MAINTENANCE,))
    none = weighed(one, (), (), NOW + 2)
    assert (none.told, none.suppressed, none.held_by) == (True, (), ("CHG-000001", "w1"))


def test_what_is_over_before_the_reason_goes_is_never_told() -> None:
    held = weighed(FIRES, (WINDOW,), (), NOW)
    over = weighed(replace(held, state="ok", outcome=Outcome.PASS), (WINDOW,), (), NOW + 1)
    assert (over.told, over.suppressed, over.held_by, over.look_at) == (False, (), (), 0)


def test_a_window_takes_nothing_back_that_is_told_already() -> None:
    told = weighed(FIRES, (), (), NOW)
    assert weighed(told, (WINDOW,), (), NOW + 1).told


@pytest.mark.parametrize("reason", [WAIVER, LIFECYCLE])
def test_a_waiver_and_the_end_of_its_life_take_back_what_is_told(reason: str) -> None:
    told = weighed(FIRES, (), (), NOW)
    gone = weighed(told, (Hold(reason),), (), NOW + 1)
    assert (gone.told, weighed(gone, (), (), NOW + 2).told) == (False, True)


def test_what_flaps_stays_told_whatever_its_state_and_is_not_told_anew() -> None:
    told = weighed(FIRES, (), (), NOW)
    flapping = weighed(replace(told, state="ok", flapping=True), (), (), NOW + 1)
    assert (flapping.told, flapping.suppressed) == (True, (FLAPPING,))
    assert not weighed(replace(flapping, flapping=False), (), (), NOW + 2).told, "its last state is the word"
    assert not weighed(replace(FIRES, flapping=True), (), (), NOW).told
    assert weighed(replace(flapping, flapping=False, state="firing"), (), (), NOW + 2).told
