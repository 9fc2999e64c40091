"""A past period judged again: as it is held by the same terms, and otherwise by others; nothing is written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path as File
from typing import Any

import pytest
from sqlalchemy import select

from collector.change.record import ChangeType
from collector.governance import of_table
from collector.model import Path, Verdict
from collector.pipeline.backtesting import backtest
from collector.services.lookback.asked import Asked, asked_of
from collector.services.lookback.report import Report
from collector.services.refused import Refused
from collector.store import schema
from collector.yamlfile import parse
from tests.collector.ground import HOUR, Ground, exactly, line
from tests.collector.ground import ground as ground
from tests.collector.test_pipeline import MINUTE, START

DAY = 24 * HOUR


async def again(ground: Ground, **how: Any) -> Report:
    """Judge everything up to now once more."""
    world = ground.world
    asked = Asked(**{"start": START, "end": world.now + 1, **how})
    async with world.store.read() as reader:
        return await backtest(reader, asked, world.now, world.runner.policies)


async def dump(ground: Ground) -> list[str]:
    async with ground.world.store.read() as reader:
        tables = schema.metadata.sorted_tables
        return [repr(row) for table in tables for row in await reader.execute(select(table))]


async def a_week(ground: Ground) -> None:
    """Work as planned, work after its window, something nobody asked for, something put back."""
    now = ground.world.now
    await ground.raise_(ChangeType.NORMAL, line(ground, exactly({"version": "3.03"})),
                        window=(now, now + HOUR), granted=now)  # fmt: skip
    await ground.install()
    await ground.later(2 * HOUR)
    shell = Path("users", "root")
    now = ground.world.now
    await ground.raise_(ChangeType.NORMAL, line(ground, path=shell), window=(now, now + HOUR), granted=now)
    await ground.later(4 * HOUR)
    await ground.tell()
    ground.host.bodies["users"] = [{"name": "root", "uid": 0, "gid": 0, "shell": "/bin/zsh", "can_log_in": True}]
    await ground.tell()
    ground.host.bodies["os"]["kernel"] = "6.1.0-29-amd64"
    await ground.tell()
    ground.host.bodies["dns"] = {"servers": ["9.9.9.9"], "search": ["example.test"]}
    await ground.tell()
    ground.host.bodies["dns"] = {"servers": ["10.0.0.53"], "search": ["example.test"]}
    await ground.tell()
    await ground.later(DAY)


async def test_by_the_same_terms_a_period_comes_to_what_is_held_of_it(ground: Ground) -> None:
    await a_week(ground)
    before = await dump(ground)
    report = await again(ground)
    assert (report.cis, report.differing, report.rows) == (1, 0, [])
    assert {was: count for (was, _), count in report.pairs.items()} == {
        Verdict.VERIFIED: 1, Verdict.OUT_OF_WINDOW: 1, Verdict.UNAPPROVED: 1, Verdict.REVERTED: 1,
    }  # fmt: skip
    assert await dump(ground) == before, "nothing is written"


async def test_a_wider_margin_takes_in_what_was_done_after_its_window(ground: Ground) -> None:
    await a_week(ground)
    margins = asked_of(START, START + 1, "", {"post": 24 * 60}, START + 1).margins
    report = await again(ground, margins=margins)
    (row,) = report.rows
    assert (row.item.path, row.was, row.would_be) == (
        Path("users", "root"), Verdict.OUT_OF_WINDOW, Verdict.AUTHORISED,
    )  # fmt: skip
    assert (report.flagged, report.would_flag) == (2, 1)


async def test_what_is_controlled_no_more_would_be_no_item_and_what_is_from_now_on_would_be_one(ground: Ground) -> None:
    ground.host.bodies["memory"] = {"total_bytes": 1 << 30, "swap_bytes": 0}
    await ground.tell()
    await a_week(ground)
    ground.host.bodies["memory"] = {"total_bytes": 2 << 30, "swap_bytes": 0}
    await ground.tell()
    await ground.later(DAY)
    controlled = ("memory", "packages", "os", "dns")
    lines = [f"{name}: {{default: controlled, reason: it is}}" for name in controlled]
    table = of_table(parse("\n".join([*lines, "users: {default: informational, reason: not it}"]), File("policy")))
    report = await again(ground, governance=table, start=START + 5 * MINUTE)
    found = {(row.item.path.section, row.item.path.key): (row.was, row.would_be) for row in report.rows}
    assert found == {
        ("memory", "total_bytes"): (None, Verdict.UNAPPROVED), ("users", "root"): (Verdict.OUT_OF_WINDOW, None),
    }  # fmt: skip
    row = next(row for row in report.rows if row.was is None)
    assert row.item.authorised == 1 << 30, "what was held against nothing is authorised as it stood at the beginning"


async def test_a_period_that_begins_in_the_middle_of_work_judges_all_of_it(ground: Ground) -> None:
    now = ground.world.now
    await ground.raise_(ChangeType.NORMAL, line(ground, exactly({"version": "3.04"})),
                        window=(now, now + HOUR), granted=now)  # fmt: skip
    await ground.install(version="3.03")
    middle = ground.world.now + 1
    await ground.install(version="3.04")
    await ground.later(2 * HOUR)
    report = await again(ground, start=middle)
    assert report.pairs == {(Verdict.VERIFIED, Verdict.VERIFIED): 1}


@pytest.mark.parametrize(
    ("start", "end", "policy", "minutes", "field"),
    [
        (10, 10, "", {}, "from"),
        (START, START + 1, "", {}, "from"),
        (0, 500 * DAY, "", {}, "from"),
        (0, DAY, "a: [", {}, "policy"),
        (0, DAY, "a: &a {default: controlled, reason: r}\nb: *a\n", {}, "policy"),
        (0, DAY, "os: {default: sometimes, reason: r}\n", {}, "policy"),
        (0, DAY, "os: {default: controlled}\n", {}, "policy"),
        (0, DAY, "os: " + "[" * 100, {}, "policy"),
        (0, DAY, "- os\n", {}, "policy"),
        (0, DAY, "", {"post": -1}, "post"),
        (0, DAY, "", {"wide": 1}, "wide"),
    ],
)
def test_what_cannot_be_judged_is_refused(
    start: int, end: int, policy: str, minutes: dict[str, int], field: str
) -> None:  # fmt: skip
    now = 600 * DAY
    with pytest.raises(Refused) as refused:
        asked_of(start, end, policy, minutes, now)
    assert refused.value.field == field


def test_a_period_ends_now_at_the_latest() -> None:
    assert replace(asked_of(0, 20, "", {}, 10), start=1).end == 10
