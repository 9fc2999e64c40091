"""SNMP: what a variable and a get cost against gufo-snmp and pysnmp, and how fast it is seen who answers in a /16.

All ask one responder, a C program that is never the limit, over loopback; runs alternate, ratios are of each pair,
figures are medians of them. Our sweep is timed without the start of Python. fping cannot be compared on loopback,
where the kernel answers for every address: both run between two network namespaces (root only).
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

from tests.bench import Figure
from tests.bench.snmp_peers import COLUMNS, IN_FLIGHT, Spent, get_gufo, get_ours, walk_gufo, walk_ours, walk_pysnmp
from tests.conftest import free_port

SOURCE = Path(__file__).parent / "snmp_responder.c"
ROOT = Path(__file__).parents[2]
PAIRS, ROWS, GETS_EACH, PYSNMP_ROWS = 9, 250, 40, 1000
LIVE, PACE = 2000, 10_000
ADDRESSES = 1 << 16
LONG = 1_000_000
LOOPBACK, APART = "127.9.0.0/16", "10.77.0.0/16"
US, THEM, LINE = "muster-bench-a", "muster-bench-b", "10.99.7"


def run() -> list[Figure]:
    if not shutil.which("gcc"):
        return [Figure("snmp", 0, "", note="gcc is not installed (Debian: apt-get install gcc libc6-dev)")]
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder:
        program = Path(folder) / "responder"
        subprocess.run(["gcc", "-O2", "-o", program, SOURCE], check=True)
        return [*_clients(program), *_memory(program), *_sweeps(program), *_apart(program)]


@contextlib.contextmanager
def _responder(program: Path, rows: int, live: int, inside: tuple[str, ...] = ()) -> Iterator[int]:
    """Run the responder and yield its port."""
    port = free_port()
    words = [*inside, str(program), str(port), str(rows), str(live)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"
        try:
            yield port
        finally:
            running.kill()


# --- clients

Work = Callable[[], Coroutine[Any, Any, Spent]]


def _clients(program: Path) -> list[Figure]:
    with _responder(program, ROWS, 0) as port:
        tables = _pairs(lambda: walk_ours(port, COLUMNS), lambda: walk_gufo(port, COLUMNS))
        column = _pairs(lambda: walk_ours(port, COLUMNS[:1]), lambda: walk_gufo(port, COLUMNS[:1]))
        gets = _pairs(lambda: get_ours(port, GETS_EACH), lambda: get_gufo(port, GETS_EACH))
        slow = [asyncio.run(walk_pysnmp(port, PYSNMP_ROWS)) for _ in range(3)]
    ours = statistics.median(_a_cpu_second(mine) for mine, _ in tables)
    pysnmp = statistics.median(map(_a_cpu_second, slow))
    a_second = statistics.median(_a_second(mine) for mine, _ in gets)
    table, single = f"{len(COLUMNS)} columns, {ROWS} rows, {IN_FLIGHT} at once", f"1 column, {ROWS} rows"
    return [
        Figure("walk: varbinds a CPU-second", ours, "/s", note=table),
        Figure("walk: against gufo-snmp", _ratio(tables, _a_cpu_second), "×", at_least=1.2, note=f"by CPU; {table}"),
        Figure("walk: against gufo-snmp", _ratio(column, _a_cpu_second), "×", note=f"by CPU; {single}"),
        Figure("walk: against pysnmp", ours / pysnmp, "×", at_least=60, note="by CPU; pysnmp one column"),
        Figure("gets a second", a_second, "/s", note=f"{IN_FLIGHT} at once"),
        Figure("gets: against gufo-snmp", _ratio(gets, _a_second), "×", at_least=1.5, note="both async"),
    ]


def _pairs(ours: Work, theirs: Work) -> list[tuple[Spent, Spent]]:
    asyncio.run(ours()), asyncio.run(theirs())
    return [(asyncio.run(ours()), asyncio.run(theirs())) for _ in range(PAIRS)]


def _ratio(pairs: list[tuple[Spent, Spent]], of: Callable[[Spent], float]) -> float:
    return statistics.median(of(mine) / of(other) for mine, other in pairs)


def _a_cpu_second(spent: Spent) -> float:
    return spent.count / spent.cpu_s


def _a_second(spent: Spent) -> float:
    return spent.count / spent.wall_s


# --- in processes of their own


def _alone(what: str, port: int, *more: str, inside: tuple[str, ...] = ()) -> dict[str, float]:
    words = [*inside, sys.executable, "-m", "tests.bench.snmp_alone", what, str(port), *more]
    told = subprocess.run(words, check=True, capture_output=True, cwd=ROOT, timeout=600)
    figures: dict[str, float] = json.loads(told.stdout)
    return figures


def _memory(program: Path) -> list[Figure]:
    with _responder(program, LONG, 0) as port:
        told = _alone("walk", port)
    assert told["count"] == LONG, told
    return [Figure("memory: growth over a walk", told["grown_mb"], "MB", at_most=4, note=f"{LONG} varbinds")]


def _sweeps(program: Path) -> list[Figure]:
    with _responder(program, 1, LIVE) as port:
        unpaced = [_alone("sweep", port, LOOPBACK) for _ in range(3)]
        theirs = [_onesixtyone(port) for _ in range(3)]
        paced = _alone("sweep", port, LOOPBACK, str(PACE))
    lost = max(LIVE - each["found"] for each in (*unpaced, paced))
    seconds = statistics.median(each["wall_s"] for each in unpaced)
    figures = [
        Figure("/16, lost", lost, "", at_most=0, note=f"{LIVE} of {ADDRESSES} answer, one datagram each"),
        Figure("/16, unpaced", seconds, "s"),
        Figure("/16, paced", paced["wall_s"] / (ADDRESSES / PACE), "× limit", at_most=1.2, note=f"{PACE} a second"),
    ]
    if theirs[0] is None:
        return [*figures, Figure("/16, against onesixtyone", 0, "×", note="onesixtyone is not installed")]
    took = statistics.median(each for each in theirs if each is not None)
    return [*figures, Figure("/16, against onesixtyone", took / seconds, "×", at_least=2, note=f"-w 0: {took:.2f} s")]


def _onesixtyone(port: int) -> float | None:
    if not shutil.which("onesixtyone"):
        return None
    with tempfile.NamedTemporaryFile("w", prefix="muster-bench-") as hosts:
        hosts.writelines(f"{each}\n" for each in ipaddress.ip_network(LOOPBACK))
        hosts.flush()
        started = time.perf_counter()
        words = ["onesixtyone", "-w", "0", "-p", str(port), "-i", hosts.name, "public"]
        told = subprocess.run(words, check=True, capture_output=True)
        took = time.perf_counter() - started
    assert told.stdout.count(b"[public]") > LIVE * 0.9, told.stdout[-200:]
    return took


# --- between two network namespaces


def _apart(program: Path) -> list[Figure]:
    name = "/16, against fping"
    if os.geteuid() or not shutil.which("fping") or not shutil.which("ip"):
        return [Figure(name, 0, "×", note="needs root, ip and fping")]
    us, them = ("ip", "netns", "exec", US), ("ip", "netns", "exec", THEM)
    with _namespaces(), _responder(program, 1, 0, them) as port:
        pairs = [(_alone("sweep", port, APART, inside=us), _fping(us)) for _ in range(3)]
    assert all(mine["found"] == LIVE == found for mine, (found, _) in pairs), pairs
    ratio = statistics.median(took / mine["wall_s"] for mine, (_, took) in pairs)
    return [Figure(name, ratio, "×", at_least=0.7, note=f"-i 0 -r 0: {pairs[0][1][1]:.2f} s")]


def _fping(us: tuple[str, ...]) -> tuple[int, float]:
    """Return how many addresses fping finds, and the seconds it takes."""
    started = time.perf_counter()
    told = subprocess.run(
        [*us, "fping", "-i", "0", "-r", "0", "-a", "-q", "-g", APART], check=False, capture_output=True
    )
    return len(told.stdout.split()), time.perf_counter() - started


@contextlib.contextmanager
def _namespaces() -> Iterator[None]:
    """Make two namespaces; the live addresses are in one of them, which drops what goes to the others."""
    network = ipaddress.ip_network(APART)
    live = [network[at * (ADDRESSES // LIVE) + 1] for at in range(LIVE)]
    outer = [f"netns add {US}", f"netns add {THEM}", f"link add va netns {US} type veth peer name vb netns {THEM}"]
    ours = [f"addr add {LINE}.1/30 dev va", "link set va up", "link set lo up", f"route add {APART} via {LINE}.2"]
    theirs = [f"addr add {LINE}.2/30 dev vb", "link set vb up", "link set lo up", f"route add blackhole {APART}"]
    theirs += [f"addr add {each}/32 dev lo" for each in live]
    try:
        for namespace, lines in ((None, outer), (US, ours), (THEM, theirs)):
            words = ["ip", *(("-n", namespace) if namespace else ()), "-batch", "-"]
            subprocess.run(words, input="\n".join(lines).encode(), check=True, capture_output=True)
        yield
    finally:
        for namespace in (US, THEM):
            subprocess.run(["ip", "netns", "del", namespace], check=False, capture_output=True)
