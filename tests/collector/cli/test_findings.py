"""`muster finding` against a collector that answers over HTTP."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

from collector.cli.client import Refused
from tests.collector.cli.typed import served
from tests.people import World


async def test_findings_are_listed_shown_and_answered(world: World, tmp_path: Path) -> None:
    await world.person("engineer", name="cid")
    number = str(world.estate.finding)
    async with served(world, tmp_path, await world.token("change_supervisor:server")) as typed:
        run = partial(typed, "finding")
        listed = json.loads((await run("list", "--state", "open", "--verdict", "unapproved", "--json")).stdout)
        assert [str(each["id"]) for each in listed] == [number]
        assert "web-01" in (await run("list")).stdout
        shown = await run("show", number)
        assert "openssl" in shown.stdout, shown.stderr
        assert json.loads((await run("campaigns", "--json")).stdout) == []

        nothing = await run("waive", number, "--until", "2020-01-01T00:00:00Z", "--reason", "because")
        assert (nothing.returncode, "within a year" in nothing.stderr) == (Refused.exit_code, True)
        assert (await run("undo", number, "--by", "cid", "--reason", "nobody asked for it")).returncode == 0
        both = await run("accept", number, "999", "--reason", "a weakness was closed")
        assert (both.returncode, "1 accepted" in both.stdout, "999" in both.stdout) == (1, True, True), both.stderr
        gone = await run("accept", number, "--reason", "again")
        assert (gone.returncode, "closed" in gone.stderr) == (Refused.exit_code, True)
