"""What a sweep shows once waits for a second look: through the real store, from what a probe says to the incident."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path as File
from typing import Any

import pytest

from collector import governance
from collector.change.record import ChangeType, Line
from collector.model import Event, Path
from collector.pipeline import entering, judging
from collector.pipeline.backtesting import backtest
from collector.services import second_looks, sweeps
from collector.services.lookback.asked import Asked
from collector.services.records import Recorder
from collector.services.registration import Registrar
from collector.services.sweeps import NewPlan
from collector.store import events, schema
from collector.store.engine import Store
from collector.store.events import Spoken
from collector.yamlfile import parse
from tests.acts import act
from tests.collector.ground import HOUR, Ground
from tests.collector.test_pipeline import MINUTE, START, World
from tests.collector.test_targets import SWITCH, found
from tests.simulated import SimulatedHost

LOCATION = Path("device", "location")


@dataclass
class Device:
    """A registered device that is swept, and whatever else a host is asked for."""

    ground: Ground
    protocol: str
    device: dict[str, Any] = field(default_factory=lambda: {**SWITCH, "location": "room 1"})
    bodies: dict[str, Any] = field(default_factory=dict)

    @property
    def world(self) -> World:
        return self.ground.world

    async def look(self, bare: bool = False, **device: Any) -> None:
        self.device |= device
        told = found("192.0.2.1", self.device, self.world.now, bare, protocol=self.protocol, **self.bodies)
        await self.world.say(1, told)

    async def held(self) -> list[tuple[str, bool]]:
        """Return verdict of each item, and whether it waits for a second look."""
        rows = await self.world.rows(schema.finding_item)
        return [(row.verdict, row.once) for row in sorted(rows, key=lambda row: row.hi)]


async def registered(store: Store, protocol: str = "snmp", **bodies: Any) -> Device:
    world = World(store)
    await world.enrol(1)
    it = Device(Ground(world, SimulatedHost(1), 0), protocol, bodies=bodies)
    await it.look()
    (ci,) = await world.rows(schema.ci)
    it.ground.ci_id = ci.id
    policies = world.runner.policies
    whole = partial(judging.judge_whole, policies=policies)
    registrar = Registrar(policies.governance, whole, Recorder(partial(entering.enter, policies=policies)))
    async with store.write() as tx:
        assert await registrar.register(act(tx, "chen.yu", world.now), ("config_admin:*",), [ci.uid]) == ()
    await it.look()
    return it


@pytest.mark.parametrize("bare", [False, True], ids=["told in full", "told by hashes"])
async def test_an_incident_opens_with_the_second_look_and_not_with_the_first(store: Store, bare: bool) -> None:
    it = await registered(store)
    await it.look(location="room 2")
    await it.ground.later(MINUTE)
    assert (await it.held(), await it.ground.incidents()) == ([("pending", True)], [])
    finding = await it.ground.one()
    assert finding.due_at == finding.hi + 8 * HOUR
    await it.look(bare)
    await it.ground.later(0)
    assert (await it.held(), await it.ground.incidents()) == ([("pending", False)], [("notice", "new")])
    await it.ground.later(8 * HOUR)
    assert (await it.held(), await it.ground.verdicts()) == ([("unapproved", False)], ["unapproved"])


async def test_what_nobody_looks_at_again_is_held_against_somebody_when_its_clock_runs_out(sqlite_store: Store) -> None:
    it = await registered(sqlite_store)
    await it.look(location="room 2")
    await it.ground.later(8 * HOUR)
    assert (await it.held(), len(await it.ground.incidents())) == ([("unapproved", False)], 1)


async def test_what_the_next_look_takes_back_is_told_and_opens_no_incident(sqlite_store: Store) -> None:
    it = await registered(sqlite_store)
    await it.look(location="?")
    await it.look(location="room 1")
    await it.ground.later(9 * HOUR)
    assert (await it.held(), await it.ground.incidents()) == ([("reverted", False)], [])
    asked = Asked(START, it.world.now + 1)
    async with sqlite_store.read() as reader:
        report = await backtest(reader, asked, it.world.now, it.world.runner.policies)
    assert (report.cis, report.differing) == (1, 0), "the past is judged by the same call"


async def test_what_flickers_on_the_way_to_another_value_is_one_move_to_that(sqlite_store: Store) -> None:
    it = await registered(sqlite_store)
    await it.look(location="?")
    await it.look(location="room 3")
    await it.look()
    await it.ground.later(0)
    (row,) = await it.world.rows(schema.finding_item)
    held = {each.id: each.text for each in await it.world.rows(schema.val)}
    assert (held[row.old_val_id], held[row.new_val_id], row.once) == ('"room 1"', '"room 3"', False)
    assert len(await it.ground.incidents()) == 1


async def test_what_else_moves_in_its_section_does_not_stand_in_for_a_second_look_but_shows_it(store: Store) -> None:
    port = {"name": "GE0/0/1", "kind": "ethernet", "mtu": 1500, "state": "up"}
    it = await registered(store, interfaces=[port])
    it.bodies["interfaces"] = [{**port, "mtu": 9000}]
    await it.look()
    assert await it.held() == [("pending", True)]
    it.bodies["interfaces"] = [{**port, "mtu": 9000, "state": "down"}]
    await it.look()
    await it.ground.later(0)
    assert (await it.held(), len(await it.ground.incidents())) == ([("pending", False)], 1)


async def test_a_controller_that_answers_in_full_sentences_is_believed_at_once(sqlite_store: Store) -> None:
    it = await registered(sqlite_store, "redfish")
    await it.look(location="room 2")
    assert (await it.held(), len(await it.ground.incidents())) == ([("pending", False)], 1)


async def test_what_the_device_itself_said_of_it_is_as_good_as_a_second_look(sqlite_store: Store) -> None:
    running = {"kind": "running", "sha256": "0" * 64}
    it = await registered(sqlite_store, "ssh", configuration=[running])
    at = it.world.now - MINUTE // 2
    told = Event(at, "config_changed", actor="wang", origin="10.0.0.5", until=at, source="syslog")
    async with sqlite_store.write() as tx:
        await events.add(tx, [told], Spoken(it.ground.ci_id, "", "192.0.2.1", 1))
    it.bodies["configuration"] = [{**running, "sha256": "1" * 64}]
    await it.look()
    assert (await it.held(), len(await it.ground.incidents())) == ([("pending", False)], 1)


async def test_what_is_asked_for_twice_of_a_section_is_waited_for_whoever_tells_of_it(sqlite_store: Store) -> None:
    table = governance.of_table(parse("dns: {default: controlled, reason: x, confirm: 2}", File("policy")))
    world = World(sqlite_store)
    world.runner.policies = replace(world.runner.policies, governance=table)
    await world.enrol(1)
    it = Device(Ground(world, host := SimulatedHost(1), 0), "")
    await world.tell(1, host)
    host.bodies["dns"] = {"servers": ["9.9.9.9"], "search": ["example.test"]}
    await world.tell(1, host)
    assert (await it.held(), await it.ground.incidents()) == ([("pending", True)], [])
    await world.tell(1, host)
    await it.ground.later(0)
    assert (await it.held(), len(await it.ground.incidents())) == ([("pending", False)], 1)


async def test_the_address_is_looked_at_again_at_once_where_a_plan_covers_it_and_only_once(
    store: Store,
) -> None:
    it = await registered(store)
    await it.look(location="room 2")
    async with store.write() as tx:
        plan = NewPlan("nightly", "", {"ranges": ["192.0.2.0/24"], "until": "identify"}, "0 2 * * *")
        await sweeps.create_plan(act(tx, "admin", it.world.now), plan)
    for _ in range(2):
        async with store.write() as tx:
            doing = act(tx, "collector", it.world.now)
            assert await second_looks.is_due(tx) is (not await it.world.rows(schema.sweep))
            await second_looks.settle(doing)
    (sweep,) = await it.world.rows(schema.sweep)
    assert (json.loads(sweep.settings)["ranges"], sweep.state) == (["192.0.2.1"], "waiting")
    await it.look()
    await it.ground.later(0)
    assert (await it.held(), len(await it.ground.incidents())) == ([("pending", False)], 1)


async def test_a_device_swept_once_a_day_is_covered_by_work_for_a_day_after_it(store: Store) -> None:
    it = await registered(store)
    async with store.write() as tx:
        plan = NewPlan("nightly", "", {"ranges": ["192.0.2.0/24"], "until": "identify"}, "0 2 * * *")
        await sweeps.create_plan(act(tx, "admin", it.world.now), plan)
    now = it.world.now
    work = Line(it.ground.ci_id, LOCATION)
    await it.ground.raise_(ChangeType.NORMAL, work, window=(now, now + HOUR), granted=now)
    await it.ground.later(20 * HOUR)
    await it.look()
    await it.ground.later(HOUR)
    await it.look(location="room 2")
    await it.look()
    await it.ground.later(0)
    assert await it.held() == [("authorised", False)]


async def test_a_number_within_its_tolerance_is_nothing_until_it_has_crept_out_of_it(
    sqlite_store: Store,
) -> None:
    pool = {"name": "pool 1", "level": "raid6", "size_bytes": 10_000_000}
    it = await registered(sqlite_store, "redfish", storage_pools=[pool])
    for size in (10_009_000, 10_010_000):
        it.bodies["storage_pools"] = [{**pool, "size_bytes": size}]
        await it.look()
    assert await it.held() == []
    it.bodies["storage_pools"] = [{**pool, "size_bytes": 10_011_000}]
    await it.look()
    assert await it.held() == [("pending", False)]
    it.bodies["storage_pools"] = [{**pool, "size_bytes": 10_009_500}]
    await it.look()
    assert await it.held() == [("reverted", False)]


async def test_a_class_may_regulate_less_and_keep_less_than_others(store: Store) -> None:
    text = """
