"""Check-in: what 10,000 agents cost the collector in steady state, and how they come back after it was away.

Everything goes over real mutual TLS on the loopback: one connection, key and certificate an agent, the agent's own
uplink on the other side. The simulators run on the same two cores. No agent has an inventory: check-ins alone.

MUSTER_BENCH_AGENTS      how many (10,000)
MUSTER_BENCH_CHECKIN_S   seconds of steady state (120); over 600 the collector also recycles every connection
MUSTER_BENCH_OUTAGE_S    seconds the collector is away (75: by then even the last agent has called in vain)

By default it takes eight minutes on a quiet machine, and at most fourteen: keys are made, all arrive within 70 s, stay,
lose their collector and come back within two minutes. Who takes twice as long is waited for no more, and counted.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.bench import Figure
from tests.bench.admitted import admit
from tests.bench.fleet import Ship, Tally
from tests.bench.programs import Program, collector, machine_busy_s, setting

SHIPS, CORES = 4, 2
INTERVAL_S = 60.0
SAMPLE_S = 1.0
PATIENCE_S = 240.0
"""For everyone to arrive, and for everyone to come back; twice as long as it may take."""


@dataclass(frozen=True)
class Cost:
    """What a stretch of `seconds` cost: collector in seconds of one core and MB, simulators in MB, others in cores."""

    seconds: float
    cpu_s: float
    rss_mb: float
    files: int
    simulators_mb: float
    others: float

    @property
    def share(self) -> float:
        """Percent of one core."""
        return 100 * self.cpu_s / self.seconds

    @property
    def company(self) -> str:
        return f"simulators {self.simulators_mb:,.0f} MB; everything else on the machine took {self.others:.2f} cores"


def run() -> list[Figure]:
    count = int(setting("AGENTS", 10_000))
    _allow_files(count + 1_000)
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        files = [folder / f"ship-{number}.json" for number in range(SHIPS)]
        (folder / "data").mkdir(mode=0o700)
        asyncio.run(admit(folder / "data", count, files))
        program, ports = _collector(folder, (0, 0, 0))
        stack.callback(lambda: program.stop())  # the one that runs by then
        ships = [Ship(file, f"127.0.0.1:{ports[1]}", INTERVAL_S) for file in files]
        for ship in ships:
            stack.callback(ship.stop)
        figures = _arrival(program, ships, count) + _steady(program, ships, count, folder / "data")
        program.stop()
        _drain(ships)
        time.sleep(setting("OUTAGE_S", 75))
        program, _ = _collector(folder, ports)
        return figures + _return(program, ships, count)


def _allow_files(count: int) -> None:
    """Let this process and those it starts hold `count` files open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, max(hard, count)))


