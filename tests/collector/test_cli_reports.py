"""`muster report` against a collector that answers over HTTP."""

from __future__ import annotations

import asyncio
import json
import os
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


async def test_a_report_is_shown_printed_and_written_and_refused_with_its_reason(world: World, tmp_path: Path) -> None:
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(world.app, port=port, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  uvicorn offers a flag, no event
        await asyncio.sleep(0.01)
    client.write_local(tmp_path, f"http://127.0.0.1:{port}", await world.token("viewer"))

    async def run(*words: str) -> subprocess.CompletedProcess[bytes]:
        command = installed("muster", "report", *words, "--data", str(tmp_path))
        return await asyncio.to_thread(subprocess.run, command, capture_output=True, check=False)

    shown = (await run("statistics", "--language", "en")).stdout.decode()
    assert "By class" in shown
    assert "server" in shown
    printed = await run("status", "--json", "--class", "server")
    assert {row["ci"] for row in json.loads(printed.stdout)["tables"]["cis"]["rows"]} == {"web-01", "db-01"}
    book = tmp_path / "health.xlsx"
    assert (await run("health", "--out", str(book))).returncode == 0
    assert book.read_bytes().startswith(b"PK")
    missing = await run("maintenance", "--format", "pdf", "--out", str(tmp_path / "none.pdf"))
    assert missing.returncode == Refused.exit_code
    assert b"no CI" in missing.stderr
    assert not [name for name in os.listdir(tmp_path) if name.startswith("none.pdf")]
    assert b"--format is one of" in (await run("status", "--format", "doc")).stderr
    server.should_exit = True
    await serving
