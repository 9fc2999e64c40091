"""Agent: what it holds and burns while nothing happens on its machine, and what one full inventory costs.

The agent is enrolled at a real collector and runs with its usual rhythm; it is watched from outside, after its
first inventory has been acknowledged. Processor time counts the agent and every worker it started and waited for.

MUSTER_BENCH_IDLE_MIN    minutes to watch (10)
MUSTER_BENCH_INVENTORIES full inventories to time (5)
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.schedule import INVENTORY_INTERVAL_S
from tests.bench import Figure
from tests.bench.programs import Program, ask, collector, environment, installed, setting

SAMPLE_S = 1.0
SETTLE_S = 10.0
RSS_MB, CPU_PERCENT = 45, 0.5


@dataclass(frozen=True)
class Idle:
    """One program over `seconds`: MB at every sample, seconds of processor time, times it woke up."""

    seconds: float
    rss_mb: list[float]
    own_s: float
    workers_s: float
    wakes: int

    @property
    def share(self) -> float:
        """Percent of one core."""
        return 100 * (self.own_s + self.workers_s) / self.seconds


def run() -> list[Figure]:
    inventories = _inventories(int(setting("INVENTORIES", 5)))
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as name:
        folder = Path(name)
        server, ports = collector(folder / "data", folder / "collector.log")
        with server, _enrolled(folder, ports[2]) as agent:
            agent.await_text("inventory taken")
            time.sleep(SETTLE_S)
            assert ask(folder / "data", "cis")["items"], f"the inventory never arrived: {agent.last_words()}"
            start_s = agent.cpu_s()
            idle, server_idle = _watch([agent, server], 60 * setting("IDLE_MIN", 10))
    return _agent_figures(idle, start_s, inventories) + _collector_figures(server_idle)


# --- a full inventory


@dataclass(frozen=True)
class Inventory:
    """One `muster-agent inventory --json`: seconds by the clock and of processor time, and what came of it."""

    wall_s: float
    cpu_s: float
    sections: dict[str, Any]


def _inventories(count: int) -> list[Inventory]:
    _inventory()  # the page cache and the bytecode of an installed agent are warm
    return [_inventory() for _ in range(count)]


def _inventory() -> Inventory:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    words = installed("muster-agent", "inventory", "--json")
    done = subprocess.run(words, capture_output=True, check=True, timeout=300, env=environment())
    wall_s, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Inventory(wall_s, cpu_s, json.loads(done.stdout)["sections"])


# --- at rest


def _enrolled(folder: Path, port: int) -> Program:
    """Return a running agent that has joined the collector whose enrolment listener is on `port`."""
    state = str(folder / "agent")
    token = ask(folder / "data", "enrolment-tokens", {})["token"]
    join = installed("muster-agent", "enroll", f"https://127.0.0.1:{port}", "--token-file", "-", "--state", state)
    subprocess.run(join, input=token, text=True, check=True, capture_output=True, timeout=60, env=environment())
    return Program(installed("muster-agent", "run", "--state", state), folder / "agent.log")


def _watch(programs: list[Program], seconds: float) -> list[Idle]:
    """Return what each program costs in the next `seconds`."""
    began, before = time.monotonic(), [(each.own_s(), each.cpu_s(), each.wakes()) for each in programs]
    rss_mb: list[list[float]] = [[] for _ in programs]
    while time.monotonic() - began < seconds:
        time.sleep(min(SAMPLE_S, max(0.0, began + seconds - time.monotonic())))
        for each, seen in zip(programs, rss_mb, strict=True):
            seen.append(each.rss_mb())
    lasted = time.monotonic() - began
    return [
        Idle(lasted, seen, each.own_s() - own, each.cpu_s() - each.own_s() - whole + own, each.wakes() - wakes)
        for each, seen, (own, whole, wakes) in zip(programs, rss_mb, before, strict=True)
    ]


# --- figures


def _agent_figures(idle: Idle, start_s: float, inventories: list[Inventory]) -> list[Figure]:
    wall_s = statistics.median(each.wall_s for each in inventories)
    cpu_s = statistics.median(each.cpu_s for each in inventories)
    minutes = f"{idle.seconds / 60:.1f} min"
    parts = f"{idle.own_s:.2f} s its own, {idle.workers_s:.2f} s of workers, in {minutes}"
    told = f"median of {len(inventories)}; {_outcome(inventories[-1].sections)}"
    every = f"the idle share and a full inventory every {INVENTORY_INTERVAL_S / 60:.0f} min"
    return [
        Figure("idle: memory, highest", max(idle.rss_mb), "MB", at_most=RSS_MB, note="resident, main process"),
        Figure("idle: memory, median", statistics.median(idle.rss_mb), "MB", at_most=RSS_MB),
        Figure("idle: CPU", idle.share, "% of a core", at_most=CPU_PERCENT, note=parts),
        Figure("idle: CPU with inventories", idle.share + 100 * cpu_s / INVENTORY_INTERVAL_S, "% of a core",
               at_most=CPU_PERCENT, note=every),
        Figure("idle: wake-ups", idle.wakes / idle.seconds, "1/s", note="voluntary context switches, all threads"),
        Figure("start: CPU", start_s, "s", note=f"start, first inventory in full, {SETTLE_S:.0f} s after it"),
        Figure("inventory: wall", wall_s, "s", note=told),
        Figure("inventory: CPU", cpu_s, "s", note="with workers and the programs they ask"),
    ]  # fmt: skip


def _outcome(sections: dict[str, Any]) -> str:
    count = Counter(section["status"] for section in sections.values())
    return ", ".join(f"{number} {status}" for status, number in count.most_common())


def _collector_figures(idle: Idle) -> list[Figure]:
    note = f"one agent, {idle.seconds / 60:.1f} min"
    return [
        Figure("collector idle: CPU", idle.share, "% of a core", note=note),
        Figure("collector idle: memory", max(idle.rss_mb), "MB", note="highest resident set"),
        Figure("collector idle: wake-ups", idle.wakes / idle.seconds, "1/s"),
    ]
