"""The lab: how soon it serves, what it takes, and how fast it answers, at two sizes.

It runs as the program it is; who asks is this process, so answers are told by processor time of the lab alone, too.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from discovery.authenticate import Access
from discovery.credentials import communities
from discovery.doors import DOORS
from discovery.lab.running import addresses
from discovery.library import SHIPPED, definitions_in
from discovery.limits import Limits, Profile
from discovery.plan import plan
from discovery.snmp import Community, Engine, Session
from discovery.snmp import Limits as InFlight
from discovery.sweep import sweep
from tests.bench import Figure
from tests.bench.programs import Program, installed

SIZES = (200, 3_000)
ROUNDS = 6_000
AT_ONCE = 200
NAME = "1.3.6.1.2.1.1.5.0"


@dataclass(frozen=True)
class Served:
    """A lab of one size. `rate`: answers a second of the clock, `by_cpu`: of its processor; times in seconds."""

    devices: int
    ready_s: float
    rss_mb: float
    rate: float
    by_cpu: float
    identified: int
    swept_s: float


def run() -> list[Figure]:
    return [figure for devices in SIZES for figure in _figures(_serve(devices))]


def _figures(lab: Served) -> list[Figure]:
    at = f"{lab.devices:,} devices"
    return [
        Figure(f"{at}: ready", lab.ready_s, "s", note="every device is made and encoded"),
        Figure(f"{at}: memory", lab.rss_mb, "MB", note=f"{1000 * lab.rss_mb / lab.devices:.0f} kB a device, all told"),
        Figure(f"{at}: answers", lab.rate, "1/s", note=f"GETs of one variable, {AT_ONCE} in flight, asked from here"),
        Figure(f"{at}: answers a CPU-second", lab.by_cpu, "1/s", note="of the lab's own processor time"),
        Figure(f"{at}: identified", lab.identified, "devices", at_least=lab.devices, note=f"{lab.swept_s:.1f} s"),
        Figure(f"{at}: identified a second", lab.identified / lab.swept_s, "1/s", note="a sweep from here, one core"),
    ]


def _serve(devices: int) -> Served:
    hosts = list(islice(addresses(), devices))
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as name:
        words = installed("muster-discover", "lab", "--devices", str(devices), "--port", "0", "--json")
        with Program(words, Path(name) / "log") as lab:
            port = int(lab.await_text(r'"port": (\d+)', 300)[1])
            ready_s, rss_mb = time.monotonic() - lab.began, lab.rss_mb()
            spent, began = lab.own_s(), time.monotonic()
            asyncio.run(_ask(hosts, port))
            wall_s, cpu_s = time.monotonic() - began, lab.own_s() - spent
            began = time.monotonic()
            identified = asyncio.run(_identify(hosts, port))
            return Served(devices, ready_s, rss_mb, ROUNDS / wall_s, ROUNDS / cpu_s, identified,
                          time.monotonic() - began)  # fmt: skip


async def _ask(hosts: list[str], port: int) -> None:
    """Ask `ROUNDS` questions, in turn over the devices; every one is answered."""
    engine = Engine(InFlight(per_subnet=AT_ONCE))
    turns = asyncio.Semaphore(AT_ONCE)

    async def ask(host: str) -> None:
        async with turns:
            told = await Session(engine, (host, port), Community("bench")).get(NAME)
            assert re.fullmatch(rb"[a-z]+-[a-z]+-\d+", told[NAME])

    try:
        await asyncio.gather(*(ask(hosts[number % len(hosts)]) for number in range(ROUNDS)))
    finally:
        engine.close()


async def _identify(hosts: list[str], port: int) -> int:
    access, definitions = Access(communities(["bench"], hosts), DOORS), definitions_in([SHIPPED])
    found = 0
    async for outcome in sweep(plan(hosts), access, definitions, Limits(), Profile(until="identify", port=port)):
        found += bool(outcome.identified)
    return found
