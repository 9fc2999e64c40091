"""A storm: a few devices of a large network fail, and everything behind them raises alarms within a minute.

MUSTER_BENCH_NODES   how many CIs (10,000)

The estate is a tree in which every node has two ways up; the ways of whole branches fail. The probe misses them, and
ten rules' worth of alarms a CI come in random order, two looks before anybody knows why. What is measured is the real
path over a real SQLite store: sections → rules → alerts → settling → incidents → outbox, and reachability beside it.
One alarm in four is critical. Then the cooling fails: everything answers, and every CI is critical by itself.
"""

from __future__ import annotations

import asyncio
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from collector.model import Outcome
from collector.pipeline import judging, policies
from collector.pipeline.judged import Judged
from collector.pipeline.policies import Policies
from collector.rootcause import BUDGET
from collector.store import schema
from collector.store.engine import Store, insert, open_store, sqlite_url
from collector.store.migrate import migrate
from tests.bench import Figure
from tests.bench.programs import setting
from tests.collector.reach.estate import MINUTE, Estate
from tests.store.ground import with_channels
from wire.observation import Status

RULES = Path(__file__).parents[2] / "rules"
ALARMS = 20
"""Alarms a CI has beside the one that it cannot be reached."""
HOT_ALARMS = 10
"""Those it has when the cooling fails."""
STOOD, SLOW = 0, 50
"""What a fan turns at (rpm) that has a critical alarm, or a warning."""
BATCH = 200
PACK = """pack: storm
title: {zh: 风暴, en: Storm}
rules:
  - id: STORM-FAN-001
    kinds: [network]
    title: {zh: 风扇, en: Fan}
    each: {var: s, in: ci.sensors, key: s.name}
    expr: s.value < 100
    severity: {default: warning, when: [{if: s.value < 10, level: critical}]}
    incident: {category: network/hardware}
    summary: {zh: '{{ci.name}} {{s.name}}', en: '{{ci.name}} {{s.name}}'}
    runbook: {zh: 更换, en: Replace it}
    cases:
      - fires: when a fan stands
        ci: {class: network, type: switch, sensors: [{name: fan, kind: fan, value: 0}]}
      - silent: when it turns
        ci: {class: network, type: switch, sensors: [{name: fan, kind: fan, value: 900}]}
      - unknown: when nothing is told
        ci: {class: network, type: switch}
"""


@dataclass
class Storm:
    """What came of one: seconds, and rows that were counted."""

    nodes: int
    roots: int
    alarms: int
    lost: int
    incidents: int
    messages: int
    first_s: float
    drained_s: float
    busy_s: float
    resolved: int = field(default=0)


def network(nodes: int, core: int = 10) -> tuple[list[tuple[int, int]], list[set[int]]]:
    """Return the wires of CI 1 (the probe), its gateway 2, pairs of switches below that, and all others below a pair.

    And beside them what is below each pair.
    """
    wires = [(1, 2), *((2, number) for number in range(3, 3 + 2 * core))]
    below: list[set[int]] = [set() for _ in range(core)]
    parents: dict[int, tuple[int, int]] = {}
    for number in range(3 + 2 * core, nodes + 1):
        pair = number % core
        above = pair_of(pair)
        aunt = number - core
        if aunt in parents and number % 3:  # a level further down, by way of two that hang on the pair
            above = (aunt, aunt - core if aunt - core in parents else aunt)
        parents[number] = above
        below[pair].add(number)
        wires += [(above[0], number)] + ([(above[1], number)] if above[1] != above[0] else [])
    return wires, below


def pair_of(pair: int) -> tuple[int, int]:
    return 3 + 2 * pair, 4 + 2 * pair


async def storm(store: Store, nodes: int, failing: int, rules: Policies, seed: int = 7) -> Storm:
    """Let so many pairs of switches fail, and return what came of it."""
    wires, below = network(nodes)
    estate = Estate(store, nodes, wires, rules)
    await estate.build()
    await estate.minutes(2)
    gone = {number for pair in range(failing) for number in (*pair_of(pair), *below[pair])}
    await _alarmed(store, gone, estate.now)
    order = sorted(gone)
    random.Random(seed).shuffle(order)
    began, busy = time.perf_counter(), time.process_time()
    await estate.minutes(1, gone)
    for at in range(0, len(order), BATCH):
        async with store.write() as tx:
            moved: dict[int, Any] = {ci_id: {"sensors": None} for ci_id in order[at : at + BATCH]}
            await judging.judge(tx, moved, (), rules, estate.now, Judged())
    await estate.minutes(1, gone)
    estate.now += MINUTE
    await estate.look(gone)
    known = time.perf_counter()
    deciding = asyncio.create_task(estate.reaching.step())
    first = await _first(store, deciding)
    await deciding
    return await _counted(
        store, nodes, 2 * failing, len(gone), (first - known, time.perf_counter() - began, time.process_time() - busy)
    )


async def _alarmed(store: Store, gone: set[int], now: int, alarms: int = ALARMS) -> None:
    """Let the fans of those CIs have failed, as their sections tell."""
    body = json.dumps(
        [{"name": f"fan {n}", "kind": "fan", "value": SLOW if n % 4 else STOOD} for n in range(alarms)]
    ).encode()
    told = {"name": "sensors", "status": int(Status.OK), "last_try": now, "last_ok": now, "revision": 1}
    rows = [{**told, "ci_id": each, "source_id": each, "hash": b"1", "body": body} for each in sorted(gone)]
    async with store.write() as tx:
        await tx.execute(insert(tx, schema.section), rows)


