"""The pipeline over its store: what random histories leave is what their log leaves in a database that knew nothing.

`--campaign N` plays as many histories (the default is a short sample), in shards for `-n`.
"""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache
from typing import get_args

import pytest

from collector.change.record import ChangeType
from collector.pipeline import policies
from collector.pipeline.policies import Policies
from collector.rulebook import Rulebook
from collector.store import ingest_log, schema
from collector.store.engine import Store
from tests.collector.ground import COWSAY, Ground, line
from tests.collector.replay.cover import intervals_that_meet, uncovered
from tests.collector.replay.life import Life
from tests.collector.replay.script import Merged, Op, Parted, Script, script
from tests.collector.replay.tables import Rows, differences, tables
from tests.collector.test_pipeline import MINUTE, RULES, World
from tests.simulated import SimulatedHost

SAMPLE = 200
SHARDS = 10


@pytest.fixture(scope="module")
def seeds(request: pytest.FixtureRequest) -> range:
    return range(request.config.getoption("--campaign") or SAMPLE)


@pytest.mark.parametrize("shard", range(SHARDS))
async def test_what_was_lived_is_what_its_log_tells(seeds: range, shard: int, sqlite_store: Store) -> None:
    for seed in seeds[shard::SHARDS]:
        lived, replayed = await both(script(seed), sqlite_store)
        assert lived == replayed, f"history {seed}:\n{differences(lived, replayed)}"


async def both(of: Script, store: Store) -> tuple[Rows, Rows]:
    """Return what stands after a script was lived, and after its log was replayed where nothing was known."""
    await _forget(store)
    life = Life(store, _policies())
    await life.live(of, random.Random(of.seed))
    lived = await tables(store)
    assert await uncovered(store, of.end) == [], f"history {of.seed}: authorised without cover"
    assert await intervals_that_meet(store) == [], f"history {of.seed}: a lane says two things at once"
    await _forget(store)
    await Life(store, _policies(), life).replay(of)
    return lived, await tables(store)


async def _forget(store: Store) -> None:
    """Leave nothing in the store: to open another one for each life costs as much as to live it."""
    async with store.write() as tx:
        for table in reversed(schema.metadata.sorted_tables):
            await tx.execute(table.delete())


@cache
def _policies() -> Policies:
    """Return the policies as they are shipped, without the rules, of which nothing is compared here."""
    return replace(policies.load(RULES), rulebook=Rulebook({}, {}))


async def test_a_merge_that_is_taken_back_leaves_everything_as_it_was(seeds: range, sqlite_store: Store) -> None:
    for seed in seeds[:: max(1, len(seeds) // 10)]:
        of = script(seed)
        alone = replace(of, ops=tuple(op for op in of.ops if not isinstance(op, Merged | Parted)))
        await _forget(sqlite_store)
        life = Life(sqlite_store, _policies())
        await life.live(alone, random.Random(seed))
        before = await tables(sqlite_store)
        await life.merge_and_part(of.end + MINUTE)
        after = await tables(sqlite_store)
        assert after == before, f"history {seed}:\n{differences(before, after)}"


def test_the_sample_is_of_everything(seeds: range) -> None:
    """A sample that moved nothing, or in which nobody did anything, would show nothing."""
    ops = {type(op).__name__ for seed in range(SAMPLE) for op in script(seed).ops}
    assert ops == {each.__name__ for each in get_args(Op)}


async def test_a_clock_that_was_set_back_loses_no_finding(sqlite_store: Store) -> None:
    world = World(sqlite_store)
    await world.enrol(1)
    host = SimulatedHost(1, packages=2)
    await world.tell(1, host)
    await world.tell(1, host)
    host.bodies["os"]["kernel"] = "6.1.0-29-amd64"
    payload, at = host.observe(world.now + MINUTE), world.now + MINUTE
    async with sqlite_store.write() as tx:
        await ingest_log.append(tx, [(1, bytes(16), 3, at, payload)])
    world.now -= 60 * MINUTE
    while await world.runner.step():
        pass
    assert [row.verdict for row in await world.rows(schema.finding)] == ["pending"]


async def test_what_one_work_did_and_undid_is_nothing_though_it_is_told_in_two_batches_afterwards(
    sqlite_store: Store,
) -> None:
    """An agent was away: what it saw arrives when the window is long over, and in two transactions."""
    lived, replayed = [await _told_afterwards(sqlite_store, together) for together in (True, False)]
    assert lived == replayed


async def _told_afterwards(store: Store, together: bool) -> Rows:
    await _forget(store)
    world = World(store)
    await world.enrol(1)
    host = SimulatedHost(1, packages=2)
    await world.tell(1, host)
    await world.tell(1, host)
    (ci,) = await world.rows(schema.ci, schema.ci.c.ci_class == "server")
    ground, start = Ground(world, host, ci.id), world.now
    await ground.raise_(ChangeType.NORMAL, line(ground), window=(start, start + 600 * MINUTE), granted=start)
    batch = []
    for seq, packages in enumerate(([COWSAY], []), start=3):
        bodies = host.bodies["packages"]
        host.bodies["packages"] = [each for each in bodies if each["name"] != "cowsay"] + packages
        at = start + seq * MINUTE
        batch.append((1, bytes(16), seq, at, host.observe(at)))
    world.now = start + 6_000 * MINUTE
    for part in [batch] if together else [batch[:1], batch[1:]]:
        async with store.write() as tx:
            await ingest_log.append(tx, part)
        while await world.runner.step():
            pass
    return await tables(store)
