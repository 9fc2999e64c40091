"""Configurations of swept devices: from the observation to versions and what differs between them."""

from __future__ import annotations

from typing import Any

import pytest

from collector.services import cis, configurations
from collector.services.configurations import Configurations
from collector.services.missing import NotFound
from collector.store import schema
from collector.store.browse.cis import CiRow
from collector.store.engine import Store
from tests.collector.services.test_registration import register
from tests.collector.test_pipeline import World
from tests.collector.test_targets import PROBE, SWITCH, found
from wire.configuration import address

OLD = "#\nsysname access-01\n#\nsnmp-agent community read cipher <secret:1111111111111111>\nreturn\n"
NEW = OLD.replace("1111111111111111", "2222222222222222").replace("#\nsnmp", "#\nntp server 10.0.0.9\nsnmp")


@pytest.fixture
async def world(store: Store) -> World:
    world = World(store)
    await world.enrol(PROBE)
    return world


def row(kind: str, text: str, **more: str) -> dict[str, str]:
    return {"kind": kind, "platform": "huawei_vrp", "text": text, "sha256": address(text), **more}


async def tell(world: World, running: str, startup: str = OLD, **more: Any) -> None:
    rows = [row("running", running, **more), row("startup", startup)]
    said = found("192.0.2.1", SWITCH, world.now, protocol="ssh", interfaces=[], configuration=rows)
    await world.say(PROBE, said)


async def of_switch(world: World) -> tuple[CiRow, Configurations]:
    async with world.store.read() as connection:
        (known,) = [each for each in await world.rows(schema.ci) if each.ci_class == "network"]
        ci = await cis.one(connection, known.uid)
        return ci, await configurations.of_ci(connection, ci)


async def test_each_version_is_kept_once_with_its_time_and_no_text_stands_in_the_lanes(world: World) -> None:
    for running in (OLD, NEW, OLD):
        await tell(world, running)
    _, kept = await of_switch(world)
    running = [each for each in kept.versions if each.kind == "running"]
    assert [each.sha256 for each in running] == [address(OLD), address(NEW), address(OLD)]
    assert [each.is_current for each in running] == [True, False, False]
    assert {each.size for each in running} == {len(OLD), len(NEW)}
    assert len(await world.rows(schema.document)) == 2
    assert not [each for each in await world.rows(schema.val) if "sysname" in each.text]


async def test_what_runs_and_is_not_saved_is_visible(world: World) -> None:
    await tell(world, OLD)
    assert (await of_switch(world))[1].unsaved is None
    await tell(world, NEW)
    ci, kept = await of_switch(world)
    assert kept.unsaved is not None
    assert [each.sha256 for each in kept.unsaved] == [address(OLD), address(NEW)]
    async with world.store.read() as connection:
        assert configurations.unsaved(await cis.made_of(connection, ci)) == (address(OLD), address(NEW))


async def test_two_versions_differ_by_lines_and_a_secret_shows_only_that_it_moved(world: World) -> None:
    await tell(world, OLD)
    await tell(world, NEW)
    ci, _ = await of_switch(world)
    async with world.store.read() as connection:
        between = await configurations.compared(connection, ci, address(OLD), address(NEW))
    moved = [f"{line.edit}{line.text}" for group in between.groups for line in group if line.edit != " "]
    assert moved == [
        "-snmp-agent community read cipher ••••", "+ntp server 10.0.0.9",
        "+snmp-agent community read cipher •••• changed",
    ]  # fmt: skip


async def test_a_stamp_that_moves_alone_is_no_new_version(world: World) -> None:
    await tell(world, OLD, changed="2026-11-27 07:00:00")
    await tell(world, OLD, changed="2026-11-27 08:00:00")
    _, kept = await of_switch(world)
    assert len([each for each in kept.versions if each.kind == "running"]) == 1


async def test_a_configuration_that_moves_without_cover_is_a_finding_and_its_stamp_alone_is_none(world: World) -> None:
    await tell(world, OLD, changed="1")
    ci, _ = await of_switch(world)
    await register(world, ("config_admin:network",), ci.uid)
    await tell(world, OLD, changed="2")
    assert await world.rows(schema.finding) == []
    await tell(world, NEW, changed="3")
    (finding,) = await world.rows(schema.finding)
    assert (finding.ci_id, finding.verdict) == (ci.id, "pending")
    (item,) = await world.rows(schema.finding_item)
    values = {each.id: each.text for each in await world.rows(schema.val)}
    assert (address(OLD) in values[item.old_val_id], address(NEW) in values[item.new_val_id]) == (True, True)


