"""`muster ci lock`, `locks`, `why` and `unlock` against a collector that answers over HTTP."""

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


async def test_a_value_is_locked_explained_and_released(world: World, tmp_path: Path) -> None:
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(world.app, port=port, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  uvicorn offers a flag, no event
        await asyncio.sleep(0.01)
    client.write_local(tmp_path, f"http://127.0.0.1:{port}", await world.token("config_admin:server"))

    async def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = installed("muster", "ci", *words, "--data", str(tmp_path))
        return await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)

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
    server.should_exit = True
    await serving
