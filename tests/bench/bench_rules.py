"""Rules over a whole estate: a full pass, and one per cent of what is known moved: only what reads that runs again.

MUSTER_BENCH_CIS   how many CIs (100,000)

The store is filled directly; what is measured is the collector's own judging over it, alerts and incidents written,
some CIs a transaction as the pipeline does it. Full pass: every rule on every CI, the alerts of the pass before there.
Scattered: one row moved in one per cent of all sections, each of another CI. Gathered: everything one per cent of the
CIs say moved. By the clock: what a collector looks at after its start, and every half minute from then on, while
nothing moves. SQLite here; the same on PostgreSQL is not measured.
"""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collector import rulebook
from collector.inspection import Moved
from collector.pipeline import judging, policies, ticking
from collector.pipeline.judged import Judged
from collector.pipeline.policies import Policies
from collector.store.engine import WRITER_PRAGMAS, Store, open_store, sqlite_url
from collector.store.migrate import migrate
from tests.bench import Figure
from tests.bench.programs import setting
from tests.simulated import inventory
from wire.sections import SECTIONS, arrange, canonical

RULES = Path(__file__).parents[2] / "rules"
NOW = 1_795_000_000_000
AT_ONCE = 200
SHARE = 0.01
TICK_MS, TICKS = 30_000, 20
MOST = 2.0
"""Per cent of a full pass."""


@dataclass(frozen=True, slots=True)
class Pass:
    """What a pass over some CIs came to."""

    evaluations: int
    seconds: float


def run() -> list[Figure]:
    count = int(setting("CIS", 100_000))
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder:
        file = Path(folder) / "muster.db"
        sections = _fill(file, count)
        return [_loaded(), *asyncio.run(_measured(file, count, sections))]


def _loaded() -> Figure:
    began = time.process_time()
    book = rulebook.load(rulebook.shipped())
    note = f"{len(book.rules)} rules, {sum(map(len, book.cases.values()))} cases, read and type-checked"
    return Figure("all packs", time.process_time() - began, "s of CPU", at_most=2.0, note=note)


# --- the estate

Sections = dict[int, tuple[str, ...]]
"""CI → the sections it has."""


def _fill(file: Path, count: int) -> Sections:
    """Write `count` CIs with everything they say to a new database."""
    asyncio.run(_migrated(file))
    database = sqlite3.connect(file, isolation_level=None)
    for pragma in (*WRITER_PRAGMAS, "synchronous=OFF"):
        database.execute(f"PRAGMA {pragma}")
    database.execute("BEGIN")
    sections = {number: _one(database, number) for number in range(1, count + 1)}
    database.execute("COMMIT")
    database.execute("ANALYZE")
    database.close()
    return sections


async def _migrated(file: Path) -> None:
    store = open_store(sqlite_url(file))
    await migrate(store)
    await store.close()


def _one(database: sqlite3.Connection, number: int) -> tuple[str, ...]:
    ci_class, ci_type, bodies = _kind(number)
    database.execute(
        "INSERT INTO ci (id, uid, ci_class, ci_type, name, state, created_at) VALUES (?, ?, ?, ?, ?, 'active', ?)",
        (number, f"ci-{number}", ci_class, ci_type, f"{ci_type}-{number}", NOW - 86_400_000),
    )
    database.execute(
        "INSERT INTO source (id, code, kind, confirmed_at) VALUES (?, ?, 'agent', ?)", (number, f"s/{number}", NOW)
    )
    database.execute(
        "INSERT INTO subject_ci (source_id, role, ci_id, matched_by, since) VALUES (?, 'host', ?, 'serial', 0)",
        (number, number),
    )
    database.executemany(
        "INSERT INTO section (ci_id, source_id, name, status, last_try, last_ok, revision, hash, body)"
        f" VALUES ({number}, {number}, ?, 1, {NOW}, {NOW}, 1, x'00', ?)",
        [(name, _encoded(name, body)) for name, body in bodies.items()],
    )
    return tuple(bodies)


def _encoded(name: str, body: Any) -> bytes:
    return canonical(arrange(SECTIONS[name], body))


def _kind(number: int) -> tuple[str, str, dict[str, Any]]:
    """Return class, type and sections: of ten CIs six PCs, two servers, a switch and a UPS."""
    match number % 10:
        case 0:
            return "network", "switch", _switch(number)
        case 1:
            return "environment", "ups", {"ups": {"source": "normal", "battery_state": "normal", "charge_ratio": 1.0}}
        case 2 | 3:
            return "server", "pc_server", _host(number)
        case _:
            return "pc", "desktop", _host(number)


def _host(number: int) -> dict[str, Any]:
    metrics = {"load1": 0.4, "memory_used_ratio": 0.5, "swap_used_ratio": 0.01}
    rows = [{"metric": name, "instance": "", "value": value} for name, value in metrics.items()]
    rows += [{"metric": "filesystem_used_ratio", "instance": each, "value": 0.4} for each in ("/", "/home", "/var")]
    return {**inventory(number, packages=20), "health": rows}


