"""`muster stocktake` and `muster label` against a collector that answers over HTTP."""

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
from tests.estate import Estate
from tests.people import Template, World, copy_of, make_template, make_world


@pytest.fixture
async def world(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> AsyncIterator[World]:
    seed: Template = make_template(tmp_path_factory.mktemp("template"))
    store = copy_of(seed, tmp_path)
    yield make_world(store, tmp_path, seed.estate)
    await store.close()


async def test_a_round_is_opened_counted_from_a_scanner_closed_and_written(world: World, tmp_path: Path) -> None:
    async with world.store.write() as tx:
        await Estate(tx).say(world.estate.web, "record", {"place": "A"})
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(world.app, port=port, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  uvicorn offers a flag, no event
        await asyncio.sleep(0.01)
    client.write_local(tmp_path, f"http://127.0.0.1:{port}", await world.token("config_admin:*"))

    async def run(*words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        command = installed("muster", *words, "--data", str(tmp_path))
        return await asyncio.to_thread(
            subprocess.run, command, input=typed, capture_output=True, text=True, check=False
        )

    opened = await run("stocktake", "open", "Round", "--who", "robot-config_admin.*", "--place", "A")
    assert opened.stdout == "ST-000001\n", opened.stderr
    counted = await run("stocktake", "count", "ST-000001", "--place", "B", typed=f"{world.estate.web.uid}\n\nno such\n")
    assert counted.stdout == "moved: web-01\nfound: no such\n", counted.stderr
    report = tmp_path / "report.json"
    assert (await run("stocktake", "report", "ST-000001", "--out", str(report))).returncode == 0
    assert json.loads(report.read_text())["figures"]["stocktake_moved"] == 1
    assert len((await run("stocktake", "close", "ST-000001")).stdout.strip()) == 64
    again = await run("stocktake", "close", "ST-000001")
    assert (again.returncode, "closed" in again.stderr) == (Refused.exit_code, True)
    assert "ST-000001" in (await run("stocktake", "list")).stdout
    pdf = tmp_path / "labels.pdf"
    printed = await run("label", "print", world.estate.web.uid, "--out", str(pdf), "--format", "roll_62x29")
    assert (printed.returncode, pdf.read_bytes()[:5]) == (0, b"%PDF-"), printed.stderr
    (row,) = json.loads((await run("label", "list", "--state", "current", "--json")).stdout)
    assert row["ci"]["name"] == "web-01"
    server.should_exit = True
    await serving
