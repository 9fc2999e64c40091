"""`muster arrivals` against a collector that answers over HTTP."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

from collector.cli.client import Refused
from tests.collector.arriving import arrives, switch
from tests.collector.cli.typed import served
from tests.people import World


async def test_a_rule_is_tried_made_and_turned_on_with_what_waits(world: World, tmp_path: Path) -> None:
    uid = await arrives(world, "192.0.2.1", switch(1))
    async with served(world, tmp_path, await world.token("config_admin:network")) as typed:
        assert "new-01" in (await typed("arrivals", "list")).stdout
        run = partial(typed, "arrivals", "rules")
        tried = await run("try", "network/switch", "--range", "192.0.2.0/25")
        assert ("1 would be accepted, 0 would not" in tried.stdout, "192.0.2.1" in tried.stdout) == (True, True)
        made = await run("make", "access", "network/switch", "--range", "192.0.2.0/25", "--give", "owner=NOC")
        number = made.stdout.strip()
        assert (made.returncode, number[:4]) == (0, "ARR-"), made.stderr
        assert "new-01" in (await run("fit", number)).stdout
        assert (await run("on", number, typed="n\n")).returncode != 0
        assert "off" in (await run("show", number)).stdout, "whoever does not confirm turns nothing on"
        on = await run("on", number, typed="y\n")
        assert (on.returncode, "1 accepted" in on.stdout) == (0, True)
        assert json.loads((await typed("ci", "show", uid, "--json")).stdout)["state"] == "active"
        assert "NOC" in (await typed("ci", "show", uid)).stdout
        changed = await run("change", number, "edge", "network", "--zone", "plant", "--json")
        assert json.loads(changed.stdout)["state"] == "off"
        assert json.loads((await run("on", number, "--none", "--yes", "--json")).stdout) == {"accepted": 0, "left": []}
        assert "off" in (await run("off", number)).stdout
        assert len(json.loads((await run("show", number, "--versions", "--json")).stdout)) == 5
        assert number in (await run("list")).stdout
        wrong = await run("make", "b", "network")
        assert (wrong.returncode, "ranges of addresses" in wrong.stderr) == (Refused.exit_code, True)
