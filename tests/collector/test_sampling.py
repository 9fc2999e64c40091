"""History windows through the pipeline: kept only where a rule looks back, told as they were, gone when old."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from collector.model import Alert
from collector.pipeline.runner import Runner
from collector.rulebook import Rulebook, of_packs
from collector.store import alerts, schema
from collector.store.engine import Store
from collector.yamlfile import parse
from tests.collector.test_pipeline import MINUTE, World
from tests.simulated import SimulatedHost

PACK = """
pack: test
title: {zh: 试验, en: Test}
rules:
  - id: TST-FLAP-001
    kinds: [server]
    title: {zh: 端口反复通断, en: Port flaps}
    each: {var: port, in: ci.interfaces, key: port.name}
    expr: changes(port, "state", "10m") >= 3
    summary: {zh: x, en: x}
    runbook: {zh: x, en: x}
    cases: []
  - id: TST-RATE-001
    kinds: [server]
    title: {zh: 错误增长, en: Errors grow}
    each: {var: m, in: ci.health, key: m.metric}
    where: m.metric == "errors_total"
    expr: rate(m, "value", "10m") > 1.0
    summary: {zh: x, en: x}
    runbook: {zh: x, en: x}
    cases: []
"""


def watching(world: World, pack: str = PACK) -> None:
    """Let the world be looked at with the rules of `pack` alone."""
    book = of_packs([parse(pack, Path("pack.yaml"))]) if pack else Rulebook({}, {})
    loaded = replace(world.runner.policies, rulebook=book)
    world.runner = Runner(world.store, loaded, lambda: world.now)


@pytest.fixture
async def host(sqlite_store: Store) -> tuple[World, SimulatedHost]:
    return await enrolled(sqlite_store)


async def enrolled(store: Store) -> tuple[World, SimulatedHost]:
    world = World(store)
    watching(world)
    await world.enrol(1)
    return world, SimulatedHost(1)


def cable(host: SimulatedHost, state: str) -> None:
    for port in host.bodies["interfaces"]:
        port["state"] = state


def counter(host: SimulatedHost, value: float) -> None:
    host.bodies["health"] = [{"metric": "errors_total", "instance": "", "value": value}]


async def said(world: World, rule: str) -> set[tuple[str, str]]:
    """Return state and outcome of the alerts of `rule`."""
    ids = [row.id for row in await world.rows(schema.ci)]
    async with world.store.read() as reader:
        found: list[Alert] = list((await alerts.load(reader, ids)).values())
    return {(each.state, str(each.outcome)) for each in found if each.rule == rule}


async def test_only_the_fields_some_rule_looks_back_on_are_kept(host: tuple[World, SimulatedHost]) -> None:
    world, machine = host
    counter(machine, 1)
    await world.tell(1, machine)
    cable(machine, "down")
    await world.tell(1, machine)
    assert {(row.section, row.field) for row in await world.rows(schema.series)} == {
        ("interfaces", "state"), ("health", "value"),
    }  # fmt: skip


async def test_what_never_moved_costs_a_line_a_field_however_many_rows(host: tuple[World, SimulatedHost]) -> None:
    world, machine = host
    machine.bodies["interfaces"] += [{"name": f"eth{each}", "state": "down"} for each in range(50)]
    for _ in range(3):
        await world.tell(1, machine)
    assert len(await world.rows(schema.sample)) == 1


async def test_without_a_rule_that_looks_back_nothing_is_kept(host: tuple[World, SimulatedHost]) -> None:
    world, machine = host
    watching(world, pack="")
    for state in ("up", "down", "up"):
        cable(machine, state)
        await world.tell(1, machine)
    assert await world.rows(schema.series) == []
    assert await world.rows(schema.sample) == []


async def test_a_port_that_flaps_fires_and_ends_when_it_has_been_quiet_for_the_window(store: Store) -> None:
    world, machine = await enrolled(store)
    for state in ("up", "up", "up", "up", "up", "up", "down", "up", "down"):
        cable(machine, state)
        await world.tell(1, machine)
    assert await said(world, "TST-FLAP-001") == {("firing", "PROBLEM")}
    for _ in range(11):
        await world.tell(1, machine)  # nothing moves any more; that alone is told
    await world.runner.tick()
    assert await said(world, "TST-FLAP-001") == {("ok", "PASS")}


async def test_a_counter_that_began_again_at_zero_goes_on_growing(host: tuple[World, SimulatedHost]) -> None:
    world, machine = host
    await world.tell(1, machine)
    for value in (0, 100, 200, 300, 400, 500, 600, 30, 130, 230):  # a hundred a minute, and a restart
        counter(machine, value)
        await world.tell(1, machine, only={"health"})
    assert await said(world, "TST-RATE-001") == {("firing", "PROBLEM")}


async def test_too_little_is_known_at_first(host: tuple[World, SimulatedHost]) -> None:
    world, machine = host
    counter(machine, 0)
    await world.tell(1, machine)
    counter(machine, 10_000)
    await world.tell(1, machine)
    assert await said(world, "TST-RATE-001") == {("ok", "UNKNOWN")}


async def test_what_is_said_again_counts_as_the_same_value(host: tuple[World, SimulatedHost]) -> None:
    world, machine = host
    counter(machine, 7)
    for _ in range(12):
        await world.tell(1, machine)
    await world.runner.tick()
    assert await said(world, "TST-RATE-001") == {("ok", "PASS")}


async def test_a_rule_that_is_new_looks_back_on_what_was_there_since_it_runs(host: tuple[World, SimulatedHost]) -> None:
    world, machine = host
    watching(world, pack="")
    await world.tell(1, machine)
    watching(world)
    await world.runner.tick()
    assert await said(world, "TST-FLAP-001") == {("ok", "UNKNOWN")}
    for _ in range(6):
        await world.tell(1, machine)
    await world.runner.tick()
    assert await said(world, "TST-FLAP-001") == {("ok", "PASS")}


async def test_samples_go_as_they_age(host: tuple[World, SimulatedHost]) -> None:
    world, machine = host
    await world.tell(1, machine)
    for at in range(30):
        counter(machine, at)
        await world.tell(1, machine, only={"health"})
    before = len(await world.rows(schema.sample))
    await world.runner.tick()
    kept = await world.rows(schema.sample)
    assert len(kept) < before
    assert min(row.at for row in kept if row.at > world.now - 10 * MINUTE) <= world.now - 9 * MINUTE


async def test_every_run_of_a_rule_is_counted(host: tuple[World, SimulatedHost]) -> None:
    world, machine = host
    await world.tell(1, machine)
    used = world.runner.policies.meter.used["TST-FLAP-001"]
    first = used.evaluations
    assert (first > 0, used.seconds > 0, used.errors) == (True, True, 0)
    cable(machine, "down")
    await world.tell(1, machine)
    assert used.evaluations > first
