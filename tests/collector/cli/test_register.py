"""`muster ci add`, `register` and `replace` against a collector that answers over HTTP."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

from collector.cli.client import Refused
from tests.collector.api.test_registration_api import proposed
from tests.collector.cli.typed import served
from tests.people import World


async def test_arrivals_are_registered_with_their_record_and_said_to_replace_another(
    world: World, tmp_path: Path
) -> None:
    old, new, third = [await proposed(world, name) for name in ("sw-07", "sw-08", "sw-09")]
    async with served(world, tmp_path, await world.token("config_admin:*")) as typed:
        run = partial(typed, "ci")
        said = ("--owner", "李伟", "--place", "A07", "--label", "LB-1", "--environment", "test")
        assert "1 registered" in (await run("register", old.uid, *said)).stdout
        shown = json.loads((await run("show", old.uid, "--json")).stdout)
        assert (shown["label"], shown["environment"]) == ("LB-1", "test")
        assert (await run("register", new.uid, third.uid, "--label", "LB-2")).returncode == 2
        taken = await run("register", third.uid, "--label", "LB-1")
        assert (taken.returncode, "label" in taken.stderr) == (Refused.exit_code, True)
        replaced = json.loads((await run("replace", new.uid, old.uid, "--reason", "burnt out", "--json")).stdout)
        assert replaced["id"] == old.uid
        assert "1 registered" in (await run("register", third.uid, "--owner", "李伟")).stdout


async def test_what_nothing_discovers_is_entered(world: World, tmp_path: Path) -> None:
    async with served(world, tmp_path, await world.token("config_admin:*")) as typed:
        add = partial(typed, "ci", "add", "--type", "rack", "--name", "A07", "--label", "LB-7")
        made = json.loads((await add("--owner", "李伟", "--json")).stdout)
        assert (made["outcome"], made["left"]) == ("made", "")
        assert json.loads((await add("--json")).stdout) == {"id": made["id"], "outcome": "same", "left": ""}
        other = await add("--serial", "AB12345")
        assert (other.returncode, "needed" in other.stderr) == (Refused.exit_code, True)
