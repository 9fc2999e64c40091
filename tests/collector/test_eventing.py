"""What devices say by themselves, through the pipeline: kept with the CI that is known there, and never more."""

from __future__ import annotations

import json
from typing import Any

import pytest

from collector.store import events, schema
from collector.store.engine import Store
from collector.wording import time_text
from tests.collector.test_pipeline import World
from tests.collector.test_targets import PORTS, PROBE, SWITCH, found, things
from tests.simulated import SimulatedHost
from wire import codec
from wire.observation import Observation, Section, Status, Target, state_hash
from wire.sections import SECTIONS, arrange, canonical, digest

ADDRESS = "192.0.2.1"
TRUNK = [{**PORTS[0], "index": 3, "mode": "trunk", "description": "GE0/0/1"}]


@pytest.fixture
async def world(store: Store) -> World:
    world = World(store)
    await world.enrol(PROBE)
    return world


def spoken(at_ms: int, *rows: dict[str, Any], address: str = ADDRESS, zone: str = "") -> bytes:
    """Return what a probe tells of events from an address."""
    whole = [
        {"at": time_text(at_ms), "number": number, "until": time_text(at_ms + number), "count": 1, "source": "trap",
         "severity": "warning", **row}
        for number, row in enumerate(rows)
    ]  # fmt: skip
    body = canonical(arrange(SECTIONS["events"], whole))
    sections = (Section("events", Status.OK, False, digest(body), body),)
    return codec.encode_observation(
        Observation(at_ms, "0.1.0", "", state_hash(sections), sections, target=Target("event", zone, address))
    )


def down(port: str = "ifIndex 3", kind: str = "link_down") -> dict[str, Any]:
    return {"kind": kind, "object": port}


async def known_switch(world: World, state: str = "active") -> Any:
    await world.say(PROBE, found(ADDRESS, SWITCH, world.now, interfaces=TRUNK))
    (switch,) = await things(world, "network")
    async with world.store.write() as tx:
        await tx.execute(schema.ci.update().values(state=state))
    return switch


async def incidents(world: World) -> dict[str, bool]:
    """Return what each incident is of, a group of rules or the rule it is told by, and whether it is open."""
    rows = await world.rows(schema.incident)
    return {_of(row): row.resolved_at is None for row in rows}


def _of(row: Any) -> str:
    kind, name, *_ = row.cause_key.split("|")
    return str(name if kind == "group" else json.loads(row.detail)["rule"])


async def test_what_a_known_device_says_is_kept_with_its_ci(world: World) -> None:
    switch = await known_switch(world)
    await world.say(PROBE, spoken(world.now, {"kind": "config_changed", "actor": "wang", "origin": "10.0.0.5"}))
    (event,) = await world.rows(schema.event)
    assert (event.ci_id, event.kind, event.actor, event.address) == (switch.id, "config_changed", "wang", ADDRESS)
    async with world.store.read() as connection:
        told = await events.of_cis(connection, [switch.id], event.at - 5, event.at + 5, ["config_changed"])
        (evidence,) = told[switch.id]
        assert (evidence.actor, evidence.origin) == ("wang", "10.0.0.5")
        assert await events.of_cis(connection, [switch.id], event.at + 1, event.at + 5, ["config_changed"]) == {}


async def test_a_datagram_makes_no_ci_moves_no_value_and_names_nobody(world: World) -> None:
    await world.say(PROBE, spoken(world.now, down(), {"kind": "login", "actor": "x"}))
    assert await world.rows(schema.ci) == []
    assert await world.rows(schema.identifier) == []
    assert [row.ci_id for row in await world.rows(schema.event)] == [None, None]
    switch = await known_switch(world)
    before = await world.rows(schema.fact)
    await world.say(PROBE, spoken(world.now, down()))
    assert await world.rows(schema.fact) == before
    assert {row.ci_id for row in await world.rows(schema.event)} == {switch.id}


async def test_what_was_said_before_anybody_knew_who_it_was_is_told_of_the_one_that_is_found_there(
    world: World,
) -> None:
    await world.say(PROBE, spoken(world.now, down()))
    await world.say(PROBE, spoken(world.now, down(), address="192.0.2.99"))
    await world.say(PROBE, spoken(world.now, down(), zone="plant-2"))
    switch = await known_switch(world)
    held = {(row.zone, row.address): row.ci_id for row in await world.rows(schema.event)}
    assert held == {("", ADDRESS): switch.id, ("", "192.0.2.99"): None, ("plant-2", ADDRESS): None}


async def test_a_host_is_known_by_the_address_its_agent_calls_from_unless_several_do(world: World) -> None:
    host = SimulatedHost(PROBE)
    await world.tell(PROBE, host)
    async with world.store.write() as tx:
        await tx.execute(schema.agent.update().values(address="198.51.100.7"))
    await world.say(PROBE, spoken(world.now, {"kind": "login", "actor": "ops"}, address="198.51.100.7"))
    (server,) = await things(world, "server")
    assert [row.ci_id for row in await world.rows(schema.event)] == [server.id]


