"""`muster channel` against a collector that answers over HTTP."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

from collector.cli.client import Refused
from tests.collector.cli.typed import served
from tests.collector.delivery.receiver import Receiver
from tests.people import World


async def test_a_channel_is_written_tried_listed_and_removed(world: World, tmp_path: Path) -> None:
    receiver = Receiver()
    asked = {"kind": "webhook", "settings": {"url": receiver.url}, "secret": {"secret": "geheim-geheim"}}
    (tmp_path / "night.json").write_text(json.dumps(asked))
    async with served(world, tmp_path, await world.token("incident_manager")) as typed:
        run = partial(typed, "channel")
        saved = await run("save", "night", str(tmp_path / "night.json"))
        assert saved.returncode == 0, saved.stderr
        assert "it works" in (await run("test", "night")).stdout
        shown = await run("show", "night")
        assert (json.loads(shown.stdout)["settings"]["url"], "geheim" in shown.stdout) == (receiver.url, False)
        (tmp_path / "again.json").write_text(shown.stdout)
        assert (await run("save", "night", str(tmp_path / "again.json"))).returncode == 0, "what it shows it takes back"
        assert json.loads((await run("list", "--json")).stdout)[0]["health"]["state"] == "well"
        assert "night" in (await run("list")).stdout
        assert "0 messages" in (await run("again", "night")).stdout
        receiver.close()
        failed = await run("test", "night")
        assert (failed.returncode, "ConnectError" in failed.stderr) == (Refused.exit_code, True)
        assert (await run("remove", "night")).returncode == 0
        assert (await run("show", "night")).returncode == Refused.exit_code