def _collector(folder: Path, ports: Sequence[int]) -> tuple[Program, tuple[int, ...]]:
    program, found = collector(folder / "data", folder / "collector.log", tuple(ports))
    if hasattr(os, "sched_setaffinity"):
        for thread in Path(f"/proc/{program.pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), sorted(os.sched_getaffinity(0))[:CORES])
    return program, found


# --- the three stretches


def _arrival(program: Program, ships: list[Ship], count: int) -> list[Figure]:
    """Every agent connects for the first time, spread over one interval."""
    tally, cost = _watch(program, ships, lambda tally, seconds: len(tally.answered) >= count or seconds >= PATIENCE_S)
    note = f"{count:,} handshakes and first check-ins in {cost.seconds:.0f} s; {cost.company}"
    return [
        Figure("arrival: collector CPU", cost.share, "% of a core", note=note),
        Figure("arrival: agents answered", len(tally.answered), "agents", at_least=count),
        Figure("arrival: failed calls", tally.failures.total(), "calls", at_most=0, note=_named(tally)),
    ]


def _steady(program: Program, ships: list[Ship], count: int, data: Path) -> list[Figure]:
    """Everyone checks in every 60 s ± 10 %."""
    lasts = setting("CHECKIN_S", 120)
    began_ms = time.time() * 1000
    tally, cost = _watch(program, ships, lambda _, seconds: seconds >= lasts)
    written = _written_since(data, began_ms)
    rate = len(tally.latencies) / cost.seconds
    note = f"{cost.seconds:.0f} s, {len(tally.latencies):,} check-ins over {cost.files:,} open files; {cost.company}"
    return [
        Figure("steady: check-ins", rate, "1/s", at_least=count / INTERVAL_S / 1.1, note=note),
        Figure("steady: collector CPU", cost.share, "% of a core", at_most=120, note=f"{CORES} cores"),
        Figure("steady: collector memory", cost.rss_mb, "MB", at_most=2_684, note="highest resident set"),
        Figure("steady: p50", 1000 * _quantile(tally.latencies, 0.5), "ms", note="call to answer, seen by the agent"),
        Figure("steady: p99", 1000 * _quantile(tally.latencies, 0.99), "ms"),
        Figure("steady: failed calls", tally.failures.total(), "calls", at_most=0, note=_named(tally)),
        Figure("steady: new channels", tally.connections, "channels", note="hung up and made again by the agents"),
        Figure("steady: agents seen", written, "agents", note="rows of the database written in that time"),
    ]


def _return(program: Program, ships: list[Ship], count: int) -> list[Figure]:
    """The collector was away so long that every agent is in its back-off; times count from its `ready` line."""
    _drain(ships)
    ready = time.monotonic()
    tally, cost = _watch(program, ships, lambda tally, seconds: len(tally.answered) >= count or seconds >= PATIENCE_S)
    back = sorted(at - ready for at in tally.answered.values())
    note = f"{setting('OUTAGE_S', 75):.0f} s away; at most {_busiest(back):,} agents came back in one second"
    return [
        Figure("return: half are back after", _quantile(back, 0.5), "s", note=note),
        Figure("return: 99 % are back after", _quantile(back, 0.99), "s"),
        Figure("return: the last is back after", back[-1] if back else PATIENCE_S, "s", at_most=120),
        Figure("return: agents back", len(back), "agents", at_least=count),
        Figure("return: failed calls", tally.failures.total(), "calls", note=_named(tally)),
        Figure("return: p99", 1000 * _quantile(tally.latencies, 0.99), "ms", note="with TCP and TLS handshake"),
        Figure("return: collector CPU", cost.share, "% of a core", note=cost.company),
        Figure("return: collector memory", cost.rss_mb, "MB", note="highest resident set"),
    ]


# --- watching


def _watch(program: Program, ships: list[Ship], is_over: Callable[[Tally, float], bool]) -> tuple[Tally, Cost]:
    """Gather what happens until `is_over` (of the tally and the seconds so far), and what it costs."""
    total, rss_mb = Tally(), 0.0
    began, spent, busy, simulating = time.monotonic(), program.cpu_s(), machine_busy_s(), _simulators_s(ships)
    while not is_over(total, time.monotonic() - began):
        time.sleep(SAMPLE_S)
        _gather(ships, total)
        rss_mb = max(rss_mb, program.rss_mb())
    seconds, cpu_s = time.monotonic() - began, program.cpu_s() - spent
    others = (machine_busy_s() - busy - cpu_s - _simulators_s(ships) + simulating) / seconds
    simulators_mb = sum(psutil.Process(ship.pid).memory_info().rss for ship in ships) / 1e6
    return total, Cost(seconds, cpu_s, rss_mb, program.open_files(), simulators_mb, max(0.0, others))


def _gather(ships: list[Ship], total: Tally) -> None:
    for ship in ships:
        total.add(ship.tally())


def _drain(ships: list[Ship]) -> None:
    """Forget what has happened so far."""
    _gather(ships, Tally())


def _simulators_s(ships: list[Ship]) -> float:
    return float(sum(sum(psutil.Process(ship.pid).cpu_times()[:2]) for ship in ships))


def _written_since(data: Path, at_ms: float) -> int:
    with contextlib.closing(sqlite3.connect(f"file:{data / 'muster.db'}?mode=ro", uri=True)) as database:
        return int(database.execute("SELECT count(*) FROM agent WHERE last_seen >= ?", (at_ms,)).fetchone()[0])


def _quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0.0


def _busiest(moments: list[float]) -> int:
    """Return how many of `moments` (seconds) fall into the fullest second."""
    seconds = [int(moment) for moment in moments]
    return max((seconds.count(each) for each in set(seconds)), default=0)


def _named(tally: Tally) -> str:
    return ", ".join(f"{code} {count}" for code, count in tally.failures.most_common())
