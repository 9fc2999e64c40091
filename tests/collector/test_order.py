"""Lists whose order counts: a re-order is a change of the world; that our own reader has come to keep it is none."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from collector.model import FOREVER
from collector.store import schema
from collector.store.engine import Store
from tests.collector.test_pipeline import World
from tests.simulated import SimulatedHost
from wire import codec

FIRST, SECOND = ["10.0.0.53", "10.0.0.9"], ["10.0.0.9", "10.0.0.53"]


@pytest.fixture
async def world(sqlite_store: Store) -> World:
    world = World(sqlite_store)
    await world.enrol(1)
    return world


async def tell(world: World, servers: list[str], revision: int) -> None:
    host = SimulatedHost(1)
    host.bodies["dns"] = {"servers": servers, "search": ["example.test"]}
    said = codec.decode_observation(host.observe(world.now + 60_000))
    sections = [dataclasses.replace(each, revision=revision) if each.name == "dns" else each for each in said.sections]
    await world.say(1, codec.encode_observation(dataclasses.replace(said, sections=tuple(sections))))


async def authorised(world: World) -> Any:
    (path,) = await world.rows(schema.path, schema.path.c.section == "dns", schema.path.c.key == "servers")
    (row,) = await world.rows(
        schema.auth, schema.auth.c.path_id == path.id, schema.auth.c.vt == FOREVER, schema.auth.c.tt == FOREVER
    )
    (value,) = await world.rows(schema.val, schema.val.c.id == row.val_id)
    return json.loads(value.text)


async def test_name_servers_in_another_order_are_an_unapproved_change(world: World) -> None:
    await tell(world, FIRST, 2)
    await tell(world, SECOND, 2)
    (finding,) = await world.rows(schema.finding)
    (item,) = await world.rows(schema.finding_item)
    assert (finding.verdict, item.verdict) == ("pending", "pending")
    assert await authorised(world) == FIRST


async def test_an_agent_that_has_come_to_keep_their_order_makes_no_finding_and_its_order_is_what_is_authorised(
    world: World,
) -> None:
    await tell(world, FIRST, 1)
    await tell(world, SECOND, 2)
    assert await world.rows(schema.finding) == []
    assert await authorised(world) == SECOND
    await tell(world, FIRST, 2)
    assert len(await world.rows(schema.finding)) == 1
