"""Killed at any moment, collector and agents lose nothing and do nothing twice; and the counters have teeth."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import pytest

from tests.faults import mutants
from tests.faults.campaign import Campaign, Plan
from tests.faults.counters import Counters

CYCLES = 200
DEEP_EVERY = 20
MUTANT_CYCLES = 80


@pytest.fixture
def cycles(request: pytest.FixtureRequest) -> int:
    """How many kills: 200, or what `--campaign N` asks for."""
    return int(request.config.getoption("--campaign") or CYCLES)


def test_nothing_is_lost_and_nothing_happens_twice_however_often_they_are_killed(tmp_path: Path, cycles: int) -> None:
    began = time.monotonic()
    with Campaign(tmp_path, Plan()) as campaign:
        for number in range(1, cycles + 1):
            campaign.cycle()
            found = campaign.check(deep=number % DEEP_EVERY == 0)
            assert found.is_clean, f"cycle {number}: {found}"
            campaign.restart()
        campaign.settle()
        assert not campaign.undelivered()
        told = campaign.receiver.keys
        codes = campaign.stop()
        found = campaign.check(deep=True)
        print(f"\n{cycles} cycles in {time.monotonic() - began:.0f} s ({campaign.deaths}): {found}")
        print(
            f"collector ready in {statistics.median(campaign.ready_s):.2f} s (median), {max(campaign.ready_s):.2f} s"
            f" (longest); {len(set(told))} messages delivered, {len(told) - len(set(told))} of them again"
        )
        assert found.is_clean, found
        assert found.appended <= found.stored
        assert codes == {"collector": 0, "shipper": 0}


def _until_caught(folder: Path, mutant: str, deep: bool = False) -> Counters:
    """Run a campaign with a defect until a counter rises."""
    found = Counters()
    with Campaign(folder, Plan(mutant, seed=2)) as campaign:
        for number in range(1, MUTANT_CYCLES + 1):
            campaign.cycle()
            found = campaign.check(deep)
            if not found.is_clean:
                print(f"\n{mutant}: caught in cycle {number}: {found}")
                break
            campaign.restart()
    return found


def test_a_collector_that_acknowledges_before_it_commits_is_caught(tmp_path: Path) -> None:
    assert _until_caught(tmp_path, mutants.ACK_BEFORE_COMMIT).acked_missing > 0


def test_a_log_without_its_unique_key_is_caught(tmp_path: Path) -> None:
    assert _until_caught(tmp_path, mutants.NO_UNIQUE_KEY).duplicated > 0


def test_an_agent_that_deletes_before_the_acknowledgement_is_caught(tmp_path: Path) -> None:
    assert _until_caught(tmp_path, mutants.DELETE_BEFORE_ACK).lost > 0


def test_a_cursor_that_runs_ahead_of_its_effects_is_caught(tmp_path: Path) -> None:
    assert _until_caught(tmp_path, mutants.CURSOR_BEFORE_EFFECTS, deep=True).effects_diff > 0
