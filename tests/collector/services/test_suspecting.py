"""Learned quarantine: what three things apart show names nobody, until a person lifts it."""

from __future__ import annotations

import pytest

from collector.model import Identifier
from collector.services.suspecting import SPAN_MS, Suspecting
from collector.store import schema
from collector.store.engine import Store
from tests.collector.test_pipeline import World
from tests.simulated import SimulatedHost

DOCK = "b8:27:eb:00:d0:c4"


@pytest.fixture
async def world(store: Store) -> World:
    return World(store)


async def docked(world: World, count: int) -> None:
    """Let so many laptops have been on one dock."""
    for number in range(1, count + 1):
        host = SimulatedHost(number)
        host.bodies["interfaces"].append({"name": "dock0", "kind": "ethernet", "mac": DOCK, "state": "up"})
        await world.enrol(number)
        await world.tell(number, host)


def looking(world: World) -> Suspecting:
    return Suspecting(world.store, lambda: world.now, world.runner.decided)


async def test_what_three_machines_apart_show_names_nobody_from_then_on(world: World) -> None:
    await docked(world, 3)
    assert await looking(world).step() == {Identifier("mac", DOCK)}
    assert await looking(world).step() == set(), "once"
    (act,) = await world.rows(schema.audit)
    assert (act.action, act.actor) == ("identifier.quarantine", "collector")


async def test_two_machines_are_no_reason_and_neither_is_what_was_long_ago(world: World) -> None:
    await docked(world, 2)
    assert await looking(world).step() == set()
    await world.enrol(3)
    host = SimulatedHost(3)
    host.bodies["interfaces"].append({"name": "dock0", "kind": "ethernet", "mac": DOCK, "state": "up"})
    await world.tell(3, host)
    world.now += SPAN_MS + 120_000
    assert await looking(world).step() == set()
