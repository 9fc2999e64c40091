"""`muster backtest` against a collector that answers over HTTP."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

from collector.cli.client import Refused
from collector.wording import time_text
from tests.collector.cli.typed import served
from tests.estate import DAY, NOW
from tests.people import World

POLICY = "packages: {default: informational, reason: others look at these}\n"


async def test_a_period_is_judged_again_by_another_table(world: World, tmp_path: Path) -> None:
    async with served(world, tmp_path, await world.token("change_manager")) as typed:
        run = partial(typed, "backtest", "--from", time_text(NOW - 7 * DAY))
        table = tmp_path / "attributes.yaml"

        table.write_text(POLICY, encoding="utf-8")
        told = json.loads((await run("--policy", str(table), "--json")).stdout)
        assert (told["cis"], told["flagged"], told["would_flag"]) == (1, 2, 0)
        shown = await run("--policy", str(table), "--post", "90")
        assert "2 are flagged, 0 would be" in shown.stdout, shown.stderr
        assert "web-01" in shown.stdout
        table.write_text("packages: [", encoding="utf-8")
        refused = await run("--policy", str(table))
        assert (refused.returncode, "policy:" in refused.stderr) == (Refused.exit_code, True)
