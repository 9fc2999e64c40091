"""The sweep: what a device costs until it is identified, among few and among many, and how fast devices are explored.

The devices answer on loopback from a process of their own; figures of cost are processor time of the sweep alone.

MUSTER_BENCH_DEVICES   how many are many (3,000)
MUSTER_BENCH_EXPLORED  how many are explored (500)
MUSTER_CORPUS          a folder of recordings (.snmprec) to play instead of made-up switches
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from discovery.authenticate import Access
from discovery.credentials import communities
from discovery.doors import DOORS
from discovery.library import SHIPPED, Definitions, definitions_in
from discovery.limits import Limits, Profile, Until
from discovery.plan import plan
from discovery.sweep import sweep
from tests.bench import Figure
from tests.bench.programs import ROOT, setting
from tests.discovery.network import addresses

FEW = 100
ROUNDS = 10
SPARSE = "127.8.0.0/16"
REFERENCE_PER_MIN = 1620
"""Ten times what an established SNMP inventory reaches."""


@dataclass(frozen=True)
class Cost:
    """What a sweep took, and how many came to its last stage."""

    cpu_s: float
    wall_s: float
    done: int

    @property
    def ms_each(self) -> float:
        return 1000 * self.cpu_s / max(1, self.done)


def run() -> list[Figure]:
    many, explored = int(setting("DEVICES", 3000)), int(setting("EXPLORED", 500))
    definitions = definitions_in([SHIPPED])
    with devices(many) as (port, count):
        some = [_swept(addresses(FEW), port, definitions) for _ in range(ROUNDS)]
        few = min(some, key=lambda cost: cost.cpu_s)
        lot = _swept(addresses(many), port, definitions)
        alive = _swept([SPARSE], port, definitions, "alive")
    with devices(explored, os.environ.get("MUSTER_CORPUS")) as (port, count):
        depth = _swept(addresses(explored), port, definitions, "explore")
    return [
        Figure(f"identified of {many:,}", lot.done, "devices", at_least=many),
        Figure(f"cost among {FEW}", few.ms_each, "ms/device", note=f"least of {ROUNDS} sweeps"),
        Figure(f"cost among {many:,}", lot.ms_each, "ms/device", note=f"{lot.wall_s:.1f} s in all"),
        Figure(
            "growth", lot.ms_each / few.ms_each, "×", at_least=0.8, at_most=1.2, note="cost among many by among few"
        ),
        Figure(f"found in {SPARSE}", alive.done, "devices", at_least=many, note=f"{alive.wall_s:.1f} s, all addresses"),
        Figure(f"explored of {count}", depth.done, "devices", at_least=count, note=f"{depth.wall_s:.1f} s"),
        Figure("explored a minute", 60 * depth.done / depth.wall_s, "devices/min", note="as fast as they are played"),
        Figure(
            "explored a CPU-minute", 60_000 / depth.ms_each, "devices/min", at_least=REFERENCE_PER_MIN, note="one core"
        ),
    ]


@contextmanager
def devices(count: int, corpus: str | None = None) -> Iterator[tuple[int, int]]:
    """Play devices; return the port they listen on, and how many they are."""
    words = [sys.executable, "-m", "tests.discovery.network", str(count), *([corpus] if corpus else [])]
    with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        try:
            port, played = map(int, process.stdout.readline().split())
            yield port, played
        finally:
            process.stdin.close()


def _swept(hosts: list[str], port: int, definitions: Definitions, until: Until = "identify") -> Cost:
    return asyncio.run(_sweep(hosts, port, definitions, until))


async def _sweep(hosts: list[str], port: int, definitions: Definitions, until: Until) -> Cost:
    access = Access(communities(["bench"], hosts), DOORS)
    begun = sweep(plan(hosts), access, definitions, Limits(), Profile(until=until, port=port))
    began, spent, done = time.monotonic(), time.process_time(), 0
    async for outcome in begun:
        reached = {"alive": outcome.row.alive, "identify": outcome.identified, "explore": outcome.explored}[until]
        done += bool(reached)
    return Cost(time.process_time() - spent, time.monotonic() - began, done)
