"""`muster waiver` and `muster window` against a collector that answers over HTTP."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from collector.cli.client import Refused
from tests.collector.cli.typed import served
from tests.people import World

SCOPE = 'ci.name == "web-01"'


async def test_a_waiver_is_asked_for_granted_and_ended(world: World, tmp_path: Path) -> None:
    world.clock.at = int(datetime.now(UTC).timestamp() * 1000)
    for name in ("ann", "bea"):
        (tmp_path / name).mkdir()
    async with served(world, tmp_path / "ann", await world.token("incident_manager")) as ann:
        asked = await ann("waiver", "ask", "SRV-DISK-001", "--reason", "old", "--days", "365", "--scope", SCOPE)
        assert (asked.returncode, asked.stdout.strip()) == (0, "WVR-000001"), asked.stderr
        own = await ann("waiver", "grant", "WVR-000001")
        assert (own.returncode, "somebody else" in own.stderr) == (Refused.exit_code, True)
        async with served(world, tmp_path / "bea", await world.token("specialist")) as bea:
            assert (await bea("waiver", "grant", "WVR-000001", "--note", "fine")).returncode == 0
        [row] = json.loads((await ann("waiver", "list", "--json")).stdout)
        assert (row["stand"], row["scope"], row["note"]) == ("active", SCOPE, "fine")
        assert (await ann("waiver", "end", "WVR-000001", "--reason", "mended")).returncode == 0
        assert "ended" in (await ann("waiver", "list")).stdout
        wrong = await ann("waiver", "ask", "NO-SUCH", "--reason", "r", "--days", "1")
        assert (wrong.returncode, "no rule" in wrong.stderr) == (Refused.exit_code, True)


async def test_a_window_is_set_from_now_and_ended(world: World, tmp_path: Path) -> None:
    world.clock.at = int(datetime.now(UTC).timestamp() * 1000)
    async with served(world, tmp_path, await world.token("change_manager")) as typed:
        run = partial(typed, "window")
        made = await run("set", "patching", "--hours", "2", "--ci", world.estate.web.uid, "--rule", "SRV-*", "--json")
        uid = json.loads(made.stdout)["id"]
        [row] = json.loads((await run("list", "--json")).stdout)
        assert (row["id"], row["kind"], row["rules"]) == (uid, "maintenance", ["SRV-*"])
        assert (await run("end", uid)).returncode == 0
        assert "over" in (await run("list")).stdout
        wrong = await run("set", "all", "--hours", "2")
        assert (wrong.returncode, "CIs, classes or a condition" in wrong.stderr) == (Refused.exit_code, True)
