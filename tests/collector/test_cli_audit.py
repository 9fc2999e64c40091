"""`muster audit` against a collector that answers over HTTP."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from sqlalchemy import text

from collector.cli import client
from collector.cli.client import Refused
from collector.security.audit import Actor, recorded
from collector.store.engine import Store
from tests.bench.programs import installed
from tests.conftest import free_port
from tests.people import World, make_world


@dataclass(frozen=True, slots=True)
class Said:
    """What a command said."""

    exit_code: int
    output: str
    complaint: str


Run = Callable[..., Awaitable[Said]]


@pytest.fixture
async def world(sqlite_store: Store, tmp_path: Path) -> World:
    made = make_world(sqlite_store, tmp_path, None)
    async with sqlite_store.write() as tx:
        for number in range(5):
            async with recorded(tx, Actor("ada", "page ::1"), made.clock() + number) as act:
                act.tell("plan.create", f"plan/{number}", after={"name": f"计划 {number}"})
    return made


@pytest.fixture
async def run(world: World, tmp_path: Path) -> AsyncIterator[Run]:
    """Runs a command beside a collector that answers at a port of its own."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(world.app, port=port, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  uvicorn offers a flag, no event
        await asyncio.sleep(0.01)
    client.write_local(tmp_path, f"http://127.0.0.1:{port}", "", await world.token("auditor"))

    async def invoke(*words: str) -> Said:
        command = installed("muster", "audit", *words, "--data", str(tmp_path))
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
        return Said(done.returncode, done.stdout, done.stderr)

    yield invoke
    server.should_exit = True
    await serving


async def test_acts_are_listed_and_the_chain_is_checked(world: World, run: Run) -> None:
    listed = json.loads((await run("list", "--object", "plan/3", "--json")).output)
    assert [(each["seq"], each["action"], each["details"]["after"]) for each in listed] == [
        (4, "plan.create", {"name": "计划 3"})
    ]
    intact = await run("verify")
    assert (intact.exit_code, intact.output) == (0, "intact: rows 1 to 5\n")
    async with world.store.write() as tx:
        await tx.execute(text("DELETE FROM audit WHERE seq = 2"))
    broken = await run("verify", "--json")
    assert broken.exit_code == 1
    assert json.loads(broken.output)["broken"] == {"seq": 2, "how": "missing", "since": 2}


async def test_a_log_that_was_cut_to_fit_is_found_by_the_anchor_that_was_exported(
    world: World, run: Run, tmp_path: Path
) -> None:
    anchor = tmp_path / "anchor.json"
    exported = await run("export", "--anchor", str(anchor))
    assert [json.loads(line)["seq"] for line in exported.output.splitlines()] == [1, 2, 3, 4, 5]
    assert (await run("verify", "--anchor", str(anchor))).output == "intact: rows 1 to 5, anchored up to 5\n"
    async with world.store.write() as tx:
        await tx.execute(text("DELETE FROM audit WHERE seq > 3"))
        await tx.execute(
            text("UPDATE audit_mark SET seq = 3, hash = (SELECT hash FROM audit WHERE seq = 3) WHERE name = 'head'")
        )
    assert (await run("verify")).exit_code == 0, "the database alone cannot know"
    cut = await run("verify", "--anchor", str(anchor))
    assert (cut.exit_code, cut.output) == (1, "BROKEN at row 4: missing\n")


async def test_what_is_no_anchor_is_one_clear_line(run: Run, tmp_path: Path) -> None:
    for content in ("", "{", "[1]", '{"kind": "x"}', "[" * 4000):
        (tmp_path / "anchor.json").write_text(content)
        said = await run("verify", "--anchor", str(tmp_path / "anchor.json"))
        assert said.exit_code == Refused.exit_code
        assert said.complaint.count("\n") == 1
