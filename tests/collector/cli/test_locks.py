"""`muster ci lock`, `locks`, `why` and `unlock` against a collector that answers over HTTP."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

from collector.cli.client import Refused
from tests.collector.cli.typed import served
from tests.people import World


async def test_a_value_is_locked_explained_and_released(world: World, tmp_path: Path) -> None:
    async with served(world, tmp_path, await world.token("config_admin:server")) as typed:
        run = partial(typed, "ci")
        place = (world.estate.web.uid, "os", "version")
        locked = await run("lock", *place, "--reason", "misread", "--value", '"99"', "--json")
        assert locked.returncode == 0, locked.stderr
        assert [(each["value"], each["is_disputed"]) for each in json.loads(locked.stdout)] == [("99", True)]
        assert "misread" in (await run("locks", place[0])).stdout
        why = await run("why", *place)
        assert ("lock" in why.stdout, "authoritative" in why.stdout) == (True, True), why.stderr
        broken = await run("lock", *place, "--reason", "r", "--value", "{")
        assert (broken.returncode, "JSON is expected" in broken.stderr) == (2, True)
        assert json.loads((await run("unlock", *place, "--reason", "repaired", "--json")).stdout) == []
        again = await run("unlock", *place, "--reason", "repaired")
        assert (again.returncode, "there is no lock os.version" in again.stderr) == (Refused.exit_code, True)
