"""Killed at any moment, collector and agents lose nothing and do nothing twice; and the counters have teeth."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.faults import mutants
from tests.faults.campaign import Campaign, Plan
from tests.faults.counters import Counters

CYCLES = 60
DEEP_EVERY = 20
MUTANT_CYCLES = 80
RENEWAL_CYCLES = 20


@pytest.fixture
def cycles(request: pytest.FixtureRequest) -> int:
    """How many kills: `CYCLES`, or what `--campaign N` asks for."""
    return int(request.config.getoption("--campaign") or CYCLES)


@pytest.mark.campaign
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


def test_certificates_renewed_all_the_while_stay_good_and_nobody_is_taken_for_a_clone(tmp_path: Path) -> None:
    """So short a life that every start is past its half: each begins with a renewal, which is often cut short."""
    with Campaign(tmp_path, Plan(settings={"MUSTER_LEAF_HOURS": "0.02"})) as campaign:
        for number in range(1, RENEWAL_CYCLES + 1):
            campaign.cycle()
            found = campaign.check()
            assert found.is_clean, f"cycle {number}: {found}"
            campaign.restart()
        campaign.settle(delivered=False)
        said = Counter(line["says"] for line in campaign.shipper_log())
        print(f"\n{RENEWAL_CYCLES} cycles: {campaign.check()}; {dict(said)}")
        assert said["an errand began"] > RENEWAL_CYCLES / 2
        assert not said["no usable pair"]
        assert {(agent["state"], agent["state_reason"]) for agent in campaign.rest("agents")["items"]} == {
            ("active", "")
        }


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
