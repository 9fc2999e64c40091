"""`muster kb`, and the monthly report by command."""

from __future__ import annotations

import json
from pathlib import Path

from collector.cli.client import Refused
from tests.collector.cli.typed import served
from tests.people import World


async def test_an_article_is_written_submitted_and_sent_back_by_command(world: World, tmp_path: Path) -> None:
    solution = tmp_path / "solution.txt"
    solution.write_text("1. 清理日志\n", encoding="utf-8")
    token, reviewer = await world.token("engineer"), await world.token("knowledge_manager")
    for name in ("writer", "reviewer"):
        (tmp_path / name).mkdir()
    async with served(world, tmp_path / "writer", token) as run:
        made = await run("kb", "write", "磁盘满", "--problem", "写不进去", "--solution", str(solution), "--tag", "disk")
        assert made.stdout.strip() == "KB-000001"
        assert (await run("kb", "submit", "KB-000001")).returncode == 0
        assert "KB-000001" in (await run("kb", "list", "--state", "submitted")).stdout
        missing = await run("kb", "write", "x", "--problem", "y", "--solution", str(tmp_path / "none"))
        assert (missing.returncode, "none" in missing.stderr) == (Refused.exit_code, True)
    async with served(world, tmp_path / "reviewer", reviewer) as run:
        assert (await run("kb", "publish", "KB-000001")).returncode == 0
        assert (await run("kb", "vote", "KB-000001", "--helpful")).returncode == 0
        [found] = json.loads((await run("kb", "search", "磁盘", "--json")).stdout)
        assert [found["number"], found["helpful"]] == ["KB-000001", 1]
        assert "清理日志" in (await run("kb", "show", "KB-000001")).stdout
        assert (await run("kb", "retire", "KB-000001", "--reason", "old")).returncode == 0
        assert json.loads((await run("kb", "search", "磁盘", "--json")).stdout) == []
        month = json.loads((await run("report", "monthly", "--month", "2026-11", "--json")).stdout)
        assert month["parameters"]["since"].startswith("2026-10-31T16:00")
        wrong = await run("report", "monthly", "--month", "2026-13", "--json")
        assert (wrong.returncode, "2026-11" in wrong.stderr) == (Refused.exit_code, True)
