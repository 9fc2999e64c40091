"""What a host carried and is not spoken of any more: its relations end at the second absence from a whole reading."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from collector.model import FOREVER
from collector.store import schema
from collector.store.engine import Store
from tests.collector.test_pipeline import MINUTE, World
from tests.collector.test_targets import found
from tests.simulated import SimulatedHost

DATABASES = "databases_and_middleware"


@pytest.fixture
async def world(store: Store) -> World:
    world = World(store)
    await world.enrol(1)
    return world


async def database(world: World) -> tuple[str, int]:
    """Return the state of the database, and in how many relations it stands."""
    (ci,) = await world.rows(schema.ci, schema.ci.c.ci_type == "database")
    open_ones = (schema.relation.c.a == ci.id, schema.relation.c.vt == FOREVER)
    async with world.store.read() as reader:
        count = (await reader.execute(select(func.count()).select_from(schema.relation).where(*open_ones))).scalar_one()
    return ci.state, count


async def told(world: World) -> SimulatedHost:
    host = SimulatedHost(1)
    await world.tell(1, host)
    return host


async def test_a_child_is_gone_at_the_second_whole_reading_without_it(world: World) -> None:
    host = await told(world)
    host.bodies[DATABASES] = []
    await world.tell(1, host)
    assert await database(world) == ("active", 1), "once may be a moment"
    await world.tell(1, host)
    assert await database(world) == ("missing", 0), "an inventory in which nothing moved says it again"
    assert [row.role for row in await world.rows(schema.subject_ci)] == ["host", "os"]


async def test_a_child_that_is_spoken_of_again_begins_anew(world: World) -> None:
    host = await told(world)
    listed = host.bodies[DATABASES]
    for _ in range(3):
        host.bodies[DATABASES] = []
        await world.tell(1, host)
        host.bodies[DATABASES] = listed
        await world.tell(1, host)
    assert await database(world) == ("active", 1)
    assert {row.absences for row in await world.rows(schema.subject_ci)} == {0}


async def test_an_observation_that_does_not_read_the_section_is_no_absence(world: World) -> None:
    host = await told(world)
    host.bodies[DATABASES] = []
    await world.tell(1, host)
    for _ in range(3):
        host.bodies["memory"]["total_bytes"] += 1
        await world.tell(1, host, only={"memory"})
    assert await database(world) == ("active", 1)


async def test_absences_are_remembered_over_a_restart(world: World) -> None:
    host = await told(world)
    host.bodies[DATABASES] = []
    await world.tell(1, host)
    again = World(world.store, world.now, world.seq)
    await again.tell(1, host)
    assert await database(again) == ("missing", 0)


async def test_a_guest_another_source_speaks_of_is_not_missing(world: World) -> None:
    guest = {"name": "web", "uuid": "9b1f0c52-7a3e-4d1b-8f60-2c5d9e7a1b34", "state": "running"}
    host = SimulatedHost(1)
    host.bodies["virtual_machines"] = [guest]
    await world.tell(1, host)
    machine: dict[str, Any] = {"class": "server", "type": "virtual_machine", "uuid": guest["uuid"], "name": "web"}
    await world.say(1, found("192.0.2.7", machine, world.now, interfaces=[]))
    host.bodies["virtual_machines"] = []
    await world.tell(1, host)
    await world.tell(1, host)
    (web,) = await world.rows(schema.ci, schema.ci.c.ci_type == "virtual_machine")
    assert web.state == "active"
    assert [row.vt == FOREVER for row in await world.rows(schema.relation, schema.relation.c.b == web.id)] == [False]


async def test_what_is_told_late_held_from_when_it_was_seen_and_is_known_since_it_came(world: World) -> None:
    """An agent was away: its word of what it carries, and of what it does no more, comes hours after it was seen."""
    host, (began, ended) = SimulatedHost(1), (world.now + MINUTE, world.now + 2 * MINUTE)
    late = [host.observe(began)]
    host.bodies[DATABASES] = []
    late += [host.observe(ended - 1), host.observe(ended)]
    world.now += 300 * MINUTE
    came = []
    for payload in late:
        await world.say(1, payload)
        came.append(world.now)
    (row,) = await world.rows(schema.relation, schema.relation.c.kind == "runs_on")
    assert (row.vf, row.tf, row.vt, row.gone_tf) == (began, came[0], ended, came[2])
