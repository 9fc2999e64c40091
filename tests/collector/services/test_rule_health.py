"""How rules do: dead where nobody supplies what they read, silent, wrong, and what they cost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from collector.model import Alert, Outcome
from collector.rule_meter import RuleMeter
from collector.rulebook import of_packs
from collector.services.rule_health import Health, examined
from collector.store import alerts, schema
from collector.store.engine import Store, insert
from collector.yamlfile import parse
from tests.store.ground import with_cis

PACK = """
pack: test
title: {zh: 试验, en: Test}
rules:
  - {id: TST-OS-001, kinds: [server], expr: ci.os.version == "11", ~}
  - {id: TST-NTP-001, kinds: [server], expr: ci.ntp.synchronised == false, ~}
  - {id: TST-UPS-001, kinds: [ups], expr: ci.ups.source == "battery", ~}
""".replace("~", "title: {zh: x, en: x}, summary: {zh: x, en: x}, runbook: {zh: x, en: x}, cases: []")
RULES = of_packs([parse(PACK, Path("pack.yaml"))]).rules
BAD = Alert("TST-OS-001", 1, "", "ok", Outcome.ERROR, 0, 0)


async def health(store: Store, meter: RuleMeter | None = None) -> dict[str, Health]:
    async with store.read() as connection:
        return {each.rule: each for each in await examined(connection, RULES, meter or RuleMeter())}


async def remember(store: Store, *some: Alert) -> None:
    async with store.write() as tx:
        await alerts.save(tx, some, {}, 0)


@pytest.fixture
async def estate(store: Store) -> Store:
    """Three servers, a fourth that is retired; two of them told of their system, one of these could not."""
    await with_cis(store, 4)
    async with store.write() as tx:
        await tx.execute(schema.ci.update().where(schema.ci.c.id == 4).values(state="retired"))
        await tx.execute(insert(tx, schema.source), [{"id": 1, "code": "s", "kind": "agent"}])
        one = {"source_id": 1, "name": "os", "status": 1, "last_try": 9, "revision": 1, "hash": b""}
        rows = [one | {"ci_id": ci_id, "last_ok": last_ok} for ci_id, last_ok in ((1, 9), (2, 0), (4, 9))]
        await tx.execute(insert(tx, schema.section), rows)
    return store


async def test_a_rule_is_blind_where_nobody_reads_what_it_needs_and_dead_when_that_is_everywhere(estate: Store) -> None:
    told = await health(estate)
    assert (told["TST-OS-001"].cis, dict(told["TST-OS-001"].blind), told["TST-OS-001"].is_dead) == (3, {"os": 2}, False)
    assert (dict(told["TST-NTP-001"].blind), told["TST-NTP-001"].is_dead) == ({"ntp": 3}, True)
    assert (told["TST-UPS-001"].cis, told["TST-UPS-001"].is_dead) == (0, True)


async def test_a_rule_that_fired_once_is_known_by_it_and_one_in_error_too(estate: Store) -> None:
    await remember(estate, BAD, replace(BAD, ci_id=2, outcome=Outcome.PASS, episode=1))
    told = await health(estate)
    assert (told["TST-OS-001"].fired, told["TST-OS-001"].errors) == (True, 1)
    assert (told["TST-NTP-001"].fired, told["TST-NTP-001"].errors) == (False, 0)


async def test_what_each_rule_has_cost_is_told(estate: Store) -> None:
    meter = RuleMeter()
    for seconds, errors in ((0.5, 0), (0.25, 1)):
        meter.note("TST-OS-001", seconds, errors)
    used = (await health(estate, meter))["TST-OS-001"].used
    assert (used.evaluations, used.seconds, used.errors) == (2, 0.75, 1)
    assert meter.evaluations == 2