async def test_the_same_events_told_again_are_kept_once(world: World) -> None:
    await known_switch(world)
    said = spoken(world.now, down())
    await world.say(PROBE, said)
    count = len(await world.rows(schema.event))
    await world.say(PROBE, said, seq=world.seq[PROBE])
    assert len(await world.rows(schema.event)) == count == 1


async def test_a_link_that_goes_down_opens_an_incident_and_its_return_resolves_it(world: World) -> None:
    await known_switch(world)
    await world.say(PROBE, spoken(world.now, down()))
    (row,) = await world.rows(schema.event)
    assert row.object == "GigabitEthernet0/0/1", "its number has a name"
    assert await incidents(world) == {"EVT-LINK-001": True}
    (opened,) = await world.rows(schema.incident)
    assert "GigabitEthernet0/0/1" in json.loads(opened.title)["zh"]
    world.now += 5_000
    await world.say(PROBE, spoken(world.now, down("GE0/0/1", "link_up")))
    assert await incidents(world) == {"EVT-LINK-001": False}


async def test_a_flap_that_is_told_together_ends_as_its_last_word(world: World) -> None:
    await known_switch(world)
    await world.say(PROBE, spoken(world.now, down(), down(kind="link_up"), down()))
    assert await incidents(world) == {"EVT-LINK-001": True}
    world.now += 5_000
    await world.say(PROBE, spoken(world.now, down(), down(kind="link_up")))
    assert await incidents(world) == {"EVT-LINK-001": False}


async def test_a_ups_on_battery_opens_an_incident_until_mains_are_back(world: World) -> None:
    ups = {"class": "environment", "type": "ups", "vendor": "KSTAR", "serial": "KS2026001", "name": "ups-1"}
    await world.say(PROBE, found(ADDRESS, ups, world.now, interfaces=[]))
    async with world.store.write() as tx:
        await tx.execute(schema.ci.update().values(state="active"))
    await world.say(PROBE, spoken(world.now, {"kind": "ups_on_battery"}))
    assert (await incidents(world))["ups-on-battery"] is True
    world.now += 60_000
    await world.say(PROBE, spoken(world.now, {"kind": "ups_power_restored"}))
    assert (await incidents(world))["ups-on-battery"] is False


async def test_what_a_ups_says_and_what_is_read_of_it_are_one_incident(world: World) -> None:
    ups = {"class": "environment", "type": "ups", "vendor": "KSTAR", "serial": "KS2026001", "name": "ups-1"}

    async def read(source: str) -> None:
        await world.say(PROBE, found(ADDRESS, ups, world.now, interfaces=[], ups={"source": source}))

    await read("normal")
    async with world.store.write() as tx:
        await tx.execute(schema.ci.update().values(state="active"))
    await world.say(PROBE, spoken(world.now, {"kind": "ups_on_battery"}))
    await read("battery")
    assert await incidents(world) == {"ups-on-battery": True}
    alerts = await world.rows(schema.alert, schema.alert.c.state == "firing")
    assert {row.rule for row in alerts} == {"EVT-UPS-001", "PWR-UPS-001"}
    await world.say(PROBE, spoken(world.now, {"kind": "ups_power_restored"}))
    assert await incidents(world) == {"ups-on-battery": True}, "until it is seen that it is so"
    await read("normal")
    assert await incidents(world) == {"ups-on-battery": False}


async def test_a_cold_start_is_an_incident_for_an_hour(world: World) -> None:
    await known_switch(world)
    await world.say(PROBE, spoken(world.now, {"kind": "cold_start"}))
    assert await incidents(world) == {"EVT-START-001": True}
    world.now += 3_700_000
    await world.runner.tick()
    assert await incidents(world) == {"EVT-START-001": False}


async def test_a_proposed_device_raises_nothing_and_one_that_never_spoke_is_not_judged(world: World) -> None:
    await known_switch(world, "proposed")
    await world.say(PROBE, spoken(world.now, down()))
    await world.runner.tick()
    assert await incidents(world) == {}
    other = SWITCH | {"serial": "2102353TESR0777", "engine_id": "800007db0300e0fc667788", "name": "quiet-01",
                      "base_mac": "00:e0:fc:66:77:88"}  # fmt: skip
    await world.say(PROBE, found("192.0.2.50", other, world.now))
    await world.runner.tick()
    (quiet,) = [row for row in await things(world, "network") if row.name == "quiet-01"]
    alerts = await world.rows(schema.alert, schema.alert.c.ci_id == quiet.id)
    assert not [row for row in alerts if row.rule.startswith("EVT-")]


async def test_rows_beyond_what_one_observation_may_tell_are_left_out(world: World) -> None:
    await world.say(PROBE, spoken(world.now, *({"kind": "login", "actor": str(each)} for each in range(1_200))))
    assert len(await world.rows(schema.event)) == 1_000
    assert await world.rows(schema.rejected_observation) == []