dns: {default: controlled, reason: x, classes: {server: {default: volatile, reason: y}}}
ntp: {default: controlled, reason: x, classes: {server: {default: informational, reason: y}}}
os: {default: controlled, reason: x, classes: {pc: {default: informational, reason: y}}}
"""
    world = World(store)
    world.runner.policies = replace(world.runner.policies, governance=governance.of_table(parse(text, File("policy"))))
    await world.enrol(1)
    it = Device(Ground(world, host := SimulatedHost(1), 0), "")
    await world.tell(1, host)
    host.bodies["dns"] = {"servers": ["9.9.9.9"], "search": ["example.test"]}
    host.bodies["ntp"] = {**host.bodies["ntp"], "servers": ["10.0.0.99"]}
    await world.tell(1, host)
    assert await it.held() == []
    paths = {row.id: row.section for row in await world.rows(schema.path)}
    assert {paths[row.path_id] for row in await world.rows(schema.claim)} & {"dns", "ntp", "os"} == {"ntp", "os"}
    assert {paths[row.path_id] for row in await world.rows(schema.auth)} & {"dns", "ntp", "os"} == {"os"}
    host.bodies["os"] = {**host.bodies["os"], "kernel": "6.1.0-31-amd64"}
    await world.tell(1, host)
    assert await it.held() == [("pending", False)]
