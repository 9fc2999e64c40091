"""Alerts of another system, thousands in one message: taken, bound, their incidents and messages written.

MUSTER_BENCH_ALERTS   how many (10,000)

The real path over a real SQLite store, from the body Alertmanager sends to the committed transactions: once about CIs
of the estate, once about what nobody knows. Meanwhile somebody else writes one row again and again.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import update

from collector import garbage
from collector.clock import now
from collector.pipeline import policies, settling
from collector.security.audit import Actor
from collector.services.inbound import alertmanager
from collector.services.inbound.inbox import Inbox
from collector.store import schema
from collector.store.engine import Store, insert, open_store, sqlite_url
from collector.store.migrate import migrate
from tests.bench import Figure
from tests.bench.programs import setting
from tests.store.ground import with_channels

RULES = Path(__file__).parents[2] / "rules"
ROBOT = Actor("alertmanager", "token")


def run() -> list[Figure]:
    count = int(setting("ALERTS", 10_000))
    times = asyncio.run(_times(count))
    fair = count / 10_000
    known, unknown, one = times["known"], times["unknown"], times["one more"]
    return [
        Figure("alerts about CIs, taken", known.wall, "s", at_most=2 * fair,
               note=f"{count:,}; {known.cpu:.2f} s of CPU"),
        Figure("alerts about what nobody knows, taken", unknown.wall, "s", at_most=2 * fair,
               note=f"{count:,}; {unknown.cpu:.2f} s of CPU"),
        Figure("one more of these", one.wall * 1000, "ms", at_most=100, note=f"{one.cpu * 1000:.0f} ms of CPU"),
        Figure("who writes something else waits at most", times["waited"].wall, "s", at_most=1, note="meanwhile"),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds: by the clock, and of the processor."""

    wall: float
    cpu: float = 0.0


async def _times(count: int) -> dict[str, Took]:
    """Return what each message took, and how long another writer waited at most meanwhile (s)."""
    loaded, waits = policies.load(RULES), [0.0]
    garbage.settle()  # as a collector does when it is ready
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(sqlite_url(Path(folder) / "muster.db"))
        await migrate(store)
        await with_channels(store, "chat")
        async with store.write() as tx:
            await tx.execute(insert(tx, schema.ci), [_ci(at) for at in range(count)])
        inbox = Inbox(store, now, loaded.identity, partial(settling.settle_of, policies=loaded), loaded.desk)
        other = asyncio.create_task(_write_again_and_again(store, waits))
        times = {
            "known": await _taken(inbox, [_alert(f"k{at}", f"host-{at}") for at in range(count)]),
            "unknown": await _taken(inbox, [_alert(f"u{at}", f"pod-{at}") for at in range(count)]),
        }
        other.cancel()
        await asyncio.gather(other, return_exceptions=True)
        times["one more"] = await _taken(inbox, [_alert("one-more", "pod")])
        await store.close()
    return times | {"waited": Took(max(waits))}


async def _taken(inbox: Inbox, rows: list[dict[str, Any]]) -> Took:
    began, busy = time.perf_counter(), time.process_time()
    await inbox.take(alertmanager.of_webhook({"version": "4", "alerts": rows}, "alertmanager", now()), ROBOT)
    return Took(time.perf_counter() - began, time.process_time() - busy)


async def _write_again_and_again(store: Store, waits: list[float]) -> None:
    while True:
        began = time.perf_counter()
        async with store.write() as tx:
            waits.append(time.perf_counter() - began)
            await tx.execute(update(schema.ci).where(schema.ci.c.id == 1).values(created_at=0))
        await asyncio.sleep(0.02)


def _ci(at: int) -> dict[str, Any]:
    return {"uid": f"uid-{at}", "ci_class": "server", "ci_type": "pc_server", "name": f"host-{at}", "state": "active",
            "created_at": 0}  # fmt: skip


def _alert(fingerprint: str, host: str) -> dict[str, Any]:
    return {
        "status": "firing", "fingerprint": fingerprint, "startsAt": "2026-01-15T08:00:00Z",
        "labels": {"alertname": "HostDown", "severity": "warning", "instance": f"{host}:9100", "job": "node"},
        "annotations": {"summary": f"{host} is down"}, "generatorURL": "http://127.0.0.1:9090/graph",
    }  # fmt: skip
