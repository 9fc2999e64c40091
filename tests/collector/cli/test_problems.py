"""`muster problem` and `muster alert` against a collector that answers over HTTP."""

from __future__ import annotations

import json
from pathlib import Path

from collector.cli.client import Refused
from tests.collector.cli.typed import served
from tests.people import World


async def test_a_problem_is_raised_known_solved_and_closed_and_an_alert_is_seen(world: World, tmp_path: Path) -> None:
    async with served(world, tmp_path, await world.token("incident_manager")) as typed:
        assert "PRB-000001 open robot-incident_manager" in (await typed("problem", "raise", "INC-000001")).stdout
        lacking = await typed("problem", "known", "PRB-000001")
        assert lacking.returncode == Refused.exit_code
        assert "known_error" in (await typed("problem", "known", "PRB-000001", "--cause", "logs")).stdout
        assert "resolved" in (await typed("problem", "resolve", "PRB-000001", "--solution", "rotate")).stdout
        assert "closed" in (await typed("problem", "close", "PRB-000001")).stdout
        rows = json.loads((await typed("problem", "list", "--state", "closed", "--json")).stdout)
        assert [(each["number"], each["solution"]) for each in rows] == [("PRB-000001", "rotate")]
        assert "rotate" in (await typed("problem", "show", "PRB-000001")).stdout
        said = ("SRV-DISK-001", world.estate.web.uid, "--instance", "/var", "--reason", "on it")
        assert "/var" in (await typed("alert", "list", "--unseen")).stdout
        assert (await typed("alert", "seen", *said)).returncode == 0
        assert "/var" not in (await typed("alert", "list", "--unseen")).stdout
        assert (await typed("alert", "unsee", *said)).returncode == 0
