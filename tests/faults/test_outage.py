"""The collector is away for a while: agents keep what they see, and when it is back nothing is missing."""

from __future__ import annotations

import time
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.faults.campaign import Campaign, Plan

AWAY_S = 4.0


def test_what_is_seen_while_the_collector_is_away_arrives_when_it_is_back(tmp_path: Path) -> None:
    with Campaign(tmp_path, Plan(observe_every_ms=30)) as campaign:
        time.sleep(0.5)
        campaign.take_away()
        before = campaign.check()
        time.sleep(AWAY_S)
        away, spooled = campaign.check(), campaign.waiting()["in spools"]
        campaign.bring_back()
        back = time.monotonic()
        campaign.drain(delivered=False)
        drained_s = time.monotonic() - back
        assert campaign.stop() == {"collector": 0, "shipper": 0}
        after = campaign.check(deep=True)
        print(
            f"\n{spooled} observations spooled in {AWAY_S:g} s, all there {drained_s:.1f} s after the return: {after}"
        )
        assert spooled >= away.appended - before.appended > 50
        assert away.is_clean, away
        assert after.is_clean, after
        assert after.stored == after.appended


def test_an_agent_keeps_away_as_long_as_a_busy_collector_asks(tmp_path: Path) -> None:
    plan = Plan(agents=1, observe_every_ms=10, settings={"MUSTER_REPORTS_PER_MINUTE": "30"})
    with Campaign(tmp_path, plan) as campaign:
        until = time.monotonic() + 120.0
        while len(refused := _refused(campaign)) < 4 and time.monotonic() < until:
            time.sleep(0.5)
        found = campaign.check()
        asked = [line["again_in_s"] for line in refused]
        times = [datetime.fromisoformat(line["at"]).timestamp() for line in refused]
        kept = [later - earlier for earlier, later in pairwise(times)]
        print(f"\nasked for {asked} s, came back after {[round(each, 2) for each in kept]} s")
        assert len(asked) > 2
        assert all(stayed >= wait - 0.1 for wait, stayed in zip(asked, kept, strict=False))
        assert found.is_clean, found


def _refused(campaign: Campaign) -> list[dict[str, Any]]:
    return [line for line in campaign.shipper_log() if line.get("code") == "RESOURCE_EXHAUSTED"]
