"""History: what two years of an estate cost on disk, and what reading and judging in them takes.

MUSTER_BENCH_CIS      how many CIs (100,000)
MUSTER_BENCH_ENGINE   sqlite (so when left out), or postgresql: the same rows, copied to a server of its own

The lanes are filled directly (`tests.bench.aged`); what is measured is the collector's own code over them, warm:
the CI as of a moment as its page reads it, the list of CIs as its page reads it, and one value of a governed CI that
moved, held against changes.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector import governance, precedence
from collector.governance import Governance
from collector.model import FOREVER, Step
from collector.model import Path as Place
from collector.pipeline import Touched, following, matching, recording
from collector.pipeline.recording import Draft, Drafts
from collector.pipeline.terms import Terms
from collector.services import cis
from collector.services.cis import Moment
from collector.store import courses, schema
from collector.store.browse import cis as cis_rows
from collector.store.browse.cis import CiQuery
from collector.store.browse.page import Window
from collector.store.engine import Store, open_store, sqlite_url
from collector.store.lanes import Origin
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
Judge = Callable[[AsyncConnection, Touched, Governance], Awaitable[None]]


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
        await _timed(store, "one CI as of a moment", lambda tx, dice: _as_of(tx, dice, count), median=5.0),
        await _timed(store, "CI list page", lambda tx, dice: _listed(tx, dice), p95=150.0),
        await _timed(store, "CI list page as of a moment", lambda tx, dice: _listed_then(tx, dice)),
        await _drift(store, count, _evaluated, "evaluated: what it is held to be"),
        await _drift(store, count, _matched, "written: evaluated, its finding opened"),
    ]
    await store.close()
    return [each for some in figures for each in (some if isinstance(some, list) else [some])]


async def _timed(
    store: Store, name: str, read: Timed, median: float | None = None, p95: float | None = None
) -> list[Figure]:
    dice, took = random.Random(7), []
    for at in range(READS + 20):
        async with store.read() as connection:
            started = time.perf_counter()
            await read(connection, dice)
            if at >= 20:
                took.append((time.perf_counter() - started) * 1000)
    took.sort()
    return [
        Figure(f"{name}: median", statistics.median(took), "ms", at_most=median),
        Figure(f"{name}: p95", took[int(len(took) * 0.95)], "ms", at_most=p95),
    ]


async def _as_of(connection: AsyncConnection, dice: random.Random, count: int) -> object:
    moment = Moment(dice.randrange(START, END), END)
    ci = await cis_rows.head(connection, uid(dice.randrange(1, count)), moment)
    assert ci
    return await cis.made_of(connection, ci, moment)


async def _listed(connection: AsyncConnection, dice: random.Random) -> object:
    return await cis.listed(connection, _query(dice, None), Window(50))


async def _listed_then(connection: AsyncConnection, dice: random.Random) -> object:
    return await cis.listed(connection, _query(dice, Moment(dice.randrange(START, END), END)), Window(50))


def _query(dice: random.Random, moment: Moment | None) -> CiQuery:
    asked = CiQuery(moment=moment)
    return dice.choice(
        (asked, replace(asked, classes=("network",)), replace(asked, q=f"switch-{dice.randrange(10**5)}"))
    )


async def _drift(store: Store, count: int, judge: Judge, how: str) -> Figure:
    """Let one package of a server move, and hold it against changes; what was written is undone."""
    table, ranks = governance.load(RULES / "attributes.yaml"), precedence.load(RULES / "precedence.yaml")
    dice, took = random.Random(3), []
    for at in range(READS // 3 + 10):
        ci_id = dice.randrange(round(count * 0.5) + 1, round(count * 0.58))
        async with store._writer.connect() as connection:
            touched = await _moved(connection, ci_id, Drafts(table, ranks))
            started = time.perf_counter()
            await judge(connection, touched, table)
            if at >= 10:
                took.append((time.perf_counter() - started) * 1000)
            await connection.rollback()
    name, _, note = how.partition(": ")
    return Figure(f"drift of a changed CI, {name}: median", statistics.median(took), "ms", at_most=2.0, note=note)


async def _evaluated(connection: AsyncConnection, touched: Touched, table: Governance) -> None:
    since = {(ci_id, path): lo for ci_id, its in touched.drifted.items() for path, lo in its.items()}
    moved = await courses.read(connection, since, touched.ids.paths)
    followed = await following.followed(connection, moved, Terms(table), END + 60_000)
    assert [len(each.items) for each in followed.values()] == [1]


async def _matched(connection: AsyncConnection, touched: Touched, table: Governance) -> None:
    assert await matching.match(connection, touched.drifted, Terms(table), END + 60_000, touched.ids)


async def _moved(connection: AsyncConnection, ci_id: int, drafts: Drafts) -> Touched:
    """Let a package be another version, recorded as what its source observed."""
    held = (
        select(schema.path.c.section, schema.path.c.key, schema.claim.c.source_id, schema.val.c.text)
        .join(schema.path, schema.path.c.id == schema.claim.c.path_id)
        .join(schema.val, schema.val.c.id == schema.claim.c.val_id)
        .where(schema.claim.c.ci_id == ci_id, schema.claim.c.vt == FOREVER, schema.path.c.section == "packages")
    )
    section, key, source_id, text = (await connection.execute(held.limit(1))).one()
    step = Step(Place(section, key), json.loads(text), {"version": "9.9-moved"}, END - 1_000, END)
    origin = Origin(ci_id, source_id, 1, END)
    drafts.waiting.append(Draft(origin, f"agent/{source_id}", agent_id=0, steps=[step]))
    touched = Touched(ids=drafts.ids)
    for draft in await recording.write(connection, drafts):
        touched.add(draft)
    return touched