async def test_no_text_of_another_device_is_shown(world: World) -> None:
    await tell(world, OLD)
    ci, _ = await of_switch(world)
    other = "another device's text\n"
    async with world.store.write() as tx:
        from collector.store import documents

        await documents.put(tx, {address(other): other})
    async with world.store.read() as connection:
        assert await configurations.text(connection, ci, address(OLD)) == OLD
        for sha256 in (address(other), "0" * 64, ""):
            with pytest.raises(NotFound):
                await configurations.text(connection, ci, sha256)


async def test_a_text_under_a_hash_that_is_not_its_own_is_kept_under_its_own(world: World) -> None:
    rows = [{**row("running", OLD), "sha256": "f" * 64}]
    await world.say(PROBE, found("192.0.2.1", SWITCH, world.now, protocol="ssh", interfaces=[], configuration=rows))
    ci, kept = await of_switch(world)
    assert [(each.sha256, each.size) for each in kept.versions] == [("f" * 64, 0)]
    async with world.store.read() as connection:
        with pytest.raises(NotFound):
            await configurations.text(connection, ci, "f" * 64)


async def test_a_switch_over_snmp_and_over_ssh_is_one_ci_with_two_sources(world: World) -> None:
    await world.say(PROBE, found("192.0.2.1", SWITCH, world.now))
    await tell(world, OLD)
    (switch,) = [each for each in await world.rows(schema.ci) if each.ci_class == "network"]
    bound = await world.rows(schema.subject_ci, schema.subject_ci.c.ci_id == switch.id)
    assert len({each.source_id for each in bound}) == 2
    assert await world.rows(schema.duplicate_case) == []


async def test_a_controller_over_snmp_and_over_redfish_is_one_ci_with_its_server(world: World) -> None:
    by_snmp = {"class": "server", "type": "pc_server", "vendor": "Dell", "model": "PowerEdge R750", "serial": "7XK2LM3",
               "name": "idrac-7xk2lm3", "object_id": "1.3.6.1.4.1.674.10892.5"}  # fmt: skip
    by_redfish = {"class": "server", "type": "pc_server", "vendor": "Dell", "model": "PowerEdge R750",
                  "serial": "7XK2LM3", "host_serial": "7XK2LM3", "host_uuid": "4c4c4544-0058-4b10-8032-b7c04f4c4d33",
                  "host_name": "db-7"}  # fmt: skip
    await world.say(PROBE, found("192.0.2.9", by_snmp, world.now, interfaces=[]))
    await world.say(PROBE, found("192.0.2.9", by_redfish, world.now, protocol="redfish", interfaces=[]))
    (server,) = [each for each in await world.rows(schema.ci) if each.ci_class == "server"]
    kinds = {each.kind for each in await world.rows(schema.source) if each.kind != "agent"}
    bound = await world.rows(schema.subject_ci, schema.subject_ci.c.ci_id == server.id)
    assert (kinds, len(bound)) == ({"snmp", "redfish"}, 2)


async def test_two_devices_behind_one_ups_server_are_two_cis_and_neither_is_the_server(world: World) -> None:
    for part, serial in (("rack-a", "G117K12345"), ("rack-b", "G117K99999")):
        ups = {"class": "environment", "type": "ups", "vendor": "EATON", "model": "9PX", "serial": serial, "name": part}
        await world.say(PROBE, found("192.0.2.9", ups, world.now, protocol="nut", part=part, interfaces=[]))
    both = [each for each in await world.rows(schema.ci) if each.ci_class == "environment"]
    assert {each.name for each in both} == {"rack-a", "rack-b"}
    assert ("address", "192.0.2.9") not in {(each.kind, each.value) for each in await world.rows(schema.identifier)}
    assert await world.rows(schema.duplicate_case) == []


async def test_a_host_over_ssh_is_the_one_its_agent_knows(world: World) -> None:
    from tests.simulated import SimulatedHost

    host = SimulatedHost(3)
    await world.tell(PROBE, host)
    said = {name: host.bodies[name] for name in ("os", "hardware")}
    device = {"class": "unknown", "type": "unknown", "name": host.hostname, "address": "192.0.2.3"}
    await world.say(PROBE, found("192.0.2.3", device, world.now, protocol="ssh", interfaces=[], **said))
    hosts = [each for each in await world.rows(schema.ci) if each.ci_class in ("server", "unknown")]
    assert [each.name for each in hosts] == [host.hostname]
