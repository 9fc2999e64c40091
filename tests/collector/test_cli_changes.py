"""`muster change` against a collector that answers over HTTP."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvicorn

from collector.cli import client
from collector.cli.client import Refused
from tests.bench.programs import installed
from tests.conftest import free_port
from tests.people import Template, World, copy_of, make_template, make_world

WINDOW = ("--start", "2026-11-25T20:00:00+00:00", "--end", "2026-11-25T21:00:00+00:00")


@pytest.fixture(scope="module")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return make_template(tmp_path_factory.mktemp("template"))


@pytest.fixture
async def world(seed: Template, tmp_path: Path) -> AsyncIterator[World]:
    store = copy_of(seed, tmp_path)
    yield make_world(store, tmp_path, seed.estate)
    await store.close()


async def test_a_change_is_raised_shown_stepped_and_refused_with_its_reasons(world: World, tmp_path: Path) -> None:
    await world.person("engineer", name="cid")
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(world.app, port=port, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  uvicorn offers a flag, no event
        await asyncio.sleep(0.01)
    client.write_local(tmp_path, f"http://127.0.0.1:{port}", await world.token("change_manager"))

    async def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = installed("muster", "change", *words, "--data", str(tmp_path))
        return await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)

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
    listing = tmp_path / "list.csv"
    listing.write_text(f"reference,type,title,reason,implementer,ci\nR1,normal,盘,满,cid,{uid}\nR2,odd,a,b,cid,{uid}\n")
    wrong = await run("import", str(listing), "--origin", "list")
    assert (wrong.returncode, "0 new, 0 known, 1 wrong" in wrong.stdout) == (1, True)
    server.should_exit = True
    await serving
