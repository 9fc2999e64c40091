"""Whatever happens to a probe, its collector and the line between them: no watch is lost, none runs twice, and what is
explored comes to an end or says why not. `--campaign N` for more histories.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from collector.services import sweeps
from collector.store.agents import Standing
from collector.store.engine import Store, open_store, sqlite_url
from collector.store.sweeps import RUNNING, WAITING
from tests.collector.reach.lanes import STEP_MS, World, played
from tests.collector.reach.test_watching import MINUTE, NOON, Net

HISTORIES = 6
SETTLES = 36
"""Steps after which all that was asked for has ended: three minutes, and ten addresses twice over."""
_number = st.integers(0, 3)
Happenings = list[tuple[str, int]]
happenings: st.SearchStrategy[Happenings] = st.lists(
    st.tuples(
        st.sampled_from([
            "start", "start", "start", "cancel", "cancel", "close", "crash", "probe_restarts", "collector_restarts",
            "cut", "lost", "unanswered", "nothing",
        ]), _number,
    ), min_size=12, max_size=40,
)  # fmt: skip


@pytest.fixture
def worlds() -> Iterator[list[World]]:
    """The world of the history at hand, whose sweeps are played."""
    made: list[World] = []
    with played(lambda: made[-1]):
        yield made


async def _world(store: Store) -> World:
    net = Net(store)
    await net.build()
    return World(store, Standing(net.probe, "probe-1", "active", "", b"p", "s", None), NOON)


async def _happens(world: World, what: str, number: int) -> None:
    fault = ""
    match what:
        case "start":
            await world.start(number % 2)
        case "cancel":
            await world.cancel(number)
        case "close":
            await world.close(number)
        case "crash":
            world.crash(number)
        case "probe_restarts":
            world.restart_probe()
        case "collector_restarts":
            world.begin_collector()
        case "cut":
            world.cut()
        case "lost" | "unanswered":
            fault = what
    await world.step(fault)


async def _history(store: Store, worlds: list[World], drawn: Happenings) -> None:
    world = await _world(store)
    worlds.append(world)
    await world.start(0)
    for what, number in drawn:
        await _happens(world, what, number)
    for _ in range(SETTLES):
        await world.step()
    await _ended(world)
    began = world.now
    for _ in range(3 * MINUTE // STEP_MS):
        await world.step()
    assert len([at for at, _ in world.watches if at > began]) == 3, "a watch each minute"


async def _ended(world: World) -> None:
    """What was explored is done, to its last address, or says why not."""
    async with world.store.read() as reader:
        for each in await sweeps.recent(reader):
            assert each.state not in (WAITING, RUNNING), (each, world.now)
            assert each.state != "failed" or each.reason
            told = await sweeps.targets(reader, each.uid, limit=100)
            assert each.state != "done" or len(told) == each.counts["planned"]


@pytest.fixture
def histories(request: pytest.FixtureRequest) -> int:
    campaign: int = request.config.getoption("--campaign")
    return campaign or HISTORIES


def test_no_watch_is_lost_and_none_runs_twice_and_what_is_explored_ends(
    histories: int, worlds: list[World], migrated_file: Path, tmp_path: Path
) -> None:
    @settings(max_examples=histories, deadline=None, suppress_health_check=list(HealthCheck))
    @given(happenings)
    @example([("start", 0)] * 15 + [("close", 0), ("unanswered", 0)])  # rows nobody kept, and its end told again
    def holds(drawn: Happenings) -> None:
        async def lived() -> None:
            shutil.copy(migrated_file, tmp_path / "muster.db")
            store = open_store(sqlite_url(tmp_path / "muster.db"))
            try:
                await _history(store, worlds, drawn)
            finally:
                await store.close()

        for each in tmp_path.glob("muster.db*"):
            each.unlink()
        asyncio.run(lived())

    holds()
