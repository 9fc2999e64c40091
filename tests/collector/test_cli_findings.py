"""`muster finding` against a collector that answers over HTTP."""

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


@pytest.fixture(scope="module")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return make_template(tmp_path_factory.mktemp("template"))


@pytest.fixture
async def world(seed: Template, tmp_path: Path) -> AsyncIterator[World]:
    store = copy_of(seed, tmp_path)
    yield make_world(store, tmp_path, seed.estate)
    await store.close()


async def test_findings_are_listed_shown_and_answered(world: World, tmp_path: Path) -> None:
    await world.person("engineer", name="cid")
    port, number = free_port(), str(world.estate.finding)
    server = uvicorn.Server(uvicorn.Config(world.app, port=port, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  uvicorn offers a flag, no event
        await asyncio.sleep(0.01)
    client.write_local(tmp_path, f"http://127.0.0.1:{port}", await world.token("change_supervisor:server"))

    async def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = installed("muster", "finding", *words, "--data", str(tmp_path))
        return await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)

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
    server.should_exit = True
    await serving
