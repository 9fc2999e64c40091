"""The watchdog speaks when a limit was exceeded for a minute, not before."""

from __future__ import annotations

import pytest

from agent.watchdog import Watchdog, cpu_ms, rss_bytes

MB = 1024 * 1024


def test_its_own_figures_are_real() -> None:
    assert 5 * MB < rss_bytes() < 2_000 * MB
    assert cpu_ms() > 0


def test_a_short_excess_of_memory_is_forgiven_and_a_long_one_not() -> None:
    dog = Watchdog(200 * MB, 25)
    assert [dog.check(now, 300 * MB, 0) for now in (10.0, 40.0)] == [None, None]
    assert dog.check(60.0, 100 * MB, 0) is None
    assert [dog.check(now, 300 * MB, 0) for now in (70.0, 100.0)] == [None, None]
    assert dog.check(131.0, 300 * MB, 0) == f"{300 * MB} bytes of memory, the limit is {200 * MB}"


@pytest.mark.parametrize(("percent", "is_too_much"), [(20, False), (30, True)])
def test_processor_time_is_measured_over_a_minute(percent: int, is_too_much: bool) -> None:
    dog = Watchdog(200 * MB, 25)
    verdicts = [dog.check(float(now), 0, now * 10 * percent) for now in range(0, 200, 5)]
    assert any(verdicts) is is_too_much
    assert verdicts[:12] == [None] * 12


def test_a_burst_within_a_quiet_minute_is_no_excess() -> None:
    dog = Watchdog(200 * MB, 25)
    spent = 0
    for now in range(0, 600, 5):
        spent += 10_000 if now % 60 == 0 else 0  # ten seconds of work a minute
        assert dog.check(float(now), 0, spent) is None
