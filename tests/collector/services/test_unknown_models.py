"""Devices no definition knows, as sweeps told of them: by model, with a sample where one was taken; on both engines."""

from __future__ import annotations

from typing import Any

import pytest

from collector.services import unknown_models
from collector.services.missing import NotFound
from collector.services.unknown_models import UnknownModel
from collector.store import schema
from collector.store.engine import Store
from tests import wired
from tests.collector.test_pipeline import World

PROBE = 1
MODEL = "1.3.6.1.4.1.99999.7"
LINES = "1.3.6.1.2.1.1.1.0|4|Acme X200\n1.3.6.1.4.1.99999.1.1.0|4|X200\n"


def strange(number: int, object_id: str = MODEL, **more: Any) -> wired.Bodies:
    """Return what is told of a device without a definition."""
    device = {
        "class": "network", "type": "switch", "vendor": "Acme", "name": f"strange-{number:02}", "state": "generic",
        "object_id": object_id, "description": "Acme X200", "serial": f"X200-{number:08}",
        "engine_id": f"800063a203{number:012x}", "address": f"10.20.0.{number}",
    }  # fmt: skip
    return {"device": {**device, **more}}


def sample(object_id: str = MODEL) -> wired.Bodies:
    return {"sample": {"object_id": object_id, "snmprec": LINES}}


async def told(store: Store, *bodies: wired.Bodies) -> World:
    world = World(store)
    await world.enrol(PROBE)
    for each in bodies:
        await world.say(PROBE, wired.told(world.now, each["device"]["name"], each))
    return world


async def models(world: World) -> list[UnknownModel]:
    async with world.store.read() as connection:
        return await unknown_models.models(connection)


async def test_devices_of_one_model_stand_together_those_with_most_first(store: Store) -> None:
    others = [strange(number, f"{MODEL}.1", vendor="Other") for number in (3, 4)]
    world = await told(store, strange(1), *others)
    found = await models(world)
    assert [(each.object_id, each.vendor, each.count) for each in found] == [
        (f"{MODEL}.1", "Other", 2), (MODEL, "Acme", 1),
    ]  # fmt: skip
    assert [ci.name for ci in found[0].examples] == ["strange-03", "strange-04"]
    assert found[1].sample_of is None


async def test_a_device_that_a_definition_knows_is_none_of_them(store: Store) -> None:
    world = await told(store, strange(1, state="identified"), wired.switches()["core-01"])
    assert await models(world) == []


async def test_one_that_came_to_be_known_leaves_the_list(store: Store) -> None:
    world = await told(store, {**strange(1), **sample()})
    assert len(await models(world)) == 1
    known = strange(1, state="identified", model="X200")
    await world.say(PROBE, wired.told(world.now, "strange-01", known))
    assert await models(world) == []


async def test_the_sample_is_kept_and_is_no_fact(store: Store) -> None:
    world = await told(store, strange(1), {**strange(2), **sample()})
    (found,) = await models(world)
    assert found.sample_of is not None
    assert found.sample_of.name == "strange-02"
    async with store.read() as connection:
        kept = await unknown_models.sample(connection, found.sample_of.uid)
    assert (kept.file, kept.lines) == (f"sample-{MODEL}.snmprec", LINES)
    assert not await world.rows(schema.path, schema.path.c.section == "sample")


async def test_where_none_was_taken_there_is_none(store: Store) -> None:
    world = await told(store, strange(1))
    (found,) = await models(world)
    async with store.read() as connection:
        with pytest.raises(NotFound, match="sample"):
            await unknown_models.sample(connection, found.examples[0].uid)


async def test_the_name_of_the_file_is_never_a_devices_words(store: Store) -> None:
    world = await told(store, {**strange(1), **sample("../../etc/passwd")})
    (found,) = await models(world)
    async with store.read() as connection:
        kept = await unknown_models.sample(connection, found.examples[0].uid)
    assert kept.file == f"sample-{found.examples[0].uid}.snmprec"
