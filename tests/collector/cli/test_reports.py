"""`muster report` against a collector that answers over HTTP."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path

from collector.cli.client import Refused
from tests.collector.cli.typed import served
from tests.people import World


async def test_a_report_is_shown_printed_and_written_and_refused_with_its_reason(world: World, tmp_path: Path) -> None:
    async with served(world, tmp_path, await world.token("viewer")) as typed:
        run = partial(typed, "report")
        shown = (await run("statistics", "--language", "en")).stdout
        assert "By class" in shown
        assert "server" in shown
        printed = await run("status", "--json", "--class", "server")
        assert {row["ci"] for row in json.loads(printed.stdout)["tables"]["cis"]["rows"]} == {"web-01", "db-01"}
        book = tmp_path / "health.xlsx"
        assert (await run("health", "--out", str(book))).returncode == 0
        assert book.read_bytes().startswith(b"PK")
        missing = await run("maintenance", "--format", "pdf", "--out", str(tmp_path / "none.pdf"))
        assert missing.returncode == Refused.exit_code
        assert "no CI" in missing.stderr
        assert not [name for name in os.listdir(tmp_path) if name.startswith("none.pdf")]
        assert "--format is one of" in (await run("status", "--format", "doc")).stderr
