"""`muster backtest` against a collector that answers over HTTP."""

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
from collector.wording import time_text
from tests.bench.programs import installed
from tests.conftest import free_port
from tests.estate import DAY, NOW
from tests.people import Template, World, copy_of, make_template, make_world

POLICY = "packages: {default: informational, reason: others look at these}\n"


@pytest.fixture(scope="module")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return make_template(tmp_path_factory.mktemp("template"))


@pytest.fixture
async def world(seed: Template, tmp_path: Path) -> AsyncIterator[World]:
    store = copy_of(seed, tmp_path)
    yield make_world(store, tmp_path, seed.estate)
    await store.close()


async def test_a_period_is_judged_again_by_another_table(world: World, tmp_path: Path) -> None:
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(world.app, port=port, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  uvicorn offers a flag, no event
        await asyncio.sleep(0.01)
    client.write_local(tmp_path, f"http://127.0.0.1:{port}", await world.token("change_manager"))
    table = tmp_path / "attributes.yaml"

    async def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = installed("muster", "backtest", "--from", time_text(NOW - 7 * DAY), *words, "--data", str(tmp_path))
        return await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)

    table.write_text(POLICY, encoding="utf-8")
    told = json.loads((await run("--policy", str(table), "--json")).stdout)
    assert (told["cis"], told["flagged"], told["would_flag"]) == (1, 2, 0)
    shown = await run("--policy", str(table), "--post", "90")
    assert "2 are flagged, 0 would be" in shown.stdout, shown.stderr
    assert "web-01" in shown.stdout
    table.write_text("packages: [", encoding="utf-8")
    refused = await run("--policy", str(table))
    assert (refused.returncode, "policy:" in refused.stderr) == (Refused.exit_code, True)
    server.should_exit = True
    await serving
