"""Relations people say: what no device can tell, in their classes, until they take it back."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from collector.model import FOREVER
from collector.pipeline import tying
from collector.relations import POWERED_BY
from collector.services import cis, relations
from collector.services.missing import NotFound
from collector.services.records import NotTheirs
from collector.services.refused import Refused
from collector.store import schema
from collector.store.engine import Store
from tests.acts import act
from tests.collector.test_pipeline import World
from tests.collector.test_relations import SERVER, UPS, relating
from tests.collector.test_targets import found

ADMIN = ("config_admin:server",)


@pytest.fixture
async def world(sqlite_store: Store) -> World:
    """Servers db1 and db2, and a UPS that feeds db2 by its own word."""
    world = World(sqlite_store)
    await world.enrol(1)
    for at in (1, 2):
        await world.say(1, found(f"192.0.2.{at}", SERVER | {"name": f"db{at}", "serial": f"SRV000{at}"}, world.now))
    told = [{"outlet": "", "name": "db2"}]
    await world.say(1, found("192.0.2.9", UPS | {"serial": "AS0001", "name": "ups"}, world.now, attached=told))
    await relating(world).step()
    return world


async def uid(world: World, name: str) -> str:
    (row,) = await world.rows(schema.ci, schema.ci.c.name == name)
    return str(row.uid)


def weighing(world: World) -> relations.Weigh:
    return partial(tying.say, policies=world.runner.policies)


async def said(world: World, step: Any, a: str, b: str, kind: str = POWERED_BY, roles: Any = ADMIN) -> list[Any]:
    """Let ada tie or untie two by their names; return what was told."""
    world.now += 60_000
    async with world.store.write() as tx:
        doing = act(tx, "ada", world.now)
        await step(doing, roles, await uid(world, a), kind, await uid(world, b), weighing(world))
    return list(doing.told)


async def holding(world: World) -> list[tuple[str, str, str]]:
    """Return a, b and the kind of source of every relation that holds."""
    names = {row.id: row.name for row in await world.rows(schema.ci)}
    kinds = {row.id: row.kind for row in await world.rows(schema.source)}
    rows = await world.rows(schema.relation, schema.relation.c.vt == FOREVER)
    return sorted((names[row.a], names[row.b], kinds[row.source_id]) for row in rows)


async def test_what_people_say_holds_until_they_take_it_back_whatever_devices_tell(world: World) -> None:
    assert len(await said(world, relations.tie, "db1", "ups")) == 1
    assert await said(world, relations.tie, "db1", "ups") == [], "said already"
    await relating(world).step()
    assert await holding(world) == [("db1", "ups", "hand"), ("db2", "ups", "snmp")]
    assert len(await said(world, relations.untie, "db1", "ups")) == 1
    assert await holding(world) == [("db2", "ups", "snmp")]


async def test_it_can_be_said_again_after_it_was_taken_back(world: World) -> None:
    for step in (relations.tie, relations.untie, relations.tie):
        await said(world, step, "db1", "ups")
    assert ("db1", "ups", "hand") in await holding(world)


@pytest.mark.parametrize(("step", "a", "b", "kind", "why"), [
    (relations.tie, "db1", "db1", POWERED_BY, "to itself"),
    (relations.tie, "db1", "db2", "likes", "one of powered_by"),
    (relations.untie, "db1", "ups", POWERED_BY, "no such relation"),
    (relations.untie, "db2", "ups", POWERED_BY, "snmp//192.0.2.9 that says so"),
])  # fmt: skip
async def test_what_cannot_be_is_refused_with_the_reason(
    world: World, step: Any, a: str, b: str, kind: str, why: str
) -> None:
    with pytest.raises(Refused, match=why):
        await said(world, step, a, b, kind)


async def test_two_that_feed_each_other_are_refused(world: World) -> None:
    with pytest.raises(Refused, match="already"):
        await said(world, relations.tie, "ups", "db2", roles=("config_admin:*",))


async def test_only_who_administers_the_class_says_it_and_only_of_what_there_is(world: World) -> None:
    with pytest.raises(NotTheirs):
        await said(world, relations.tie, "db1", "ups", roles=("config_admin:network",))
    async with world.store.write() as tx:
        its = ADMIN, await uid(world, "db1"), POWERED_BY, "nowhere"
        with pytest.raises(NotFound):
            await relations.tie(act(tx, "ada", world.now), *its, weighing(world))


async def test_a_name_that_two_bear_leads_to_neither(world: World) -> None:
    await world.say(1, found("192.0.2.7", SERVER | {"name": "db1", "serial": "SRV0007"}, world.now))
    async with world.store.read() as reader:
        assert await relations.called(reader, "ups") == await uid(world, "ups")
        for name, why in (("db1", "more than one"), ("db9", "no CI")):
            with pytest.raises(Refused, match=why):
                await relations.called(reader, name)


async def test_the_other_one_is_named_by_its_id_its_label_or_its_name(world: World) -> None:
    ups = await uid(world, "ups")
    async with world.store.write() as tx:
        await tx.execute(schema.ci.update().where(schema.ci.c.uid == ups).values(label="L-0042"))
    async with world.store.read() as reader:
        assert [await relations.called(reader, word) for word in (ups, "L-0042", "ups")] == [ups] * 3


async def test_a_retired_one_is_not_found_by_its_name(world: World) -> None:
    async with world.store.write() as tx:
        await tx.execute(schema.ci.update().where(schema.ci.c.name == "ups").values(state="retired"))
    async with world.store.read() as reader:
        with pytest.raises(Refused, match="no CI"):
            await relations.called(reader, "ups")


async def test_what_a_device_and_a_person_say_is_one_relation_on_the_page(world: World) -> None:
    await said(world, relations.tie, "db2", "ups")
    assert len(await holding(world)) == 2
    async with world.store.read() as reader:
        shown = await cis.related(reader, await cis.one(reader, await uid(world, "db2")))
    assert [(each.a.name, each.kind, each.b.name) for each in shown] == [("db2", POWERED_BY, "ups")]
