"""How matching asks its store: in few statements, however many CIs moved, and no less than when each is asked alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import Path, Step
from collector.pipeline import Touched, matching, recording
from collector.pipeline.recording import Draft, Drafts
from collector.store import findings, interning, schema
from collector.store.engine import Store
from collector.store.lanes import Origin
from tests.collector.test_pipeline import MINUTE, World
from tests.simulated import SimulatedHost

PACKAGE = Path("packages", "package-0000|amd64")
OPENED = {"sqlite": 5, "postgresql": 4}
"""Statements that hold what moved against changes and open a finding of it: what is open and what stands there, the
courses, changes; then the finding and its items, which PostgreSQL takes together."""


@contextmanager
def counted(tx: AsyncConnection) -> Iterator[list[str]]:
    """Yield what is asked of the database from here on."""
    asked: list[str] = []

    def note(*told: Any) -> None:
        asked.append(told[2])

    engine = tx.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


class Fleet:
    """Some hosts that are known, and a package of theirs that moves."""

    def __init__(self, world: World) -> None:
        self.world, self.policies = world, world.runner.policies
        self.ci_ids: list[int] = []

    async def arrive(self, count: int) -> None:
        for number in range(1, count + 1):
            host = SimulatedHost(number)
            host.bodies["packages"][0]["version"] = "1.0"
            await self.world.enrol(number)
            await self.world.tell(number, host)
        self.ci_ids = [row.id for row in await self.world.rows(schema.ci, schema.ci.c.ci_class == "server")]

    async def move(self, tx: AsyncConnection, old: str, new: str) -> Touched:
        """Let the package of every host be another version, and record it."""
        self.world.now += MINUTE
        values = ({"manager": "dpkg", "version": each} for each in (old, new))
        step = Step(PACKAGE, *values, self.world.now - MINUTE, self.world.now)
        drafts = Drafts(self.policies.governance, self.policies.precedence)
        for number, ci_id in enumerate(self.ci_ids, start=1):
            origin = Origin(ci_id, number, number, self.world.now)
            drafts.waiting.append(Draft(origin, f"agent/uid{number}", number, steps=[step]))
        touched = Touched(ids=drafts.ids)
        for draft in await recording.write(tx, drafts):
            touched.add(draft)
        return touched

    async def match(self, tx: AsyncConnection, touched: Touched) -> list[str]:
        """Hold what moved against changes; return what was asked of the database for it."""
        with counted(tx) as asked:
            assert await matching.match(tx, touched.drifted, self.policies.terms, self.world.now, touched.ids)
        return asked


@pytest.fixture
async def fleet(store: Store) -> Fleet:
    return Fleet(World(store))


@pytest.mark.parametrize("hosts", [1, 3])
async def test_what_moved_costs_a_handful_of_statements_however_many_hosts_it_moved_on(
    fleet: Fleet, hosts: int
) -> None:
    await fleet.arrive(hosts)
    async with fleet.world.store.write() as tx:
        asked = await fleet.match(tx, await fleet.move(tx, "1.0", "2.0"))
    assert len(asked) == OPENED[fleet.world.store.dialect], asked
    assert len(await fleet.world.rows(schema.finding)) == hosts


async def test_what_moved_again_before_anybody_answered_reads_anew_what_stood_since_it_was_at_rest(
    fleet: Fleet,
) -> None:
    await fleet.arrive(1)
    async with fleet.world.store.write() as tx:
        await fleet.match(tx, await fleet.move(tx, "1.0", "2.0"))
        asked = await fleet.match(tx, await fleet.move(tx, "2.0", "3.0"))
    assert sum(each.startswith("SELECT finding_item") for each in asked) == 3, asked  # open, stood, and for its head
    (finding,) = await fleet.world.rows(schema.finding)
    assert finding.hi == fleet.world.now
    assert len(await fleet.world.rows(schema.finding_item)) == 2


async def test_what_is_open_and_what_stands_is_the_same_asked_together_and_apart(fleet: Fleet) -> None:
    await fleet.arrive(2)
    for old, new in pairwise(("1.0", "2.0", "1.0", "3.0", "4.0")):  # one finding is reverted and closed, one is open
        async with fleet.world.store.write() as tx:
            await fleet.match(tx, await fleet.move(tx, old, new))
    async with fleet.world.store.write() as tx:
        elsewhere = [Path("packages", f"absent-{number}|amd64") for number in range(interning.CHUNK)]
        paths = await interning.path_ids(tx, [*elsewhere, PACKAGE])
        for ago, items in enumerate((1, 2, 2, 3), start=1):
            at = fleet.world.now - ago * MINUTE
            since = {(ci_id, path): at for ci_id in fleet.ci_ids for path in (*elsewhere, PACKAGE)}
            together = await findings.concerning(tx, since, paths)
            apart, stood = await findings.waiting(tx, fleet.ci_ids), await findings.on_paths(tx, since, paths)
            assert (together.items, together.homes) == (apart.items, apart.homes)
            assert [len(its) for its in stood.values()] == [items] * 2
            for ci_id, its in stood.items():
                assert sorted(together.stood[ci_id], key=lambda each: each.judged.item.hi) == its
