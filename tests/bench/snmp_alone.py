"""What a benchmark runs in a process of its own: `python -m tests.bench.snmp_alone sweep|walk …`, figures as JSON."""

from __future__ import annotations

import asyncio
import gc
import ipaddress
import json
import sys
import time
from pathlib import Path

from discovery.snmp import Alive, Budget, Community, Engine, EngineQuestion, Limits, Session, Taps, sweep
from tests.bench.snmp_peers import COLUMN


async def sweep_once(network: str, port: int, rate: float | None) -> dict[str, float]:
    """Tap every address of a network once; return how many answered, and the seconds it took."""
    hosts = [str(each) for each in ipaddress.ip_network(network)]
    engine = Engine(Limits(rate=rate))
    found: list[Alive] = []
    cpu, wall = time.process_time(), time.perf_counter()
    await sweep(engine, hosts, EngineQuestion(), found.append, port, Taps(count=1))
    spent = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    sent = engine.exchange.sent
    engine.close()
    return {"found": len({each.target.address for each in found}), "sent": sent, **spent}


async def walk_once(port: int) -> dict[str, float]:
    """Walk a long column as it comes; return how far resident memory grew after the first 20,000 variables, MB."""
    engine = Engine()
    session = Session(engine, ("127.0.0.1", port), Community("public"), Budget(seconds=600, octets=1 << 32))
    count, settled = 0, 0.0
    async for page in session.pages(COLUMN):
        count += len(page)
        if not settled and count > 20_000:
            gc.collect()
            settled = _resident_mb()
    grown = _resident_mb() - settled
    engine.close()
    return {"count": count, "grown_mb": grown}


def _resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def main() -> None:
    what, port, *more = sys.argv[1:]
    if what == "sweep":
        told = asyncio.run(sweep_once(more[0], int(port), float(more[1]) if more[1:] else None))
    else:
        told = asyncio.run(walk_once(int(port)))
    print(json.dumps(told))


if __name__ == "__main__":
    main()
