"""`muster import` against a collector that answers over HTTP."""

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
from collector.store.engine import Store
from tests.bench.programs import installed
from tests.collector.services.imports.lists import ROWS, as_csv, as_xlsx
from tests.conftest import free_port
from tests.people import make_world


@pytest.fixture
async def data(sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Path]:
    """The data folder of a collector that answers."""
    world, port = make_world(sqlite_store, tmp_path, None), free_port()
    server = uvicorn.Server(uvicorn.Config(world.app, port=port, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  uvicorn offers a flag, no event
        await asyncio.sleep(0.01)
    client.write_local(tmp_path, f"http://127.0.0.1:{port}", await world.token("config_admin:*"))
    yield tmp_path
    server.should_exit = True
    await serving


async def run(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = installed("muster", "import", *words, "--data", str(data))
    return await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)


async def test_a_list_is_looked_at_taken_and_the_same_again_is_no_news(data: Path) -> None:
    file = data / "room.xlsx"
    file.write_bytes(as_xlsx())
    dry = json.loads((await run(data, str(file), "--dry-run", "--json")).stdout)
    assert (dry["applied"], dry["counts"]) == (False, {"made": 2})
    taken = await run(data, str(file))
    assert (taken.returncode, taken.stdout.splitlines()[-1]) == (0, "taken")
    again = json.loads((await run(data, str(file), "--json")).stdout)
    assert again["counts"] == {"same": 2}


async def test_a_refused_line_is_told_with_exit_code_1_and_what_is_no_list_is_one_line(data: Path) -> None:
    file = data / "room.csv"
    file.write_bytes(as_csv([["宇宙飞船", *ROWS[0][1:]]], encoding="gb18030"))
    refused = await run(data, str(file))
    assert refused.returncode == 1
    assert "kind" in refused.stdout
    assert refused.stdout.splitlines()[-1] == "nothing was changed"
    file.write_bytes(b"\x00\x01\x02")
    bad = await run(data, str(file))
    assert (bad.returncode, bad.stderr.count("\n")) == (Refused.exit_code, 1)
    gone = await run(data, str(data / "gone.csv"))
    assert (gone.returncode, gone.stderr.count("\n")) == (Refused.exit_code, 1)
