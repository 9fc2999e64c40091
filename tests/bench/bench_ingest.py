"""Ingest: observations a second, durable and applied, against the raw limit of the same SQLite in the same run.

Ours is everything: CRC, group commit, opening, identity, history, facts, drift, rules, incidents.
Raw is the bytes alone: the same rows into the same migrated schema (both indexes, foreign keys, pragmas of the
writer), by `executemany` of the bare driver, in as many durable commits as ours took to acknowledge them.
The pipeline's own commits are part of ours only. Runs alternate; figures are medians.

Before the clock starts every host has sent its first inventory and one round of the mix: a collector runs for
months, and what is measured is what an observation costs then. Payloads and reports are made before as well.
The look at rules that time alone can move is left out: it comes by the clock, however much is ingested.
"""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from collector import garbage
from collector.clock import now
from collector.intake import Intake
from collector.pipeline import policies
from collector.pipeline.runner import Runner
from collector.store import schema
from collector.store.engine import WRITER_PRAGMAS, Store, insert, open_store, sqlite_url
from collector.store.migrate import migrate
from tests.bench import Figure
from tests.simulated import SimulatedHost, envelope
from wire.observation import Report

AGENTS, ROUNDS, PACKAGES, RUNS = 200, 450, 400, 3
A_REPORT = 10
"""Observations a report: an agent that was away for a while, or one that ships every few minutes."""
RULES = Path(__file__).parents[2] / "rules"
EPOCH = bytes(16)


@dataclass(frozen=True)
class Mix:
    """Which share of observations brings a changed package; the rest says by its hashes that nothing moved."""

    name: str
    changed: float
    rounds: int
    promise: float | None = None


MIXES = (
    Mix("unchanged", 0.0, ROUNDS),
    Mix("1 % changed", 0.01, ROUNDS, promise=0.4),
    Mix("all changed", 1.0, 2),
)


def run() -> list[Figure]:
    figures = []
    for mix in MIXES:
        ours, raw = [], []
        for _ in range(RUNS):
            with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder:
                seconds, payloads, commits = asyncio.run(_ours(Path(folder), mix))
                ours.append(len(payloads) / seconds)
                raw.append(len(payloads) / _raw(Path(folder), payloads, commits))
        rate, limit = statistics.median(ours), statistics.median(raw)
        note = (
            f"{AGENTS} agents × {mix.rounds} observations, {A_REPORT} a report, {PACKAGES} packages, median of {RUNS}"
        )
        figures += [
            Figure(f"{mix.name}: applied", rate, "observations/s", note=note),
            Figure(f"{mix.name}: raw SQLite", limit, "rows/s", note="same rows, same number of durable commits"),
            Figure(f"{mix.name}: ratio", rate / limit, "of raw", at_least=mix.promise),
        ]
    return figures


async def _ours(folder: Path, mix: Mix) -> tuple[float, list[tuple[int, int, bytes]], int]:
    store = await _prepared(folder, "muster.db")
    hosts, first = [SimulatedHost(n, PACKAGES) for n in range(1, AGENTS + 1)], MIXES[0]
    runner = Runner(store, policies.load(RULES), now, inspect_every_s=3600)
    intake = Intake(store, runner.wake)
    running = asyncio.create_task(runner.run())
    for seq, sent in ((1, first), (2, mix)):
        await _send(intake, _reports([_round(hosts, seq, sent)]))
        await _applied(runner, AGENTS * seq)
    rounds = [_round(hosts, 3 + at, mix) for at in range(mix.rounds)]
    spooled = [_reports(rounds[at : at + A_REPORT]) for at in range(0, mix.rounds, A_REPORT)]
    garbage.settle()  # as a collector does when it is ready
    before, started = intake.counters.commits, time.perf_counter()
    for reports in spooled:
        await _send(intake, reports)
    await _applied(runner, AGENTS * (2 + mix.rounds))
    seconds = time.perf_counter() - started
    running.cancel()
    await asyncio.wait([running])
    await store.close()
    return seconds, [row for each in rounds for row in each], intake.counters.commits - before


def _round(hosts: list[SimulatedHost], seq: int, mix: Mix) -> list[tuple[int, int, bytes]]:
    rows = []
    for n, host in enumerate(hosts, 1):
        if mix.changed and (n + seq * 37) % round(1 / mix.changed) == 0:
            host.bodies["packages"][n % PACKAGES]["version"] = f"2.{seq}"
        rows.append((n, seq, host.observe(now())))
    return rows


def _reports(rounds: list[list[tuple[int, int, bytes]]]) -> list[tuple[int, Report]]:
    """Return (agent, report): of each agent one, with what it spooled in these rounds."""
    return [
        (spooled[0][0], Report(EPOCH, tuple(envelope(seq, payload) for _, seq, payload in spooled)))
        for spooled in zip(*rounds, strict=True)
    ]


async def _send(intake: Intake, reports: list[tuple[int, Report]]) -> None:
    """One report an agent, as many at once as the listener lets in (64)."""
    turn = asyncio.Semaphore(64)

    async def one(agent: int, report: Report) -> None:
        async with turn:
            await intake.take(agent, report)

    await asyncio.gather(*(one(*each) for each in reports))


async def _applied(runner: Runner, count: int) -> None:
    while runner.counters.applied < count:  # noqa: ASYNC110  the runner counts, it tells nobody
        await asyncio.sleep(0.002)


async def _prepared(folder: Path, file: str) -> Store:
    """Return a migrated store that knows the agents."""
    store = open_store(sqlite_url(folder / file))
    await migrate(store)
    async with store.write() as tx:
        for n in range(1, AGENTS + 1):
            agent = {"id": n, "uid": f"u{n}", "instance_key": n.to_bytes(4), "enrolled_at": 1}
            await tx.execute(insert(tx, schema.agent).values(agent))
            source = {"code": f"agent/u{n}", "kind": "agent", "agent_id": n}
            await tx.execute(insert(tx, schema.source).values(source))
    return store


def _raw(folder: Path, payloads: list[tuple[int, int, bytes]], commits: int) -> float:
    asyncio.run(_closed(folder, "raw.db"))
    database = sqlite3.connect(folder / "raw.db", isolation_level=None)
    for pragma in WRITER_PRAGMAS:
        database.execute(f"PRAGMA {pragma}")
    size = max(1, len(payloads) // max(1, commits))
    rows = [(agent, EPOCH, seq, 1_790_000_000_000, payload) for agent, seq, payload in payloads]
    started = time.perf_counter()
    for at in range(0, len(rows), size):
        database.execute("BEGIN IMMEDIATE")
        database.executemany(
            "INSERT INTO observation (agent_id, epoch, seq, received_at, payload) VALUES (?,?,?,?,?)",
            rows[at : at + size],
        )
        database.execute("COMMIT")
    seconds = time.perf_counter() - started
    database.close()
    return seconds


async def _closed(folder: Path, file: str) -> None:
    await (await _prepared(folder, file)).close()
