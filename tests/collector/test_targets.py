"""What probes find on devices without an agent: through the same path as every other observation, into the same CIs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from collector.store import known_devices, schema
from collector.store.engine import Store
from tests.collector.test_pipeline import World
from tests.simulated import SimulatedHost
from wire import codec
from wire.observation import Observation, Section, Status, Target, is_hashes_only, state_hash
from wire.sections import SECTIONS, arrange, canonical, digest

PROBE = 1
SWITCH = {"class": "network", "type": "switch", "vendor": "Huawei", "model": "S5731-S48T4X",
          "serial": "2102353TESR0001", "os": "VRP", "version": "5.170", "name": "access-01",
          "object_id": "1.3.6.1.4.1.2011.2.23.968",
          "engine_id": "800007db0300e0fc112233", "base_mac": "00:e0:fc:11:22:33"}  # fmt: skip
PORTS = [{"name": "GigabitEthernet0/0/1", "kind": "ethernet", "mac": "00:e0:fc:11:22:34", "state": "up"}]


@pytest.fixture
async def world(store: Store) -> World:
    world = World(store)
    await world.enrol(PROBE)
    return world


def found(address: str, device: dict[str, Any], at_ms: int, bare: bool = False, zone: str = "", protocol: str = "snmp",
          part: str = "", whole: bool = True, **bodies: Any) -> bytes:  # fmt: skip
    """Return what a probe says of one target; `bare`: by hashes alone; not `whole`: some could not be read."""
    sections = []
    for name, body in {"device": device, "interfaces": PORTS, **bodies}.items():
        encoded = canonical(arrange(SECTIONS[name], body))
        sections.append(Section(name, Status.OK, whole, digest(encoded), None if bare else encoded))
    return codec.encode_observation(
        Observation(at_ms, "0.1.0", "boot", state_hash(sections), tuple(sections),
                    hashes_only=is_hashes_only(sections, (), {each.name for each in sections}),
                    target=Target(protocol, zone, address, part))
    )  # fmt: skip


async def things(world: World, ci_class: str) -> list[Any]:
    return await world.rows(schema.ci, schema.ci.c.ci_class == ci_class)


async def test_a_swept_switch_is_proposed_with_all_that_was_observed(world: World) -> None:
    await world.say(PROBE, found("192.0.2.1", SWITCH, world.now))
    (switch,) = await things(world, "network")
    assert (switch.ci_type, switch.name, switch.state) == ("switch", "access-01", "proposed")
    held = {(row.kind, row.value) for row in await world.rows(schema.identifier)}
    assert {("serial", "huawei|2102353TESR0001"), ("address", "192.0.2.1")} <= held
    sections = {row.name for row in await world.rows(schema.section, schema.section.c.ci_id == switch.id)}
    assert sections == {"device", "interfaces"}
    assert await world.rows(schema.finding) == []


async def test_a_sweep_that_finds_nothing_new_confirms_and_writes_no_history(world: World) -> None:
    await world.say(PROBE, found("192.0.2.1", SWITCH, world.now))
    before = await world.rows(schema.claim)
    await world.say(PROBE, found("192.0.2.1", SWITCH, world.now, bare=True))
    assert await world.rows(schema.claim) == before
    (source,) = await world.rows(schema.source, schema.source.c.kind == "snmp")
    assert (source.code, source.agent_id, source.confirmed_at > 0) == ("snmp//192.0.2.1", None, True)


async def test_a_hash_the_collector_does_not_hold_moves_nothing_and_is_asked_in_full_by_the_next_sweep(
    world: World,
) -> None:
    await world.say(PROBE, found("192.0.2.1", SWITCH, world.now))
    before = await world.rows(schema.claim)
    await world.say(PROBE, found("192.0.2.1", SWITCH, world.now, bare=True, interfaces=[]))
    assert await world.rows(schema.claim) == before
    held = {name: digest(canonical(arrange(SECTIONS[name], body))) for name, body in
            (("device", SWITCH), ("interfaces", PORTS))}  # fmt: skip
    async with world.store.read() as connection:
        assert await known_devices.hashes(connection, ["snmp//192.0.2.1"]) == {"snmp//192.0.2.1": held}


async def test_what_was_read_in_part_is_known_by_no_hash_so_that_what_is_gone_is_seen_gone(world: World) -> None:
    two = [*PORTS, {**PORTS[0], "name": "GigabitEthernet0/0/2", "mac": "00:e0:fc:11:22:35"}]
    await world.say(PROBE, found("192.0.2.1", SWITCH, world.now, interfaces=two))
    await world.say(PROBE, found("192.0.2.1", SWITCH, world.now, whole=False))
    async with world.store.read() as connection:
        held = await known_devices.hashes(connection, ["snmp//192.0.2.1"])
    assert held["snmp//192.0.2.1"].keys() == {"device"}
    (section,) = await world.rows(schema.section, schema.section.c.name == "interfaces")
    assert len(json.loads(section.body)) == 2
    await world.say(PROBE, found("192.0.2.1", SWITCH, world.now))
    (section,) = await world.rows(schema.section, schema.section.c.name == "interfaces")
    assert len(json.loads(section.body)) == 1


async def test_the_same_device_behind_two_addresses_is_one_ci_with_two_sources(world: World) -> None:
    for address in ("192.0.2.1", "192.0.2.129"):
        await world.say(PROBE, found(address, SWITCH, world.now))
    (switch,) = await things(world, "network")
    bound = await world.rows(schema.subject_ci, schema.subject_ci.c.ci_id == switch.id)
    assert len({row.source_id for row in bound}) == 2


async def test_a_server_its_agent_and_its_management_controller_are_one_ci(world: World) -> None:
    host = SimulatedHost(7)
    hardware = host.bodies["hardware"]
    await world.tell(PROBE, host)
    controller = {"class": "server", "type": "pc_server", "vendor": hardware["vendor"], "name": "bmc-7",
                  "host_serial": hardware["serial"], "host_uuid": hardware["uuid"]}  # fmt: skip
    await world.say(PROBE, found("192.0.2.77", controller, world.now, protocol="redfish", interfaces=[]))
    (server,) = await things(world, "server")
    kinds = {row.kind for row in await world.rows(schema.source)}
    bound = await world.rows(schema.subject_ci, schema.subject_ci.c.ci_id == server.id)
    assert (kinds, len(bound), server.name) == ({"agent", "redfish"}, 2, host.hostname)


async def test_the_same_address_in_two_zones_is_two_devices(world: World) -> None:
    other = SWITCH | {"serial": "2102353TESR0002", "engine_id": "800007db0300e0fc445566",
                      "base_mac": "00:e0:fc:44:55:66", "name": "access-02"}  # fmt: skip
    await world.say(PROBE, found("10.0.0.1", SWITCH, world.now, zone="plant-1"))
    await world.say(PROBE, found("10.0.0.1", other, world.now, zone="plant-2"))
    assert {row.name for row in await things(world, "network")} == {"access-01", "access-02"}
    assert await world.rows(schema.duplicate_case) == []


async def test_a_device_without_serial_stays_one_ci_when_what_it_says_of_itself_moves(world: World) -> None:
    plain = {"class": "unknown", "type": "unknown", "name": "pdu-1", "object_id": "1.3.6.1.4.1.318.1.3.4.4"}
    await world.say(PROBE, found("192.0.2.9", plain, world.now))
    known = plain | {"class": "environment", "type": "pdu", "vendor": "APC", "version": "3.9.2"}
    await world.say(PROBE, found("192.0.2.9", known, world.now))
    assert [row.ci_type for row in await world.rows(schema.ci) if row.name == "pdu-1"] == ["pdu"]
    assert await world.rows(schema.duplicate_case) == []


async def test_another_serial_behind_the_same_name_and_address_is_a_case_and_no_silent_change(world: World) -> None:
    await world.say(PROBE, found("192.0.2.1", SWITCH, world.now))
    swapped = SWITCH | {
        "serial": "2102353TESR0099",
        "engine_id": "800007db0300e0fc998877",
        "base_mac": "00:e0:fc:99:88:77",
    }
    await world.say(PROBE, found("192.0.2.1", swapped, world.now))
    cases = await world.rows(schema.duplicate_case)
    assert [case.state for case in cases] == ["open"]
    first = next(row for row in await things(world, "network"))
    serials = {row.value for row in await world.rows(schema.identifier, schema.identifier.c.ci_id == first.id)}
    assert "huawei|2102353TESR0099" not in serials


async def test_a_probe_goes_on_telling_of_its_own_machine_in_between(world: World) -> None:
    host = SimulatedHost(3)
    await world.tell(PROBE, host)
    await world.say(PROBE, found("192.0.2.1", SWITCH, world.now))
    host.bodies["packages"][0]["version"] = "9.9-9"
    await world.tell(PROBE, host)
    (finding,) = await world.rows(schema.finding)
    (server,) = await things(world, "server")
    assert finding.ci_id == server.id


async def test_a_target_whose_network_is_half_read_loses_nothing(world: World) -> None:
    await world.say(PROBE, found("192.0.2.1", SWITCH, world.now))
    (before,) = await world.rows(schema.section, schema.section.c.name == "interfaces")
    silent = Section("interfaces", Status.FAILED, False, reason="timeout")
    failed = Observation(world.now, sections=(silent,), target=Target("snmp", "", "192.0.2.1"))
    await world.say(PROBE, codec.encode_observation(failed))
    (after,) = await world.rows(schema.section, schema.section.c.name == "interfaces")
    assert (after.body, after.misses) == (before.body, before.misses + 1)


# --- stacks

MEMBERS = [{"number": "1", "serial": "2102353TESR0001", "model": "S5731", "role": "master"},
           {"number": "2", "serial": "2102353TESR0002", "model": "S5731", "role": "standby"}]  # fmt: skip


async def test_a_stack_is_one_device_and_each_member_a_ci_inside_it(world: World) -> None:
    await world.say(PROBE, found("192.0.2.1", SWITCH, world.now, members=MEMBERS))
    stack, *members = await things(world, "network")
    assert [(each.ci_type, each.name) for each in members] == [
        ("network_module", "access-01 · 1"), ("network_module", "access-01 · 2"),
    ]  # fmt: skip
    related = {(row.a, row.kind, row.b) for row in await world.rows(schema.relation)}
    assert related == {(stack.id, "contains", each.id) for each in members}


async def test_another_master_under_another_engine_is_the_same_stack_and_no_finding(world: World) -> None:
    await world.say(PROBE, found("192.0.2.1", SWITCH, world.now, members=MEMBERS))
    other = {**SWITCH, "engine_id": "800007db0300e0fc445566", "base_mac": "00:e0:fc:44:55:66"}
    turned = [{**each, "role": role} for each, role in zip(MEMBERS, ("standby", "master"), strict=True)]
    await world.say(PROBE, found("192.0.2.9", other, world.now, members=turned))
    assert len(await things(world, "network")) == 3
    assert await world.rows(schema.duplicate_case) == []
    assert await world.rows(schema.finding) == []


async def test_a_member_that_was_replaced_leaves_the_stack_the_ci_it_is_and_arrives_itself(world: World) -> None:
    await world.say(PROBE, found("192.0.2.1", SWITCH, world.now, members=MEMBERS))
    replaced = [MEMBERS[0], {**MEMBERS[1], "serial": "2102353TESR0003"}]
    await world.say(PROBE, found("192.0.2.1", SWITCH, world.now, members=replaced))
    assert {each.name for each in await things(world, "network")} == {"access-01", "access-01 · 1", "access-01 · 2"}
    assert len(await things(world, "network")) == 4
