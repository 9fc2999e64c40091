"""Effects once: what the pipeline made of its log, against what it makes of the same log in a fresh database.

Times are left out of the comparison: the moment of an observation is corrected by the agent's clock offset, which
is the last heartbeat's and not part of the log. Incidents and alerts are looked at once per batch, and batches
differ, so of them only what stands is compared; that each is opened and told once is counted beside it.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from collector.clock import now
from collector.config import shipped_rules
from collector.model import FOREVER
from collector.pipeline import policies
from collector.pipeline.runner import Runner
from collector.services.channels.setup import BUILTIN as WEBHOOK
from collector.store.engine import open_store, sqlite_url
from collector.store.migrate import migrate

_HOLDER = "JOIN subject_ci h ON h.ci_id = {0}.ci_id JOIN source s ON s.id = h.source_id"
_LANE = (
    "SELECT s.code, h.role, p.section, p.key, v.text, x.vt = {1} FROM {0} x " + _HOLDER.format("x") + " "
    "JOIN path p ON p.id = x.path_id LEFT JOIN val v ON v.id = x.val_id ORDER BY x.vf, x.tf"
)
_ITEMS = (
    "SELECT s.code, h.role, f.id, f.verdict, f.closed_at IS NULL, p.section, p.key, "
    "a.text, o.text, n.text, i.field, i.verdict FROM finding f "
    + _HOLDER.format("f")
    + " JOIN finding_item i ON i.finding_id = f.id "
    "JOIN path p ON p.id = i.path_id LEFT JOIN val a ON a.id = i.auth_val_id "
    "LEFT JOIN val o ON o.id = i.old_val_id LEFT JOIN val n ON n.id = i.new_val_id"
)


async def difference(database: Path, scratch: Path) -> int:
    """Return how many effects in a copy of `database`, caught up as a restart would, differ from a fresh run's."""
    lived, fresh = scratch / "lived.db", scratch / "fresh.db"
    _copy(database, lived)
    await _run(lived)
    await _prepare(lived, fresh)
    await _run(fresh)
    with sqlite3.connect(lived) as one, sqlite3.connect(fresh) as other:
        damage = int(one.execute("PRAGMA quick_check").fetchone() != ("ok",))
        differing = sum((_effects(one) - _effects(other)).values()) + sum((_effects(other) - _effects(one)).values())
        return damage + differing + _told_wrong(one)


def _copy(database: Path, to: Path) -> None:
    """Copy a database at rest, with what of it stands in its write-ahead log, into a folder of its own."""
    shutil.rmtree(to.parent, ignore_errors=True)
    to.parent.mkdir()
    for suffix in ("", "-wal"):
        if (part := Path(f"{database}{suffix}")).exists():
            shutil.copy(part, f"{to}{suffix}")


@cache
def _policies() -> policies.Policies:
    return policies.load(shipped_rules())


async def _run(file: Path) -> None:
    store = open_store(sqlite_url(file))
    runner = Runner(store, _policies(), now)
    while await runner.step():
        pass
    await store.close()


async def _prepare(lived: Path, fresh: Path) -> None:
    """Make `fresh` a database that has the log and nothing made of it."""
    store = open_store(sqlite_url(fresh))
    await migrate(store)
    await store.close()
    with sqlite3.connect(fresh) as database:
        database.execute("ATTACH ? AS lived", (str(lived),))
        for table, columns in (("agent", "*"), ("observation", "*"), ("source", "id, code, kind, agent_id")):
            into = table if columns == "*" else f"{table} ({columns})"
            database.execute(f"INSERT INTO {into} SELECT {columns} FROM lived.{table}")


def _effects(database: sqlite3.Connection) -> Counter[Any]:
    """Return every effect, named by who holds it, as often as it is there."""
    found: Counter[Any] = Counter()
    for lane in ("claim", "fact", "auth"):
        courses: dict[Any, list[Any]] = {}
        for *place, text, is_open in database.execute(_LANE.format(lane, FOREVER)):
            courses.setdefault((lane, *place), []).append((text, is_open))
        found.update((place, tuple(course)) for place, course in courses.items())
    found.update(_findings(database))
    named = (
        "SELECT s.code, h.role, c.ci_class, c.ci_type, c.name, c.state FROM ci c JOIN subject_ci h ON h.ci_id = c.id"
    )
    found.update(database.execute(f"{named} JOIN source s ON s.id = h.source_id"))
    firing = "SELECT 'alert', s.code, h.role, x.rule, x.instance FROM alert x " + _HOLDER.format("x")
    found.update(database.execute(f"{firing} WHERE x.state = 'firing'"))
    standing = "SELECT 'incident', s.code, h.role, x.kind, x.severity FROM incident x " + _HOLDER.format("x")
    found.update(database.execute(f"{standing} WHERE x.resolved_at IS NULL"))
    found.update([("cases", *database.execute("SELECT count(*) FROM duplicate_case").fetchone())])
    return found


def _findings(database: sqlite3.Connection) -> Iterable[Any]:
    heads: dict[int, Any] = {}
    items: dict[int, list[Any]] = {}
    for code, role, number, verdict, is_open, *item in database.execute(_ITEMS):
        heads[number] = ("finding", code, role, verdict, is_open)
        items.setdefault(number, []).append(tuple(item))
    return [(head, tuple(sorted(items[number], key=json.dumps))) for number, head in heads.items()]


def _without_time(key: str) -> str:
    """Return the key of a message without the moment in it: incident|NUMBER|EVENT[@MS]@DESTINATION."""
    head, *_, destination = key.split("@")
    return f"{head}@{destination}"


def _is_said_in_passing(key: str) -> bool:
    """Return whether a message comes as often as words move, or tells that the same has come too often."""
    return "|updated@" in key or "|commented@" in key


def _told_wrong(database: sqlite3.Connection) -> int:
    """Return how many observations, causes and incidents did not have their effect exactly once."""
    open_findings = {f"finding|{key}" for (key,) in database.execute("SELECT id FROM finding WHERE closed_at IS NULL")}
    causes = Counter(key for (key,) in database.execute("SELECT cause_key FROM incident"))
    standing = {key for (key,) in database.execute("SELECT cause_key FROM incident WHERE resolved_at IS NULL")}
    wrong = sum(1 for key, times in causes.items() if key.startswith("finding|") and times > 1)
    wrong += len(open_findings ^ {key for key in standing if key.startswith("finding|")})
    wrong += len(database.execute("SELECT 1 FROM rejected_observation").fetchall())  # all of them were good
    expected = Counter[str]()
    for number, resolved_at, reopened in database.execute("SELECT number, resolved_at, reopened FROM incident"):
        ends = reopened + (resolved_at is not None)
        events = ("opened", *["resolved"] * ends, *["reopened"] * reopened)
        expected.update(f"incident|{number}|{event}@{WEBHOOK}" for event in events)
    told = Counter(map(_without_time, (key for (key,) in database.execute("SELECT key FROM outbox"))))
    told = Counter({key: times for key, times in told.items() if not _is_said_in_passing(key)})
    return wrong + sum(((told - expected) + (expected - told)).values())
