"""History: what two years of an estate cost on disk, and what reading and judging in them takes.

MUSTER_BENCH_CIS      how many CIs (100,000)
MUSTER_BENCH_ENGINE   sqlite (so when left out), or postgresql: the same rows, copied to a server of its own

The lanes are filled directly (`tests.bench.aged`); what is measured is the collector's own code over them, warm:
the CI as of a moment as its page reads it, the list of CIs as its page reads it, and one value of a governed CI that
moved, held against changes.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector import governance
from collector.governance import Governance
from collector.model import Path as Place
from collector.model import Step
from collector.pipeline import matching
from collector.services import cis
from collector.services.cis import Moment
from collector.store import interning, lanes, schema, tracks
from collector.store.browse.cis import CiQuery, CiRow
from collector.store.browse.page import Window
from collector.store.engine import Store, open_store, sqlite_url
from collector.store.lanes import Ids, Origin
from tests import postgres
from tests.bench import Figure
from tests.bench.aged import END, START, YEARS, make, uid
from tests.bench.copied import to_postgres
from tests.bench.programs import setting
from tests.conftest import free_port

RULES = Path(__file__).parents[2] / "rules"
READS = 300
LARGE = ("shared_buffers=1GB", "max_wal_size=16GB", "maintenance_work_mem=512MB")
"""What such a database is given."""
Timed = Callable[[AsyncConnection, random.Random], Awaitable[object]]
Judge = Callable[[AsyncConnection, tuple[int, Place], Governance], Awaitable[None]]


def run() -> list[Figure]:
    count = int(setting("CIS", 100_000))
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder:
        file = Path(folder) / "muster.db"
        rows = make(file, count)
        note = f"{count:,} CIs, {YEARS:g} years, {rows:,} rows of lanes"
        if os.environ.get("MUSTER_BENCH_ENGINE", "sqlite") == "sqlite":
            return asyncio.run(_measured(sqlite_url(file), count, file.stat().st_size, f"{note}, SQLite"))
        installed = postgres.programs()
        if installed is None:
            return [Figure("history", 0, "", note="PostgreSQL is not installed (Debian: apt-get install postgresql)")]
        with postgres.server(installed, free_port(), *LARGE) as url:
            return asyncio.run(_measured(url, count, to_postgres(file, url), f"{note}, PostgreSQL"))


async def _measured(url: str, count: int, size: int, note: str) -> list[Figure]:
    store = open_store(url)
    figures = [
        Figure("database", size / 1e9, "GB", note=note),
        Figure("a CI and year", size / count / YEARS, "bytes"),
        await _timed(store, "one CI as of a moment", lambda tx, dice: _as_of(tx, dice, count), 5.0),
        await _timed(store, "CI list page", lambda tx, dice: _listed(tx, dice), 150.0),
        await _drift(store, count, _evaluated, "evaluated: what it is held to be"),
        await _drift(store, count, _matched, "written: evaluated, its finding opened"),
    ]
    await store.close()
    return [each for some in figures for each in (some if isinstance(some, list) else [some])]


async def _timed(store: Store, name: str, read: Timed, most_ms: float) -> list[Figure]:
    dice, took = random.Random(7), []
    for at in range(READS + 20):
        async with store.read() as connection:
            started = time.perf_counter()
            await read(connection, dice)
            if at >= 20:
                took.append((time.perf_counter() - started) * 1000)
    took.sort()
    return [
        Figure(f"{name}: median", statistics.median(took), "ms", at_most=most_ms if most_ms < 100 else None),
        Figure(f"{name}: p95", took[int(len(took) * 0.95)], "ms", at_most=most_ms if most_ms > 100 else None),
    ]


async def _as_of(connection: AsyncConnection, dice: random.Random, count: int) -> object:
    ci_id = dice.randrange(1, count)
    ci = CiRow(ci_id, uid(ci_id), "", "", "", "", "", None, START)
    return await cis.made_of(connection, ci, Moment(dice.randrange(START, END), END))


async def _listed(connection: AsyncConnection, dice: random.Random) -> object:
    query = dice.choice((CiQuery(), CiQuery(classes=("network",)), CiQuery(q=f"switch-{dice.randrange(10**5)}")))
    return await cis.listed(connection, query, Window(50))


async def _drift(store: Store, count: int, judge: Judge, how: str) -> Figure:
    """Let one package of a server move, and hold it against changes; what was written is undone."""
    table, dice, took = governance.load(RULES / "attributes.yaml"), random.Random(3), []
    for at in range(READS // 3 + 10):
        ci_id = dice.randrange(round(count * 0.5) + 1, round(count * 0.58))
        async with store._writer.connect() as connection:
            path = await _moved(connection, ci_id)
            started = time.perf_counter()
            await judge(connection, (ci_id, path), table)
            if at >= 10:
                took.append((time.perf_counter() - started) * 1000)
            await connection.rollback()
    name, _, note = how.partition(": ")
    return Figure(f"drift of a changed CI, {name}: median", statistics.median(took), "ms", at_most=2.0, note=note)


async def _evaluated(connection: AsyncConnection, place: tuple[int, Place], table: Governance) -> None:
    paths = await interning.known_paths(connection, [place[1]])
    courses = await tracks.courses(connection, {place: END - 1_000}, paths)
    followed = await matching.followed(connection, courses, table, END + 60_000)
    assert [len(each.items) for each in followed.values()] == [1]


async def _matched(connection: AsyncConnection, place: tuple[int, Place], table: Governance) -> None:
    ci_id, path = place
    await matching.match(connection, {ci_id: {path: END - 1_000}}, table, END + 60_000)


async def _moved(connection: AsyncConnection, ci_id: int) -> Place:
    held = (
        select(schema.path.c.section, schema.path.c.key, schema.claim.c.source_id)
        .join(schema.path, schema.path.c.id == schema.claim.c.path_id)
        .where(schema.claim.c.ci_id == ci_id, schema.path.c.section == "packages")
    )
    section, key, source_id = (await connection.execute(held.limit(1))).one()
    path, new = Place(section, key), {"version": "9.9-moved"}
    ids = Ids(await interning.path_ids(connection, [path]), await interning.value_ids(connection, [new]))
    step = Step(path, {"version": "0"}, new, END - 1_000, END)
    await lanes.write_claims(connection, [(Origin(ci_id, source_id, 1, END), [step])], ids)
    return path
