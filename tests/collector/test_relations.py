"""What a UPS feeds and who stands in for whom, as devices tell it: a relation where it leads to one CI, else none."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from collector.model import FOREVER
from collector.pipeline import tying
from collector.reachability import roots
from collector.relations import HA_PEER, POWERED_BY, related
from collector.services.estate_graph import EstateGraph
from collector.services.relating import Relating
from collector.store import dependants, schema
from collector.store.engine import Store
from tests.collector.test_pipeline import World
from tests.collector.test_targets import found
from wire.topology import Estate

UPS = {"class": "environment", "type": "ups", "vendor": "APC", "name": "ups", "definition": "nut: device.type"}
SERVER = {"class": "server", "type": "pc_server", "vendor": "Dell", "model": "R740"}
FIREWALL = {"class": "security", "type": "firewall", "vendor": "Palo Alto Networks"}


def relating(world: World) -> Relating:
    return Relating(world.store, lambda: world.now, partial(tying.say, policies=world.runner.policies))


def port(address: str) -> list[dict[str, Any]]:
    return [{"name": "eth0", "kind": "ethernet", "state": "up", "addresses": [f"{address}/24"]}]


def estate(**more: dict[str, Any]) -> Estate:
    """Return 1 to 3: servers db1, db2 and db2.lab, at 192.0.2.1 …; 9: a UPS behind db1."""
    devices: dict[str, dict[str, Any]] = {
        str(number): {"device": {**SERVER, "name": name}, "interfaces": port(f"192.0.2.{number}")}
        for number, name in ((1, "db1"), (2, "db2.example.net"), (3, "db2.lab.example.net"))
    }
    devices["9"] = {"device": {**UPS, "address": "192.0.2.1", "serial": "AS0001"}}
    return Estate(devices | more)


def fed_by(*names: str, outlets: tuple[str, ...] = (), **more: dict[str, Any]) -> set[int]:
    told = {"attached": [{"name": name} for name in names], "outlets": [{"attached": name} for name in outlets]}
    return {each.a for each in related(estate(**more), {9: told}) if (each.kind, each.b) == (POWERED_BY, 9)}


def test_who_is_logged_in_to_a_ups_is_fed_by_it_its_own_server_too() -> None:
    assert fed_by("192.0.2.1", "192.0.2.2") == {1, 2}


@pytest.mark.parametrize("name", ["db1", "DB1", "db1.example.net"])
def test_a_name_that_one_bears_is_a_relation(name: str) -> None:
    assert fed_by(name) == {1}


@pytest.mark.parametrize("name", ["", "db2", "db9", "db1 psu 2", "192.0.2.77", "db2.other.example.net", "AS0001"])
def test_a_name_that_nobody_bears_or_two_do_or_the_ups_itself_is_none(name: str) -> None:
    assert fed_by(name) == set()


def test_a_label_on_an_outlet_counts_and_one_without_a_name_says_nothing() -> None:
    assert fed_by(outlets=("db1", "")) == {1}


def test_what_is_no_supply_feeds_nothing() -> None:
    assert fed_by("db1", **{"9": {"device": SERVER | {"name": "nine"}}}) == set()


def test_of_two_supplies_that_feed_each_other_neither_is_believed() -> None:
    pdu = {"device": {**UPS, "type": "pdu", "name": "pdu-a", "definition": ""}}
    both = estate(**{"8": pdu, "9": {"device": {**UPS, "name": "ups-a"}}})
    told = {8: {"outlets": [{"attached": "ups-a"}, {"attached": "db1"}]}, 9: {"attached": [{"name": "pdu-a"}]}}
    assert {(each.a, each.b) for each in related(both, told)} == {(1, 8)}


def peers(row: dict[str, Any]) -> set[tuple[int, int]]:
    one = {
        str(at): {"device": FIREWALL | {"name": f"fw-{at}", "serial": f"FW000{at}"}, "interfaces": port(f"10.0.0.{at}")}
        for at in (4, 5)
    }
    return {(each.a, each.b) for each in related(estate(**one), {5: {"redundancy": [row]}}) if each.kind == HA_PEER}


@pytest.mark.parametrize("row", [
    {"protocol": "ha", "mode": "active_passive", "peer_serial": "FW0004"},
    {"protocol": "ha", "mode": "active_passive", "peer": "fw-4"},
    {"protocol": "vrrp", "group": "7", "state": "standby", "peer": "10.0.0.4"},
    {"protocol": "ha", "peer": "fw-4, fw-nowhere"},
])  # fmt: skip
def test_the_other_of_a_pair_is_found_by_serial_name_or_address(row: dict[str, Any]) -> None:
    assert peers(row) == {(4, 5)}


@pytest.mark.parametrize("row", [
    {"protocol": "ha", "mode": "standalone", "peer": "fw-4"},
    {"protocol": "vrrp", "state": "active", "peer": "10.0.0.5"},
    {"protocol": "ha", "mode": "active_passive"},
])  # fmt: skip
def test_who_stands_alone_or_names_only_itself_has_no_peer(row: dict[str, Any]) -> None:
    assert peers(row) == set()


# --- through the store


@pytest.fixture
async def world(store: Store) -> World:
    world = World(store)
    await world.enrol(1)
    for at in (1, 2):
        await world.say(1, found(f"192.0.2.{at}", SERVER | {"name": f"db{at}", "serial": f"SRV000{at}"}, world.now,
                                 interfaces=port(f"192.0.2.{at}")))  # fmt: skip
    return world


async def say(world: World, *clients: str) -> None:
    ups = UPS | {"serial": "AS0001", "address": "192.0.2.1"}
    rows = [{"outlet": "", "name": name} for name in clients]
    await world.say(1, found("192.0.2.1", ups, world.now, protocol="nut", part="ups", interfaces=[], attached=rows))


async def look(world: World) -> list[tuple[str, str, str]]:
    """Look once; return the relations that hold."""
    await relating(world).step()
    names = {row.id: row.name for row in await world.rows(schema.ci)}
    rows = await world.rows(schema.relation, schema.relation.c.vt == FOREVER)
    return sorted((names[row.a], row.kind, names[row.b]) for row in rows)


async def test_a_relation_begins_with_the_word_of_the_ups_and_ends_with_it(world: World) -> None:
    await say(world, "192.0.2.1", "192.0.2.2")
    assert await look(world) == [("db1", POWERED_BY, "ups"), ("db2", POWERED_BY, "ups")]
    assert await relating(world).step() == 0, "nothing has moved"
    await say(world, "192.0.2.1")
    assert await look(world) == [("db1", POWERED_BY, "ups")]
    ended = await world.rows(schema.relation, schema.relation.c.vt != FOREVER)
    assert [(row.kind, row.vt) for row in ended] == [(POWERED_BY, world.now)]
    sources = {row.id: row.code for row in await world.rows(schema.source)}
    assert {sources[row.source_id] for row in ended} == {"nut//192.0.2.1/ups"}


async def test_a_label_leads_somewhere_once_its_device_is_found(world: World) -> None:
    await say(world, "192.0.2.3")
    assert await look(world) == []
    await world.say(1, found("192.0.2.3", SERVER | {"name": "db3", "serial": "SRV0003"}, world.now,
                             interfaces=port("192.0.2.3")))  # fmt: skip
    assert await look(world) == [("db3", POWERED_BY, "ups")]


async def test_servers_that_fall_with_their_ups_have_it_as_their_root(world: World) -> None:
    await say(world, "192.0.2.1", "192.0.2.2")
    await look(world)
    ids = {row.name: row.id for row in await world.rows(schema.ci)}
    async with world.store.read() as reader:
        graph = await EstateGraph().now(reader, [], world.now)
    down = roots(graph, {ids["db1"], ids["db2"], ids["ups"]})
    assert down.behind == {ids["db1"]: ids["ups"], ids["db2"]: ids["ups"]}
    async with world.store.read() as reader:
        assert (await dependants.counted(reader, [ids["ups"]]))[ids["ups"]] == (2, 0)


async def test_one_of_a_pair_is_no_dependant_of_the_other(world: World) -> None:
    for at in (4, 5):
        row = {
            "protocol": "ha",
            "group": "",
            "interface": "",
            "mode": "active_passive",
            "peer_serial": f"FW000{9 - at}",
        }
        await world.say(1, found(f"10.0.0.{at}", FIREWALL | {"name": f"fw-{at}", "serial": f"FW000{at}"}, world.now,
                                 interfaces=port(f"10.0.0.{at}"), redundancy=[row]))  # fmt: skip
    assert set(await look(world)) == {("fw-4", HA_PEER, "fw-5")}
    ids = {row.name: row.id for row in await world.rows(schema.ci)}
    async with world.store.read() as reader:
        assert (await dependants.counted(reader, [ids["fw-4"]]))[ids["fw-4"]] == (0, 0)
