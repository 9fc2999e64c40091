"""`muster stocktake` and `muster label` against a collector that answers over HTTP."""

from __future__ import annotations

import json
from pathlib import Path

from collector.cli.client import Refused
from tests.collector.cli.typed import served
from tests.estate import Estate
from tests.people import World


async def test_a_round_is_opened_counted_from_a_scanner_closed_and_written(world: World, tmp_path: Path) -> None:
    async with world.store.write() as tx:
        await Estate(tx).say(world.estate.web, "record", {"place": "A"})
    async with served(world, tmp_path, await world.token("config_admin:*")) as run:
        opened = await run("stocktake", "open", "Round", "--who", "robot-config_admin.*", "--place", "A")
        assert opened.stdout == "ST-000001\n", opened.stderr
        counted = await run(
            "stocktake", "count", "ST-000001", "--place", "B", typed=f"{world.estate.web.uid}\n\nno such\n"
        )
        assert counted.stdout == "moved: web-01\nfound: no such\n", counted.stderr
        report = tmp_path / "report.json"
        assert (await run("stocktake", "report", "ST-000001", "--out", str(report))).returncode == 0
        assert json.loads(report.read_text())["figures"]["stocktake_moved"] == 1
        assert len((await run("stocktake", "close", "ST-000001")).stdout.strip()) == 64
        again = await run("stocktake", "close", "ST-000001")
        assert (again.returncode, "closed" in again.stderr) == (Refused.exit_code, True)
        assert "ST-000001" in (await run("stocktake", "list")).stdout
        planned = await run(
            "stocktake", "plan", "Rounds", "--rrule", "FREQ=MONTHLY;BYDAY=1MO;BYHOUR=9", "--place", "A",
            "--who", "robot-config_admin.*",
        )  # fmt: skip
        assert planned.stdout == "RND-0001\n", planned.stderr
        assert (await run("stocktake", "turn", "RND-0001", "paused")).stdout == "paused\n"
        (plan,) = json.loads((await run("stocktake", "plans", "--json")).stdout)
        assert (plan["state"], plan["plan"]["scope"]["place"]) == ("paused", "A")
        assert "RND-0001" in (await run("stocktake", "plans")).stdout
        pdf = tmp_path / "labels.pdf"
        printed = await run("label", "print", world.estate.web.uid, "--out", str(pdf), "--format", "roll_62x29")
        assert (printed.returncode, pdf.read_bytes()[:5]) == (0, b"%PDF-"), printed.stderr
        (row,) = json.loads((await run("label", "list", "--state", "current", "--json")).stdout)
        assert row["ci"]["name"] == "web-01"