async def _first(store: Store, deciding: asyncio.Task[int]) -> float:
    """Return when the first incident is there for everybody to see."""
    while not deciding.done():
        async with store.read() as reader:
            if (await reader.execute(select(func.count()).select_from(schema.incident))).scalar_one():
                break
        await asyncio.sleep(0.05)
    return time.perf_counter()


async def _counted(store: Store, nodes: int, roots: int, gone: int, took: tuple[float, float, float]) -> Storm:
    expected = gone * (ALARMS + 1)
    lost = expected - await _told_once(store)
    async with store.read() as reader:
        each = schema.incident.c
        opened = (await reader.execute(select(func.count()).select_from(schema.incident))).scalar_one()
        open_ = await reader.execute(
            select(func.count()).select_from(schema.incident).where(each.resolved_at.is_(None))
        )
        told = (await reader.execute(select(func.count()).select_from(schema.outbox))).scalar_one()
        still = int(open_.scalar_one())
    return Storm(nodes, roots, expected, lost, still, told, *took, opened - still)


async def _told_once(store: Store) -> int:
    """Return how many of the alerts that fire are told in one open incident each."""
    async with store.read() as reader:
        its, member, each = schema.alert.c, schema.incident_cause.c, schema.incident.c
        fires = (its.state == "firing", its.outcome == str(Outcome.PROBLEM))
        alerts = {tuple(row) for row in await reader.execute(select(its.rule, its.ci_id, its.instance).where(*fires))}
        joined = select(member.cause_key).join(schema.incident, each.id == member.incident_id)
        held = Counter(
            (await reader.execute(joined.where(member.ended_at.is_(None), each.resolved_at.is_(None)))).scalars()
        )
    wanted = (f"rule|{rule}|ci-{ci_id}|{instance}" for rule, ci_id, instance in alerts)
    return sum(1 for key in wanted if held[key] == 1)


async def hot(store: Store, nodes: int, rules: Policies) -> tuple[int, int, float]:
    """Let the cooling fail: return how many alarms were lost, how many incidents are open, and the seconds it took."""
    estate = Estate(store, nodes, (), rules)
    await estate.build()
    await _alarmed(store, set(range(2, nodes + 1)), estate.now, HOT_ALARMS)
    began = time.perf_counter()
    for at in range(2, nodes + 1, BATCH):
        async with store.write() as tx:
            moved: dict[int, Any] = {each: {"sensors": None} for each in range(at, min(at + BATCH, nodes + 1))}
            await judging.judge(tx, moved, (), rules, estate.now, Judged())
    took = time.perf_counter() - began
    return (nodes - 1) * HOT_ALARMS - await _told_once(store), len(await estate.incidents()), took


def with_fans(folder: Path) -> Policies:
    """Return the rules that are shipped for reachability, and a rule whose alarms there are many of."""
    packs = folder / "packs"
    packs.mkdir(parents=True)
    for each in RULES.iterdir():
        if each.name != "packs":
            (folder / each.name).symlink_to(each)
    (packs / "reachability.yaml").symlink_to(RULES / "packs" / "reachability.yaml")
    (packs / "storm.yaml").write_text(PACK, encoding="utf-8")
    return policies.load(folder)


def run() -> list[Figure]:
    nodes = int(setting("NODES", 10_000))
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder:
        return asyncio.run(_run(Path(folder), nodes))


@asynccontextmanager
async def _opened(file: Path) -> AsyncIterator[Store]:
    store = open_store(sqlite_url(file))
    try:
        await migrate(store)
        await with_channels(store, "webhook")
        yield store
    finally:
        await store.close()


async def _run(folder: Path, nodes: int) -> list[Figure]:
    rules = with_fans(folder / "rules")
    async with _opened(folder / "storm.db") as store:
        seen = await storm(store, nodes, 5, rules)
    async with _opened(folder / "hot.db") as store:
        lost, incidents, took = await hot(store, nodes, rules)
    note = f"{seen.nodes:,} CIs, {seen.alarms:,} alarms, {seen.roots} roots in {seen.roots // 2} places, SQLite"
    return [
        Figure("alarms lost", seen.lost, "", at_most=0, note=note),
        Figure(
            "incidents open", seen.incidents, "", at_most=seen.roots + 5, note=f"{seen.resolved} more were resolved"
        ),
        Figure("messages a channel", seen.messages, "", at_most=10),
        Figure("first incident", seen.first_s, "s", at_most=5.0, note="after the look that decides"),
        Figure("processor time", seen.busy_s, "s", note="of the whole, whatever else the machine does"),
        Figure("drained", seen.drained_s, "s", at_most=120.0, note="from the first look that misses anybody"),
        Figure("alarms lost in the heat", lost, "", at_most=0, note=f"{nodes:,} CIs × {HOT_ALARMS}, none of them down"),
        Figure("incidents open in the heat", incidents, "", at_most=BUDGET.incidents + 1, note="the last is the storm"),
        Figure("drained of the heat", took, "s", at_most=120.0),
    ]
