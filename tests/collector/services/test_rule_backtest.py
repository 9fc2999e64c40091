"""A rule over a past period comes to what it would have come to while the facts moved."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.compiled import CompiledRule
from collector.rulebook import of_packs
from collector.services.refused import Refused
from collector.services.rule_backtest import LONGEST_MS, Replayed, RuleBacktests
from collector.store import schema
from collector.store.engine import Store
from collector.yamlfile import parse
from tests.collector.test_pipeline import MINUTE, START, World
from tests.collector.test_sampling import PACK as FLAPS
from tests.collector.test_sampling import enrolled, watching
from tests.simulated import SimulatedHost

PACK = """
pack: test
title: {zh: 试验, en: Test}
rules:
  - id: TST-SW-001
    kinds: [server]
    title: {zh: 软件, en: Software}
    each: {var: p, in: ci.packages, key: p.name}
    where: p.name == "telnetd"
    expr: p.version != ""
    for: FOR
    min_samples: 3
    summary: {zh: x, en: x}
    runbook: {zh: x, en: x}
    cases: []
  - id: TST-HEALTH-001
    kinds: [server]
    title: {zh: 负载, en: Load}
    each: {var: m, in: ci.health, key: m.metric}
    expr: m.value > 1.0
    summary: {zh: x, en: x}
    runbook: {zh: x, en: x}
    cases: []
"""
TELNETD = {"name": "telnetd", "arch": "amd64", "version": "1", "manager": "dpkg"}


def rules(hold: str = "0s") -> dict[str, CompiledRule]:
    return dict(of_packs([parse(PACK.replace("FOR", hold), Path("pack.yaml"))]).rules)


async def came_to(world: World, rule: CompiledRule, start: int = START) -> Replayed:
    (found,) = await RuleBacktests().run(world.store, [rule], (start, world.now))
    return found


@pytest.fixture
async def world(sqlite_store: Store) -> World:
    """A host on which a package came, went after ten minutes, and came again to stay."""
    world, host = World(sqlite_store), SimulatedHost(1)
    await world.enrol(1)
    await world.tell(1, host)
    for there, minutes in ((True, 10), (False, 10), (True, 60)):
        host.bodies["packages"] = [each for each in host.bodies["packages"] if each["name"] != "telnetd"]
        host.bodies["packages"] += [TELNETD] if there else []
        await world.tell(1, host)
        world.now += minutes * MINUTE
    return world


async def test_every_time_it_would_have_fired_is_counted(world: World) -> None:
    told = await came_to(world, rules()["TST-SW-001"])
    assert (told.cis, told.applies, told.unknown, told.opened, told.firing, told.unread) == (1, 1, 0, 2, 1, ())
    assert [(ci.ci_type, opened) for ci, opened in told.top] == [("pc_server", 2)]


async def test_what_did_not_hold_long_enough_would_not_have_fired(world: World) -> None:
    told = await came_to(world, rules("30m")["TST-SW-001"])
    assert (told.opened, told.firing) == (1, 1)
    assert (await came_to(world, rules("2h")["TST-SW-001"])).opened == 0


async def test_measurements_are_no_facts_and_that_is_said(world: World) -> None:
    told = await came_to(world, rules()["TST-HEALTH-001"])
    assert (told.unread, told.unknown, told.opened) == (("health",), 1, 0)


async def lived(world: World, host: SimulatedHost) -> int:
    """Let a port go to and fro at first, and errors grow at last; return when that began (ms)."""
    host.bodies["health"] = [{"metric": "errors_total", "instance": "", "value": 0.0}]
    await world.tell(1, host)
    await world.tell(1, host)
    began = world.now
    for minute in range(40):
        host.bodies["interfaces"][0]["state"] = "down" if minute % 2 and minute < 8 else "up"
        host.bodies["health"][0]["value"] += 600.0 if minute >= 30 else 0.0
        await world.tell(1, host)
        await world.runner.tick()
    return began


@pytest.mark.parametrize("name", ["TST-FLAP-001", "TST-RATE-001"])
async def test_what_a_rule_looks_back_on_is_replayed_and_comes_to_what_it_came_to(
    sqlite_store: Store, name: str
) -> None:
    world, host = await enrolled(sqlite_store)
    began = await lived(world, host)
    (alert,) = [row for row in await world.rows(schema.alert) if row.rule == name and row.episode]
    told = await came_to(world, world.runner.policies.rulebook.rules[name], began)
    assert (told.opened, told.unread, told.unknown) == (alert.episode, (), 0)
    assert bool(told.firing) is (alert.state == "firing")


async def test_a_past_that_is_a_fact_is_replayed_for_a_rule_that_never_ran(sqlite_store: Store) -> None:
    world, host = await enrolled(sqlite_store)
    watching(world, "")
    began = await lived(world, host)
    rules = of_packs([parse(FLAPS, Path("pack.yaml"))]).rules
    told = await came_to(world, rules["TST-FLAP-001"], began)
    assert (told.opened, told.firing, told.unknown) == (1, 0, 0)
    told = await came_to(world, rules["TST-RATE-001"], began)
    assert (told.opened, told.unread) == (0, ("health",)), "nobody kept what no rule looked back on"


async def test_nothing_is_written(world: World) -> None:
    before = await world.rows(schema.alert)
    await came_to(world, rules()["TST-SW-001"])
    assert await world.rows(schema.alert) == before


async def test_a_period_that_is_none_is_refused(world: World) -> None:
    for start in (world.now, world.now - LONGEST_MS - 1):
        with pytest.raises(Refused, match="at most 400 days"):
            await came_to(world, rules()["TST-SW-001"], start)
