"""Watches: how late they begin while their probe explores a /16, and what both lanes cost.

`muster up` with its local agent as the probe, devices on loopback from a process of their own. What is known is watched
every minute; then a /16 with few devices in it is explored, as slowly as its plan says. A watch is due a minute after
the one before; one that has not begun when the time is over counts with what it was late by then.

MUSTER_BENCH_DEVICES  how many are known and watched (200)
MUSTER_BENCH_WATCH_S  seconds of exploration (300)
MUSTER_BENCH_RATE     packets a second of the plans (500)
"""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.bench import Figure
from tests.bench.bench_sweep import SPARSE, devices
from tests.bench.programs import Program, ask, installed, setting
from tests.discovery.network import addresses

MINUTE_S, POLL_S, PATIENCE_S = 60.0, 0.2, 180.0
LATEST = "SELECT started_at, ended_at FROM sweep JOIN reach_watch ON reach_watch.sweep_id = sweep.id"


@dataclass
class Seen:
    """Watches by when they began (epoch s) → how long they took (s); resident memory of what swept, highest, MB."""

    took: dict[float, float] = field(default_factory=dict)
    rss_mb: dict[str, float] = field(default_factory=dict)

    def delays(self, began: float, ended: float) -> list[float]:
        """Return by how much each watch was late that was due in this time, seconds."""
        late, last = [], max((at for at in self.took if at <= began), default=began - MINUTE_S)
        for at in sorted(each for each in self.took if each > began):
            late.append(max(0.0, at - last - MINUTE_S))
            last = at
        owed = ended - last - MINUTE_S
        return [*late, owed] if owed > 0 else late


def run() -> list[Figure]:
    count, lasts = int(setting("DEVICES", 200)), setting("WATCH_S", 300)
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as name, devices(count) as (port, _):
        data = Path(name) / "data"
        words = installed("muster", "up", "--data", str(data), "--http", "0", "--grpc", "0", "--enroll", "0")
        with Program(words, Path(name) / "log") as program:
            program.await_text("Muster is up:")
            _known(data, count, port)
            calm = _watched(program, data, 2 * MINUTE_S)
            sweep = _begun(data, "explored", [SPARSE], port, "explore")
            busy = _watched(program, data, lasts)
            counts = ask(data, f"sweeps/{sweep}")["counts"]
            program.stop(signal.SIGINT)
    return _figures(count, calm, busy, counts)


def _figures(count: int, calm: tuple[Seen, list[float]], busy: tuple[Seen, list[float]], counts: Any) -> list[Figure]:
    seen, late = busy
    note = (
        f"{len(seen.took)} watches of {count} devices, {len(late)} due; {counts.get('sweep', 0):,} addresses explored"
    )
    took = [each for each in seen.took.values() if each]
    return [
        Figure("calm: latest", max(calm[1], default=0.0), "s", note=f"{len(calm[0].took)} watches, nothing else swept"),
        Figure("exploring a /16: delay p50", _quantile(late, 0.5), "s", note=note),
        Figure("exploring a /16: delay p95", _quantile(late, 0.95), "s", at_most=10),
        Figure("exploring a /16: a watch takes", statistics.median(took) if took else 0.0, "s", note="median"),
        *(Figure(f"memory: {name}", most, "MB", note="highest") for name, most in sorted(seen.rss_mb.items())),
    ]


def _known(data: Path, count: int, port: int) -> None:
    """Let the devices be found, so that they are watched from then on."""
    said = {"name": "bench", "kind": "snmp_community", "secret": {"community": "bench"}, "scope": {"ranges": [SPARSE]}}
    ask(data, "credentials", said)
    sweep = _begun(data, "known", [f"{addresses(count)[0]}-{addresses(count)[-1]}"], port, "identify")
    until = time.monotonic() + PATIENCE_S
    while not ask(data, f"sweeps/{sweep}")["ended_at"] or len(ask(data, "cis?limit=200")["items"]) < min(count, 200):
        assert time.monotonic() < until, ask(data, f"sweeps/{sweep}")
        time.sleep(1.0)


def _begun(data: Path, name: str, ranges: list[str], port: int, until: str) -> str:
    rate = int(setting("RATE", 500))
    settings = {"ranges": ranges, "snmp_port": port, "until": until, "rate": rate, "timeout_ms": 1000}
    plan = ask(data, "sweep-plans", {"name": name, "settings": settings})
    return str(ask(data, "sweeps", {"plan": plan["id"]})["id"])


def _watched(program: Program, data: Path, seconds: float) -> tuple[Seen, list[float]]:
    """Look for a while which watches begin; return them and how late those were that were due."""
    seen, began = Seen(), time.time()
    with contextlib.closing(sqlite3.connect(f"file:{data / 'muster.db'}?mode=ro", uri=True)) as database:
        while time.time() < began + seconds:
            for started, ended in database.execute(LATEST):
                if started:
                    seen.took[started / 1000] = max(0, ended - started) / 1000
            for name, rss_mb in _sweeping(program):
                seen.rss_mb[name] = max(seen.rss_mb.get(name, 0.0), rss_mb)
            time.sleep(POLL_S)
    return seen, seen.delays(began, time.time())


def _sweeping(program: Program) -> Iterator[tuple[str, float]]:
    """Yield the agent and each process of a sweep, with its resident memory, MB."""
    for each in psutil.Process(program.pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            words = " ".join(each.cmdline())
            if "discovery.probe" in words:
                yield f"sweep, nice {each.nice()}", each.memory_info().rss / 1e6
            elif "--probe" in words:
                yield "agent", each.memory_info().rss / 1e6


def _quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0.0