def _switch(number: int) -> dict[str, Any]:
    ports = [{"name": f"GE0/0/{each}", "state": "up", "speed_mbps": 1000, "index": each} for each in range(1, 25)]
    return {"device": {"vendor": "Example", "model": "S-24", "serial": f"SW{number:08d}"}, "interfaces": ports}


# --- what is measured


async def _measured(file: Path, count: int, sections: Sections) -> list[Figure]:
    store, loaded = open_store(sqlite_url(file)), policies.load(RULES)
    bench = _Bench(store, loaded, sections)
    await bench.full()
    full = await bench.full()
    scattered, gathered = await bench.moved(_scattered(sections)), await bench.moved(_gathered(sections))
    first, then = await bench.clock(), [await bench.clock(TICK_MS) for _ in range(TICKS)]
    await store.close()
    note = f"{count:,} CIs, {len(loaded.rulebook.rules)} rules, {full.evaluations:,} runs of a rule"
    return [
        Figure("full pass", full.seconds, "s", note=note),
        Figure("a run of a rule, with store", full.seconds / full.evaluations * 1e6, "µs"),
        *_compared("scattered", scattered, full, MOST),
        *_compared("gathered", gathered, full, MOST),
        Figure("by the clock, after a start", first.seconds, "s", note=f"{first.evaluations:,} runs of a rule"),
        Figure("by the clock, every 30 s", _mean(then), "s", at_most=3.0, note=f"mean of {TICKS}"),
    ]


def _mean(passes: Sequence[Pass]) -> float:
    return sum(each.seconds for each in passes) / len(passes)


def _compared(name: str, part: Pass, full: Pass, most: float) -> Iterator[Figure]:
    yield Figure(f"1 % moved, {name}: runs", part.evaluations, "runs", note=f"{part.seconds:.2f} s")
    yield Figure(
        f"1 % moved, {name}: runs", 100 * part.evaluations / full.evaluations, "% of a full pass", at_most=most
    )
    yield Figure(f"1 % moved, {name}: time", 100 * part.seconds / full.seconds, "% of a full pass", at_most=most)


Moves = Mapping[int, Sequence[str]]
"""CI → its sections that moved."""


def _scattered(sections: Sections) -> Moves:
    every = [(ci_id, name) for ci_id, names in sections.items() for name in names]
    random.Random(1).shuffle(every)
    return {ci_id: (name,) for ci_id, name in every[: round(len(every) * SHARE)]}


def _gathered(sections: Sections) -> Moves:
    chosen = random.Random(2).sample(sorted(sections), round(len(sections) * SHARE))
    return {ci_id: sections[ci_id] for ci_id in chosen}


class _Bench:
    """Judges the estate as the pipeline does."""

    def __init__(self, store: Store, loaded: Policies, sections: Sections) -> None:
        self._store, self._policies, self._sections, self._now = store, loaded, sections, NOW
        self._judged = Judged()
        for ci_id in sections:
            self._judged.add(ci_id, (rule.id for rule in loaded.rulebook.rules.values() if rule.sights))

    async def full(self) -> Pass:
        """Run every rule on every CI."""
        return await self._timed(sorted(self._sections), self._whole)

    async def moved(self, moves: Moves) -> Pass:
        """Let one row of each of these sections move, and run what reads it."""
        told = {ci_id: {name: self._move(ci_id, name) for name in names} for ci_id, names in moves.items()}

        async def judge(tx: Any, ci_ids: Sequence[int]) -> None:
            its = {ci_id: told[ci_id] for ci_id in ci_ids}
            await judging.judge(tx, its, (), self._policies, self._now, self._judged)

        return await self._timed(sorted(told), judge)

    async def clock(self, after_ms: int = 1_000) -> Pass:
        """Look at what the clock makes due so long after the pass before."""
        self._now += after_ms
        before, began = self._policies.meter.evaluations, time.perf_counter()
        async with self._store.read() as reader:
            due = await ticking.due(reader, self._policies, self._now)
        for at in range(0, len(due), AT_ONCE):
            async with self._store.write() as tx:
                await ticking.judge(tx, due[at : at + AT_ONCE], self._policies, self._now)
        return Pass(self._policies.meter.evaluations - before, time.perf_counter() - began)

    async def _whole(self, tx: Any, ci_ids: Sequence[int]) -> None:
        await judging.judge_whole(tx, ci_ids, self._now, self._policies)

    async def _timed(self, ci_ids: Sequence[int], judge: Callable[[Any, Sequence[int]], Any]) -> Pass:
        self._now += 1_000
        before, began = self._policies.meter.evaluations, time.perf_counter()
        for at in range(0, len(ci_ids), AT_ONCE):
            async with self._store.write() as tx:
                await judge(tx, ci_ids[at : at + AT_ONCE])
        return Pass(self._policies.meter.evaluations - before, time.perf_counter() - began)

    def _move(self, ci_id: int, name: str) -> Moved | None:
        """Return the rows of a section that moved, as the pipeline tells them; of a record nothing is told."""
        body = json.loads(_encoded(name, _kind(ci_id)[2][name]))
        if isinstance(body, dict) or not body:
            return None
        return Moved((body[0], {**body[0], "description": "moved"}), NOW)
