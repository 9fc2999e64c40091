"""`muster audit` against a collector that answers over HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text

from collector.cli.client import Refused
from collector.security.audit import Actor, recorded
from collector.services.anchoring import Anchoring
from collector.store.engine import Store
from collector.web.catalogue import Texts
from collector.workcalendar import Calendar
from tests.collector.cli.typed import Run, served
from tests.people import World, make_world


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
    async with served(world, tmp_path, "", await world.token("auditor")) as run:
        yield partial(run, "audit")


async def test_acts_are_listed_and_the_chain_is_checked(world: World, run: Run) -> None:
    listed = json.loads((await run("list", "--object", "plan/3", "--json")).stdout)
    assert [(each["seq"], each["action"], each["details"]["after"]) for each in listed] == [
        (4, "plan.create", {"name": "计划 3"})
    ]
    intact = await run("verify")
    assert (intact.returncode, intact.stdout) == (0, "intact: rows 1 to 5\n")
    async with world.store.write() as tx:
        await tx.execute(text("DELETE FROM audit WHERE seq = 2"))
    broken = await run("verify", "--json")
    assert broken.returncode == 1
    assert json.loads(broken.stdout)["broken"] == {"seq": 2, "how": "missing", "since": 2}


async def test_a_log_that_was_cut_to_fit_is_found_by_the_anchor_that_was_exported(
    world: World, run: Run, tmp_path: Path
) -> None:
    anchor = tmp_path / "anchor.json"
    exported = await run("export", "--anchor", str(anchor))
    assert [json.loads(line)["seq"] for line in exported.stdout.splitlines()] == [1, 2, 3, 4, 5]
    assert (await run("verify", "--anchor", str(anchor))).stdout == "intact: rows 1 to 5, anchored up to 5\n"
    async with world.store.write() as tx:
        await tx.execute(text("DELETE FROM audit WHERE seq > 3"))
        await tx.execute(
            text("UPDATE audit_mark SET seq = 3, hash = (SELECT hash FROM audit WHERE seq = 3) WHERE name = 'head'")
        )
    assert (await run("verify")).returncode == 0, "the database alone cannot know"
    cut = await run("verify", "--anchor", str(anchor))
    assert (cut.returncode, cut.stdout) == (1, "BROKEN at row 4: missing\n")


async def test_the_anchors_of_all_days_are_written_as_files_that_are_given_back(
    world: World, run: Run, tmp_path: Path
) -> None:
    authority, words = world.app.state.context.authority, {"zh": Texts("zh-CN"), "en": Texts("en")}
    day = await Anchoring(world.store, authority, Calendar(), words, world.clock).step()
    listed = json.loads((await run("anchors", "--out", str(tmp_path), "--json")).stdout)
    assert [(each["day"], each["seq"]) for each in listed] == [(day, 5)]
    kept = tmp_path / f"muster-audit-{day}.json"
    assert (await run("verify", "--anchor", str(kept))).stdout == "intact: rows 1 to 6, anchored up to 5\n"
    async with world.store.write() as tx:
        await tx.execute(text("DELETE FROM audit_anchor"))
    gone = await run("verify", "--anchor", str(kept))
    assert gone.returncode == 1
    assert gone.stdout.endswith(f"BROKEN: the anchors of {day} are gone\n")


async def test_what_is_no_anchor_is_one_clear_line(run: Run, tmp_path: Path) -> None:
    for content in ("", "{", "[1]", '{"kind": "x"}', "[" * 4000):
        (tmp_path / "anchor.json").write_text(content)
        said = await run("verify", "--anchor", str(tmp_path / "anchor.json"))
        assert said.returncode == Refused.exit_code
        assert said.stderr.count("\n") == 1
