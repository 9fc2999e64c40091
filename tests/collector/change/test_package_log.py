"""A package manager's own log says when packages moved and who asked for it; it never makes a bracket certain."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from collector.change.package_log import traces
from collector.model import Path
from collector.store import schema
from tests.collector.ground import Ground
from tests.collector.ground import ground as ground
from tests.collector.test_pipeline import MINUTE


def transaction(at: int, *packages: str, **more: object) -> dict[str, object]:
    """Return a row of the log, of ten seconds from `at` (ms) on."""

    moments = [datetime.fromtimestamp((at + ms) / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for ms in (0, 10_000)]
    return {"tool": "apt", "started": moments[0], "ended": moments[1], "packages": sorted(packages), **more}


async def items(ground: Ground) -> list[tuple[str, bool, int, int]]:
    rows = await ground.world.rows(schema.finding_item)
    return [(row.actor, row.claimed, row.lo, row.hi) for row in rows]


@pytest.mark.parametrize("together", [True, False])
async def test_a_transaction_narrows_the_bracket_of_its_packages_and_names_who_asked(
    ground: Ground, together: bool
) -> None:
    """Whether the log is told with the packages, or only by the next look."""
    world = ground.world
    ground.host.bodies["package_log"] = []
    await ground.tell()
    at = world.now - world.now % 1000 + 30_000
    log = [transaction(at, "cowsay", actor="wang"), transaction(at + 1000, "other", actor="li")]
    world.now += 10 * MINUTE
    if together:
        ground.host.bodies["package_log"] = log
    await ground.install()
    if not together:
        assert [actor for actor, *_ in await items(ground)] == [""]
        ground.host.bodies["package_log"] = log
        await ground.tell()
    [(actor, claimed, lo, hi)] = await items(ground)
    assert (actor, claimed) == ("wang", True)
    assert lo <= at <= at + 10_000 <= hi
    assert hi - lo <= 10_000 + 2 * MINUTE


async def test_what_two_asked_for_within_a_bracket_names_nobody(ground: Ground) -> None:
    world = ground.world
    at = world.now - world.now % 1000 + 30_000
    log = [transaction(at, "cowsay", actor="wang"), transaction(at + MINUTE, "cowsay", actor="li")]
    ground.host.bodies["package_log"] = log
    world.now += 10 * MINUTE
    await ground.install()
    [(actor, claimed, _, hi)] = await items(ground)
    assert (actor, claimed) == ("", True)
    assert hi <= at + MINUTE + 10_000 + MINUTE


async def test_a_log_that_moves_is_no_drift_and_no_history(ground: Ground) -> None:
    world = ground.world
    ground.host.bodies["package_log"] = [transaction(world.now, "cowsay")]
    await ground.tell()
    ground.host.bodies["package_log"] = [transaction(world.now, "cowsay", "more")]
    await ground.tell()
    assert await world.rows(schema.finding) == []
    paths = await world.rows(schema.path)
    assert "package_log" not in {row.section for row in paths}
    assert Path("packages", "x|y").section in {row.section for row in paths}


def test_a_time_that_is_none_leaves_no_trace() -> None:
    row = {"tool": "apt", "started": "<script>", "ended": "9999999-01-01", "packages": ["cowsay"]}
    assert traces(1, [row], [Path("packages", "cowsay|all")], 0) == []
