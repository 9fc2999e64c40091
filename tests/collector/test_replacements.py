"""Another serial in the place of a CI that fell silent is a replacement suspect, through the whole path.

Example I-7 of the identification rules: no free arrival, and no clone while only one of the two is there.
"""

from __future__ import annotations

from typing import Any

import pytest

from collector.store import schema
from collector.store.engine import Store, insert
from tests.collector.test_pipeline import World
from tests.collector.test_targets import PORTS, PROBE, SWITCH, found
from tests.simulated import SimulatedHost

DAY = 86_400_000
HERE, THERE = "192.0.2.1", "192.0.2.9"
SUCCESSOR = SWITCH | {"serial": "2102353TESR0999", "engine_id": "800007db0300e0fcaabbcc",
                      "base_mac": "00:e0:fc:aa:bb:cc"}  # fmt: skip
UPLINK = {"protocol": "lldp", "interface": "GigabitEthernet0/0/1", "chassis_id": "00:e0:fc:00:00:01",
          "port_id": "GigabitEthernet1/0/12", "system_name": "core-01"}  # fmt: skip


@pytest.fixture
async def world(store: Store) -> World:
    world = World(store)
    await world.enrol(PROBE)
    return world


async def kinds(world: World) -> list[str]:
    return [case.kind for case in await world.rows(schema.duplicate_case)]


async def swept(world: World, address: str, device: dict[str, Any], **bodies: Any) -> None:
    await world.say(PROBE, found(address, device, world.now, **bodies))


async def missed(world: World, name: str) -> None:
    """Let the watch of a CI find nobody there."""
    (row,) = await world.rows(schema.ci, schema.ci.c.name == name)
    async with world.store.write() as tx:
        state = {"ci_id": row.id, "state": "unreachable", "since": world.now, "missed_at": world.now}
        await tx.execute(insert(tx, schema.reach).values(state))


@pytest.mark.parametrize("said", [{}, {"name": "HUAWEI"}], ids=["the same name", "the factory's name"])
async def test_I_7_another_serial_at_the_address_of_a_switch_is_a_replacement(  # noqa: N802
    world: World, said: dict[str, str]
) -> None:
    await swept(world, HERE, SWITCH)
    world.now += DAY
    await swept(world, HERE, SUCCESSOR | said)
    assert await kinds(world) == ["replacement"]
    (proposed,) = await world.rows(schema.ci, schema.ci.c.state == "proposed", schema.ci.c.id > 1)
    assert proposed.arrival == "", "it is no free arrival"


async def test_another_serial_under_the_engine_of_a_switch_waits_as_a_replacement(world: World) -> None:
    await swept(world, HERE, SWITCH)
    world.now += DAY
    await swept(world, HERE, SWITCH | {"serial": SUCCESSOR["serial"]})
    assert await kinds(world) == ["replacement"]
    assert len(await world.rows(schema.parked)) == 1


async def test_another_board_under_an_agent_waits_as_a_replacement_and_is_a_clone_once_the_old_one_speaks_again(
    world: World,
) -> None:
    host = SimulatedHost(1)
    await world.tell(PROBE, host)
    swapped = SimulatedHost(1)
    swapped.bodies["hardware"] |= {"uuid": "99999999-2222-4333-8444-555555555555", "serial": "NEWBOARD77"}
    await world.tell(PROBE, swapped, full=True)
    assert await kinds(world) == ["replacement"]
    await world.tell(PROBE, host, full=True)
    await world.tell(PROBE, swapped, full=True)
    assert await kinds(world) == ["clone"]


async def test_a_switch_that_another_source_still_hears_is_not_replaced(world: World) -> None:
    await swept(world, HERE, SWITCH)
    world.now += DAY
    await swept(world, THERE, SWITCH)
    await swept(world, HERE, SWITCH | {"serial": SUCCESSOR["serial"]})
    assert await kinds(world) == ["clone"]


async def test_two_addresses_of_one_switch_swept_one_after_the_other_are_one_time(world: World) -> None:
    for address in (HERE, THERE):
        await swept(world, address, SWITCH)
    world.now += DAY
    for address in (HERE, THERE):
        await swept(world, address, SWITCH | {"serial": SUCCESSOR["serial"]})
    assert await kinds(world) == ["replacement", "replacement"]


async def test_a_name_that_two_switches_bear_while_both_are_there_is_a_duplicate(world: World) -> None:
    await swept(world, HERE, SWITCH)
    world.now += DAY
    await swept(world, THERE, SUCCESSOR)
    assert await kinds(world) == ["duplicate"]


async def test_the_name_of_a_switch_its_watch_misses_is_a_replacement(world: World) -> None:
    await swept(world, HERE, SWITCH)
    await missed(world, "access-01")
    await swept(world, THERE, SUCCESSOR)
    assert await kinds(world) == ["replacement"]


async def test_a_new_name_and_address_behind_the_port_of_a_silent_switch_is_a_replacement(world: World) -> None:
    await swept(world, HERE, SWITCH, neighbours=[UPLINK])
    await missed(world, "access-01")
    await swept(world, THERE, SUCCESSOR | {"name": "HUAWEI"}, neighbours=[UPLINK], interfaces=[])
    assert await kinds(world) == ["replacement"]
    (member,) = await world.rows(schema.duplicate_member, schema.duplicate_member.c.ci_id == 1)
    assert member.evidence.endswith("stood in port gigabitethernet1/0/12 of 00:e0:fc:00:00:01; silent")


async def test_a_port_that_somebody_left_or_still_stands_at_makes_no_case(world: World) -> None:
    other = UPLINK | {"port_id": "GigabitEthernet1/0/13"}
    await swept(world, HERE, SWITCH, neighbours=[UPLINK])
    await swept(world, HERE, SWITCH, neighbours=[other])
    await missed(world, "access-01")
    await swept(world, THERE, SUCCESSOR | {"name": "HUAWEI"}, neighbours=[UPLINK], interfaces=[])
    third = SUCCESSOR | {"serial": "2102353TESR0777", "engine_id": "800007db0300e0fc777777", "name": "access-03",
                         "base_mac": "00:e0:fc:77:77:77"}  # fmt: skip
    await swept(world, "192.0.2.17", third, neighbours=[UPLINK], interfaces=[])
    assert await kinds(world) == []


async def test_a_host_says_by_its_agent_where_it_is_plugged_in(world: World) -> None:
    await world.enrol(2)
    for number in (1, 2):
        host = SimulatedHost(number)
        host.bodies["lldp"] = [{name: value for name, value in UPLINK.items() if name != "protocol"}]
        if number == 2:
            await missed(world, "host00001")
        await world.tell(number, host)
    assert await kinds(world) == ["replacement"]


async def test_a_switch_in_the_middle_of_many_stands_at_no_port(world: World) -> None:
    many = [UPLINK | {"interface": f"GigabitEthernet0/0/{n}", "port_id": f"GE{n}"} for n in range(40)]
    await swept(world, HERE, SWITCH, neighbours=many, interfaces=PORTS)
    assert not await world.rows(schema.identifier, schema.identifier.c.kind == "port")
