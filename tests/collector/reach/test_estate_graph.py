"""What depends on what, of links and relations: where probes stand, the way in where none does, links between CIs."""

from __future__ import annotations

import pytest

from collector.reachability import roots
from collector.services.estate_graph import EstateGraph, graph
from collector.store import schema
from collector.store.engine import Store, insert
from tests import wired
from tests.collector.test_pipeline import World


def test_a_probe_stands_where_it_is_wired_and_elsewhere_the_device_with_most_links_is_the_way_in() -> None:
    made = graph([(1, 2), (2, 3), (10, 11), (11, 12), (11, 13)], [1, 99])
    assert made.places == (1, 11)
    assert made.links[2] == (1, 3)


def test_relations_say_what_runs_on_what_and_what_feeds_what() -> None:
    made = graph([], [], [(5, "runs_on", 6), (7, "powered_by", 8), (7, "powered_by", 9)])
    assert (made.hosts, made.feeds) == ({5: (6,)}, {7: (8, 9)})


def test_a_cable_to_itself_and_one_that_is_told_twice_are_nothing_more() -> None:
    made = graph([(1, 1), (1, 2), (2, 1)], [1])
    assert made.links == {1: (2,), 2: (1,)}


@pytest.fixture
async def world(sqlite_store: Store) -> World:
    world = World(sqlite_store)
    await world.enrol(1)
    await world.enrol(2)
    for name, bodies in wired.switches().items():
        await world.say(1, wired.told(world.now, name, bodies))
    await world.tell(2, wired.server())
    return world


async def test_the_links_devices_tell_of_each_other_say_who_is_behind_whom(world: World) -> None:
    ids = {row.name: row.id for row in await world.rows(schema.ci)}
    async with world.store.read() as reader:
        made = await EstateGraph().now(reader, [ids["db-01"]], world.now)
    found = roots(made, {ids["access-01"], ids["core-01"]})
    assert found.behind == {ids["core-01"]: ids["access-01"]}, "the probe's host hangs on access-01"


async def test_it_is_made_anew_when_a_relation_moved_and_not_before_it_is_looked_at(world: World) -> None:
    kept = EstateGraph()
    async with world.store.read() as reader:
        first = await kept.now(reader, [], world.now)
    ids = {row.name: row.id for row in await world.rows(schema.ci)}
    async with world.store.write() as tx:
        source = (await world.rows(schema.source))[0].id
        since = {"vf": 1, "lo": 1, "tf": 1}
        row = {"a": ids["core-01"], "kind": "powered_by", "b": ids["db-01"], "source_id": source, **since}
        await tx.execute(insert(tx, schema.relation), [row])
    async with world.store.read() as reader:
        assert await kept.now(reader, [], world.now + 1_000) is first
        later = await kept.now(reader, [], world.now + 60_000)
        assert later.feeds == {ids["core-01"]: (ids["db-01"],)}
        assert await kept.now(reader, [], world.now + 120_000) is later
