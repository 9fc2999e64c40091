"""A database of two years: CIs of the mix an organisation has, each value with how it moved, straight into the lanes.

The rows are what the pipeline writes, made without it: observing 100,000 CIs for two years takes two years.
"""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from collector.model import FOREVER
from collector.store.engine import WRITER_PRAGMAS, open_store, sqlite_url
from collector.store.migrate import migrate

DAY = 86_400_000
END = 1_795_000_000_000
"""The present of such a database."""
YEARS = 2.0
START = END - int(YEARS * 365 * DAY)
VALUES = 50_000
SOURCES = 200

Row = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """A share of the CIs: how many attributes and elements each has, and how many of these move in a month."""

    ci_class: str
    ci_type: str
    share: float
    attributes: int
    elements: int
    moving: float


MIX = (
    Kind("pc", "desktop", 0.50, 60, 80, 14.0),
    Kind("server", "pc_server", 0.08, 90, 500, 23.0),
    Kind("network", "switch", 0.04, 50, 60, 2.0),
    Kind("security", "firewall", 0.01, 50, 60, 2.0),
    Kind("environment", "ups", 0.01, 20, 10, 0.5),
    Kind("system_software", "os", 0.36, 15, 0, 0.3),
)
SECTIONS = ("services", "users", "interfaces", "listening_ports")
"""Where the attributes stand, as elements of these."""


def make(file: Path, count: int, seed: int = 1) -> int:
    """Write a database of about `count` CIs to `file` and return how many rows its three lanes hold."""
    asyncio.run(_migrated(file))
    database = sqlite3.connect(file, isolation_level=None)
    for pragma in (*WRITER_PRAGMAS, "synchronous=OFF", "cache_size=-400000"):
        database.execute(f"PRAGMA {pragma}")
    database.execute("BEGIN")
    _words(database)
    dice = random.Random(seed)
    rows, first = 0, 1
    for kind in MIX:
        for ci_id in range(first, first + round(count * kind.share)):
            rows += _one(database, ci_id, kind, dice)
        first += round(count * kind.share)
    database.execute("COMMIT")
    database.execute("ANALYZE")
    database.close()
    return rows


async def _migrated(file: Path) -> None:
    store = open_store(sqlite_url(file))
    await migrate(store)
    await store.close()


def _words(database: sqlite3.Connection) -> None:
    """Write sources, values and paths; the path ids are 1 … for the packages, 10,001 … for the attributes."""
    database.executemany(
        "INSERT INTO source (id, code, kind, confirmed_at) VALUES (?, ?, 'agent', ?)",
        ((each, f"agent/{each}", END) for each in range(1, SOURCES + 1)),
    )
    values = (json.dumps({"version": f"{n % 90}.{n}"}, separators=(",", ":")) for n in range(VALUES))
    database.executemany(
        "INSERT INTO val (id, hash, text) VALUES (?, ?, ?)",
        ((n + 1, n.to_bytes(16), text) for n, text in enumerate(values)),
    )
    packages = ((n, "packages", f"package-{n:05d}|amd64") for n in range(1, 10_001))
    attributes = ((10_000 + n, SECTIONS[n % len(SECTIONS)], f"name-{n}") for n in range(1, 101))
    for paths in (packages, attributes):
        database.executemany("INSERT INTO path (id, section, key) VALUES (?, ?, ?)", paths)


def uid(ci_id: int) -> str:
    return f"{ci_id:08x}-0000-4000-8000-000000000000"


def _one(database: sqlite3.Connection, ci_id: int, kind: Kind, dice: random.Random) -> int:
    database.execute(
        "INSERT INTO ci (id, uid, ci_class, ci_type, name, state, created_at) VALUES (?, ?, ?, ?, ?, 'active', ?)",
        (ci_id, uid(ci_id), kind.ci_class, kind.ci_type, f"{kind.ci_type}-{ci_id}", START),
    )
    database.execute(
        "INSERT INTO ci_head (ci_id, vf, tf, ci_class, ci_type, name, state, environment)"
        f" SELECT id, {START}, {START}, ci_class, ci_type, name, state, environment FROM ci WHERE id = ?",
        (ci_id,),
    )
    source = 1 + ci_id % SOURCES
    intervals = list(_intervals(kind, dice))
    database.executemany(
        "INSERT INTO claim (ci_id, path_id, source_id, vf, tf, vt, val_id, lo, observation_id, cause)"
        f" VALUES ({ci_id}, ?, {source}, ?, ?, ?, ?, ?, 1, 'world')",
        ((path, vf, vf, vt, value, vf - 900_000) for path, vf, vt, value in intervals),
    )
    database.executemany(
        "INSERT INTO fact (ci_id, path_id, vf, tf, vt, val_id, source_id, why)"
        f" VALUES ({ci_id}, ?, ?, ?, ?, ?, {source}, 'rank')",
        ((path, vf, vf, vt, value) for path, vf, vt, value in intervals),
    )
    database.executemany(
        f"INSERT INTO auth (ci_id, path_id, vf, tf, vt, val_id, basis, ref) VALUES ({ci_id}, ?, ?, ?, ?, ?, ?, '')",
        ((path, vf, vf, vt, value, "change" if vf > START else "arrival") for path, vf, vt, value in intervals),
    )
    names = ["packages", *SECTIONS] if kind.elements else SECTIONS
    database.executemany(
        "INSERT INTO section (ci_id, source_id, name, status, last_try, last_ok, revision, hash)"
        f" VALUES ({ci_id}, {source}, ?, 1, {END}, {END}, 1, x'00')",
        ((name,) for name in names),
    )
    return 3 * len(intervals)


def _intervals(kind: Kind, dice: random.Random) -> Iterator[Row]:
    """Yield (path, from, to, value) of every value it has had, by path and time."""
    attributes = range(10_001, 10_001 + kind.attributes)
    elements = sorted(dice.sample(range(1, 10_001), kind.elements))
    paths = [*elements, *attributes]
    moves: dict[int, list[int]] = {}
    for _ in range(round(kind.moving * 12 * YEARS)):
        moves.setdefault(dice.choice(paths), []).append(dice.randrange(START + DAY, END))
    for path in paths:
        yield from _tiled(path, sorted(moves.get(path, ())), dice)


def _tiled(path: int, moments: Sequence[int], dice: random.Random) -> Iterator[Row]:
    starts = [START, *moments]
    for at, end in zip(starts, [*moments, FOREVER], strict=True):
        yield path, at, end, dice.randrange(1, VALUES + 1)
