"""When what is collected, as a function of the time and of what is due."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import schedule
from agent.schedule import Due, Run
from agent.worker import Trait

TRAITS = (Trait("os"), Trait("packages", stamps=("var/lib/dpkg/status",)), Trait("health", every_s=60),
          Trait("certificates", every_s=3_600))  # fmt: skip
EVERY = Run(("os", "packages", "health", "certificates"), True)


def started(now: float = 100.0) -> Due:
    return schedule.after(schedule.begin(TRAITS, now), EVERY, TRAITS, now, 0.5)


def test_at_the_start_everything_is_due() -> None:
    assert schedule.next_run(schedule.begin(TRAITS, 100.0), TRAITS, 100.0) == EVERY


def test_then_nothing_until_a_section_with_a_rhythm_of_its_own() -> None:
    due = started()
    assert schedule.next_run(due, TRAITS, 159.9) is None
    assert schedule.wake_at(due) == 160.0
    assert schedule.next_run(due, TRAITS, 160.0) == Run(("health",), False)


def test_what_is_due_within_seconds_comes_along() -> None:
    due = started()
    due = replace(due, timers={**due.timers, "certificates": 164.0})
    assert schedule.next_run(due, TRAITS, 159.9) is None
    assert schedule.next_run(due, TRAITS, 160.0) == Run(("health", "certificates"), False)


def test_a_full_inventory_leaves_out_what_has_a_slower_rhythm() -> None:
    assert schedule.next_run(started(), TRAITS, 1_000.0) == Run(("os", "packages", "health"), True)
    assert schedule.next_run(started(), TRAITS, 3_700.0) == EVERY


def test_a_full_inventory_takes_in_what_is_still_owed_to_the_collector() -> None:
    assert schedule.next_run(started(), TRAITS, 1_000.0, {"certificates"}) == EVERY
    assert schedule.next_run(started(), TRAITS, 160.0, {"certificates"}) == Run(("health",), False)


def test_the_interval_is_spread_by_ten_percent_either_way() -> None:
    def next_at(chance: float) -> float:
        return schedule.after(schedule.begin(TRAITS, 0.0), EVERY, TRAITS, 0.0, chance).inventory_at

    assert next_at(0.0) == pytest.approx(810.0)
    assert next_at(0.5) == pytest.approx(900.0)
    assert 900 < next_at(0.999) < 990.0


def test_a_stamp_makes_its_section_due_at_once_and_only_once() -> None:
    due = schedule.urged(started(), ["packages"], TRAITS)
    assert schedule.wake_at(due) == 0.0
    run = schedule.next_run(due, TRAITS, 101.0)
    assert run == Run(("packages",), False)
    assert schedule.next_run(schedule.after(due, run, TRAITS, 101.0, 0.5), TRAITS, 102.0) is None


def test_a_section_this_platform_does_not_have_is_never_due() -> None:
    assert schedule.urged(started(), ["registry"], TRAITS).urgent == frozenset()


def test_a_partial_run_does_not_put_off_the_inventory() -> None:
    due = started()
    later = schedule.after(due, Run(("health",), False), TRAITS, 500.0, 0.5)
    assert (later.inventory_at, later.timers["health"]) == (due.inventory_at, 560.0)


def test_the_collectors_word_for_an_inventory_now_is_a_whole_one() -> None:
    due = schedule.instructed(started(), 110.0, 900.0, inventory_now=True)
    assert schedule.next_run(due, TRAITS, 110.0) == EVERY
    assert not schedule.after(due, EVERY, TRAITS, 110.0, 0.5).wants_all


def test_a_shorter_interval_takes_effect_at_once_and_a_longer_one_after_the_next() -> None:
    assert schedule.instructed(started(), 110.0, 30.0, False).inventory_at == pytest.approx(143.0)
    assert schedule.instructed(started(), 110.0, 86_400.0, False).inventory_at == pytest.approx(1_000.0)


@given(
    st.lists(st.tuples(st.floats(0, 500), st.sampled_from(["", "packages", "now"])), max_size=30),
    st.floats(0, 1, exclude_max=True),
)
def test_whenever_a_run_is_due_the_agent_would_have_woken_for_it(steps: list[tuple[float, str]], chance: float) -> None:
    now, due = 0.0, schedule.begin(TRAITS, 0.0)
    for wait, sign in steps:
        now += wait
        if sign == "packages":
            due = schedule.urged(due, ["packages"], TRAITS)
        if sign == "now":
            due = schedule.instructed(due, now, 900.0, inventory_now=True)
        run = schedule.next_run(due, TRAITS, now)
        assert (run is not None) == (schedule.wake_at(due) <= now)
        if run is not None:
            due = schedule.after(due, run, TRAITS, now, chance)
            assert schedule.next_run(due, TRAITS, now) is None
