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


async def test_who_is_to_put_it_back_says_so_and_is_listed_until_it_is_seen(world: World, tmp_path: Path) -> None:
    number, engineer = str(world.estate.finding), await world.token("engineer")
    async with served(world, tmp_path, await world.token("change_supervisor:server")) as typed:
        run = partial(typed, "finding")
        until = ("--until", "2026-11-30T12:00:00Z")
        asked = await run("undo", number, "--by", "robot-engineer", *until, "--reason", "nobody asked for it")
        assert asked.returncode == 0, asked.stderr
        (task,) = json.loads((await run("tasks", "--of", "robot-engineer", "--json")).stdout)
        assert (task["revert"]["due_at"], task["revert"]["state"]) == ("2026-11-30T12:00:00.000Z", "open")
        assert json.loads((await run("tasks", "--overdue", "--json")).stdout) == []
        assert json.loads((await run("tasks", "--of", "dan", "--json")).stdout) == []
        theirs = await run("put-back", number, "--note", "it was me")
        assert (theirs.returncode, "only whom" in theirs.stderr) == (Refused.exit_code, True)
        assert json.loads((await run("unverified", "--json")).stdout) == []
    async with served(world, tmp_path, engineer) as typed:
        run = partial(typed, "finding")
        said = await run("put-back", number, "--note", "apt install openssl=1.0")
        assert said.returncode == 0, said.stderr
        assert "apt install" in (await run("show", number)).stdout
        assert "done" in (await run("tasks")).stdout
        own = await run("call-off", number, "--reason", "no")
        assert own.returncode == Refused.exit_code
