"""`muster ci relate` against a collector that answers over HTTP."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

from collector.cli.client import Refused
from collector.wording import time_text
from tests.collector.cli.typed import served
from tests.people import World


async def test_a_relation_is_said_and_taken_back(world: World, tmp_path: Path) -> None:
    web, db = world.estate.web.uid, world.estate.db.uid
    async with served(world, tmp_path, await world.token("config_admin:*")) as typed:
        run = partial(typed, "ci", "relate", web, "powered_by", db)
        assert (await run()).returncode == 0
        async with await world.program("viewer") as client:
            listed = (await client.get(f"/api/v1/cis/{web}/relations", params={"kind": "powered_by"})).json()["items"]
        assert [each["b"]["id"] for each in listed] == [db], json.dumps(listed)
        known = time_text(world.clock())
        world.clock.at += 60_000
        assert (await run("--end")).returncode == 0
        for words, count in (((), 0), (("--known-at", known), 1), (("--at", known), 1), (("--kind", "runs_on"), 0)):
            told = await typed("ci", "relations", web, "--kind", "powered_by", *words, "--json")
            powered = [each for each in json.loads(told.stdout) if each["kind"] == "powered_by"]
            assert len(powered) == count, words
        everything = await typed("ci", "relations", "--known-at", known)
        assert "powered_by" in everything.stdout
        again = await run("--end")
        assert (again.returncode, "no such relation" in again.stderr) == (Refused.exit_code, True)
