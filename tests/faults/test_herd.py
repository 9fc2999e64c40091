"""A thousand agents do not come back at once: the figures of their return, on a simulated clock."""

from __future__ import annotations

import logging

import pytest

from tests.faults.herd import Herd, peak, returns

SIZE = 1_000
STEADY_S = 300.0


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Thousands of failed calls are not worth a line each."""
    caplog.set_level(logging.ERROR, "agent.uplink")


def after_an_outage(away_s: float) -> tuple[Herd, float]:
    """Return a herd ten minutes after its collector came back, and when that was."""
    herd = Herd(SIZE)
    herd.begin(60.0)
    herd.clock.run(STEADY_S)
    herd.collector.is_away = True
    herd.clock.run(STEADY_S + away_s)
    herd.collector.is_away = False
    back = herd.clock.now
    herd.clock.run(back + 600.0)
    return herd, back


@pytest.mark.parametrize(
    ("away_s", "at_most", "within_s"), [(5.0, 100, 30.0), (60.0, 100, 300.0), (1_800.0, 40, 305.0)]
)
def test_after_an_outage_they_come_back_spread_and_all_of_them(away_s: float, at_most: int, within_s: float) -> None:
    herd, back = after_an_outage(away_s)
    usual = peak([when for when, _ in herd.collector.served if 120.0 <= when < STEADY_S])
    missed = {agent.number for agent in herd.agents if any(when >= STEADY_S for when, _ in agent.failures)}
    returned = returns([each for each in herd.collector.served if each[1] in missed], back)
    calls = [when - back for when, _ in herd.collector.calls if back <= when < back + within_s]
    print(
        f"\naway {away_s:g} s: {len(returned)} agents return within {returned[-1]:.0f} s,"
        f" {len(returned) / returned[-1]:.1f}/s on average, {peak(returned)}/s at the peak"
        f" ({SIZE}/s without jitter); calls {len(calls) / within_s:.1f}/s on average, {peak(calls)}/s at the peak"
        f" (before the outage {usual}/s)"
    )
    assert peak(returned) <= at_most
    assert returned[-1] <= within_s
    assert len(returned) == len(missed)
    assert herd.spooled < SIZE / 10, "what was spooled meanwhile is there; some have just observed again"


def test_a_thousand_at_the_same_moment_are_let_in_one_after_the_other_as_fast_as_it_goes() -> None:
    herd = Herd(SIZE)
    herd.begin(0.0)
    herd.clock.run(59.0)
    refused = [sum(1 for _, failure in agent.failures) for agent in herd.agents]
    first = max(returns(herd.collector.served, 0.0))
    last = max(when for agent in herd.agents for when, _ in agent.failures)
    print(
        f"\n{SIZE} at once, 200/s possible: every one heard within {first:.1f} s, nobody turned away after {last:.1f} s"
        f" ({2 * SIZE / 200:.0f} s is the least); turned away {sum(refused)} times, no agent more than {max(refused)}"
    )
    assert herd.spooled == 0
    assert last < 30.0
    assert max(refused) <= 20


def test_nobody_comes_before_the_time_the_collector_asked_for() -> None:
    herd = Herd(SIZE)
    herd.begin(0.0)
    herd.clock.run(59.0)
    calls: dict[int, list[float]] = {agent.number: [] for agent in herd.agents}
    for when, agent in herd.collector.calls:
        calls[agent].append(when)
    early = 0
    for each in herd.agents:
        for failed_at, failure in each.failures:
            assert failure.retry_after_s is not None
            early += any(failed_at < when < failed_at + failure.retry_after_s - 1e-6 for when in calls[each.number])
    assert early == 0
