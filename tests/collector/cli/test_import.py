"""`muster import` against a collector that answers over HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from collector.cli.client import Refused
from collector.store.engine import Store
from tests.collector.cli.typed import Run, served
from tests.collector.services.imports.lists import ROWS, as_csv, as_xlsx
from tests.people import make_world


@pytest.fixture
async def run(sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Run]:
    world = make_world(sqlite_store, tmp_path, None)
    async with served(world, tmp_path, await world.token("config_admin:*")) as run:
        yield partial(run, "import")


async def test_a_list_is_looked_at_taken_and_the_same_again_is_no_news(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "room.xlsx"
    file.write_bytes(as_xlsx())
    dry = json.loads((await run(str(file), "--dry-run", "--json")).stdout)
    assert (dry["applied"], dry["counts"]) == (False, {"made": 2})
    taken = await run(str(file))
    assert (taken.returncode, taken.stdout.splitlines()[-1]) == (0, "taken")
    again = json.loads((await run(str(file), "--json")).stdout)
    assert again["counts"] == {"same": 2}


async def test_relations_of_a_list_are_told_and_taken_back(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "room.json"
    rows: list[dict[str, str]] = [{"type": "pc_server", "name": name, "label": name} for name in ("app-1", "db-1")]
    file.write_text(json.dumps([*rows, {"from": "app-1", "relation": "depends_on", "to": "db-1"}]))
    taken = await run(str(file))
    assert (taken.returncode, taken.stdout.splitlines()[-1]) == (0, "taken")
    assert "app-1 depends_on db-1" in taken.stdout
    file.write_text(json.dumps([{"from": "app-1", "relation": "depends_on", "to": "db-1"}]))
    assert json.loads((await run(str(file), "--json")).stdout)["counts"] == {"same": 1}
    assert json.loads((await run(str(file), "--take-back", "--json")).stdout)["counts"] == {"ended": 1}


async def test_a_refused_line_is_told_with_exit_code_1_and_what_is_no_list_is_one_line(
    run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "room.csv"
    file.write_bytes(as_csv([["宇宙飞船", *ROWS[0][1:]]], encoding="gb18030"))
    refused = await run(str(file))
    assert refused.returncode == 1
    assert "kind" in refused.stdout
    assert refused.stdout.splitlines()[-1] == "nothing was changed"
    file.write_bytes(b"\x00\x01\x02")
    bad = await run(str(file))
    assert (bad.returncode, bad.stderr.count("\n")) == (Refused.exit_code, 1)
    gone = await run(str(tmp_path / "gone.csv"))
    assert (gone.returncode, gone.stderr.count("\n")) == (Refused.exit_code, 1)
