"""`muster inspection` against a collector that answers over HTTP: from template to signature."""

from __future__ import annotations

import json
from pathlib import Path

from collector.cli.client import Refused
from tests.collector.cli.typed import served
from tests.collector.inspecting.hall import JPEG
from tests.people import World


async def test_a_plan_of_a_template_is_run_filled_in_and_signed(world: World, tmp_path: Path) -> None:
    async with served(world, tmp_path, await world.token("incident_manager")) as run:
        assert "emergency_drill" in (await run("inspection", "templates")).stdout
        made = await run("inspection", "plan", "emergency_drill", "--who", "robot-incident_manager")
        assert made.stdout == "PLN-0001\n", made.stderr
        assert (await run("inspection", "pause", "PLN-0001")).returncode == 0
        assert "paused" in (await run("inspection", "plans")).stdout
        assert (await run("inspection", "run", "PLN-0001")).stdout == "INS-000001\n"
        photo = tmp_path / "people.jpg"
        photo.write_bytes(JPEG)
        fills = (("M-SCENARIO", "mains"), ("M-PEOPLE", "all", "--photo", str(photo)), ("M-RECOVERY", "300"),
                 ("M-RESULT", "0"), ("M-LESSONS", "none"))  # fmt: skip
        said = [(await run("inspection", "fill", "INS-000001", *words)).stdout.strip() for words in fills]
        assert said[1:3] == ["M-PEOPLE: ok", "M-RECOVERY: problem"]
        early = await run("inspection", "sign", "INS-000002")
        assert early.returncode == Refused.exit_code
        assert len((await run("inspection", "sign", "INS-000001")).stdout.strip()) == 64
        alone = await run("inspection", "review", "INS-000001")
        assert (alone.returncode, "another person" in alone.stderr) == (Refused.exit_code, True)
        assert "M-RECOVERY" in (await run("inspection", "show", "INS-000001")).stdout
        assert "signed" in (await run("inspection", "list")).stdout
        report = tmp_path / "report.json"
        assert (await run("inspection", "report", "INS-000001", "--out", str(report))).returncode == 0
        assert json.loads(report.read_text())["figures"]["item_problems"] == 1
