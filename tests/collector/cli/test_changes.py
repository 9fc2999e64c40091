"""`muster change` against a collector that answers over HTTP."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

from collector.cli.client import Refused
from tests.collector.cli.typed import served
from tests.people import World

WINDOW = ("--start", "2026-11-25T20:00:00+00:00", "--end", "2026-11-25T21:00:00+00:00")


async def test_a_change_is_raised_shown_stepped_and_refused_with_its_reasons(world: World, tmp_path: Path) -> None:
    await world.person("engineer", name="cid")
    async with served(world, tmp_path, await world.token("change_manager")) as typed:
        run = partial(typed, "change")
        uid = world.estate.web.uid
        raised = await run(
            "raise", "Patch", "--type", "standard", "--reason", "a weakness", "--implementer", "cid",
            "--expect", f"{uid}:os:version=12.6", *WINDOW,
        )  # fmt: skip
        assert raised.stdout == "CHG-000001 draft\n", raised.stderr
        assert (await run("step", "CHG-000001", "submit")).stdout == "CHG-000001 requested\n"
        refused = await run("step", "CHG-000001", "approve")
        assert refused.returncode == Refused.exit_code
        assert "no such role, initiator approves" in refused.stderr
        shown = json.loads((await run("show", "CHG-000001", "--json")).stdout)
        assert (shown["state"], shown["lines"][0]["value"]) == ("requested", "12.6")
        assert "web-01" in (await run("show", "CHG-000001")).stdout
        listed = json.loads((await run("list", "--state", "requested", "--json")).stdout)
        assert [each["number"] for each in listed] == ["CHG-000001"]
        assert json.loads((await run("list", "--at", "2020-01-01T00:00:00Z", "--json")).stdout) == []
        assert json.loads((await run("list", "--unverified", "--json")).stdout) == []
        assert "unverified" in (await run("list")).stdout
        listing = tmp_path / "list.csv"
        listing.write_text(
            f"reference,type,title,reason,implementer,ci\nR1,normal,盘,满,cid,{uid}\nR2,odd,a,b,cid,{uid}\n"
        )
        wrong = await run("import", str(listing), "--origin", "list")
        assert (wrong.returncode, "0 new, 0 known, 1 wrong" in wrong.stdout) == (1, True)
