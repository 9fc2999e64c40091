"""`muster incident` against a collector that answers over HTTP."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

from collector.cli.client import Refused
from tests.collector.cli.typed import served
from tests.people import World


async def test_an_incident_is_listed_worked_on_and_closed(world: World, tmp_path: Path) -> None:
    uma = await world.person("viewer", name="uma")
    await world.person("engineer", name="bob")
    number = (await uma.post("/api/v1/my/reports", json={"title": "No mail"})).json()["number"]
    async with served(world, tmp_path, await world.token("service_desk")) as typed:
        run = partial(typed, "incident")
        assert number in (await run("list", "--state", "open", "--priority", "P4")).stdout
        assert "in_progress line 1 robot-service_desk" in (await run("take", number)).stdout
        assert "pending" in (await run("wait", number, "--for", "vendor", "--text", "called")).stdout
        words: tuple[str, ...]
        for words in (("resume",), ("assign", "bob"), ("comment", "--text", "on it")):
            answer = await run(words[0], number, *words[1:])
            assert answer.returncode == 0, answer.stderr
        denied = await run("hand-on", number, "--line", "2", "--text", "there already")
        assert (denied.returncode, "same line" in denied.stderr) == (Refused.exit_code, True), denied.stderr
        for words in (("hand-on", "--text", "vendor"), ("hand-on", "--line", "1", "--text", "back")):
            assert (await run(words[0], number, *words[1:])).returncode == 0
        assert (await run("resolve", number, "--text", "restarted")).returncode == 0
        assert (await run("reopen", number, "--text", "again")).returncode == 0
        assert (await run("resolve", number, "--text", "replaced", "--code", "replaced")).returncode == 0
        assert "closed" in (await run("close", number)).stdout
        assert (await run("score", number, "4", "--text", "said so by phone")).returncode == 0
        assert (await run("score", number, "5")).returncode == Refused.exit_code, "once"
        shown = await run("show", number)
        assert "resolution" in shown.stdout, shown.stderr
        whole = json.loads((await run("show", number, "--json")).stdout)
        assert (whole["score"], whole["reopened"], whole["resolution_code"]) == (4, 1, "replaced")
