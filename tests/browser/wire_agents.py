"""Simulated agents, admitted beforehand, that report and check in over the real wire."""

from __future__ import annotations

import asyncio
import json
import re
import time
import urllib.request
import uuid
from collections.abc import Collection, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from collector.clock import now
from collector.security import ca
from collector.store import agents, probes
from collector.store.agents import NewAgent
from collector.store.engine import open_store, sqlite_url
from collector.store.migrate import migrate
from tests.bench.programs import ask
from tests.collector.listeners.client import Machine, envelope, report_of, spki
from wire import codec
from wire.observation import CheckIn

HOUR_MS = 3_600_000
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Told:
    """What one agent says: its observations, oldest first, and how it introduces itself when it checks in."""

    observations: Sequence[bytes]
    hostname: str
    version: str = "0.1.0"
    failing: tuple[str, ...] = ()


def aside(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` in a thread of its own: Playwright keeps an event loop running in this one."""
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(asyncio.run, work).result()


def zones_of(told: Told) -> set[str]:
    """Return the zones of the targets it tells of; none of an agent that tells of its own host."""
    targets = (codec.glance(each).target for each in told.observations)
    return {each.zone for each in targets if each is not None}


async def admit(data: Path, zones: Sequence[Collection[str]]) -> list[Machine]:
    """Admit machines, 34 days ago, on a data folder no collector runs on; what they saw before that is not believed.

    `zones`: what each of them is the probe of.
    """
    store = open_store(sqlite_url(data / "muster.db"))
    await migrate(store)
    authority = ca.open_or_create(data)
    machines = []
    async with store.write() as tx:
        for its in zones:
            machine = Machine(authority.root_pem, enrol_port=0, uid=str(uuid.uuid4()))
            leaf = authority.issue(machine.leaf_key.public_key(), machine.uid, now(), 24 * HOUR_MS)
            machine.chain, enrolled_at = leaf.chain, now() - 34 * 24 * HOUR_MS
            new = NewAgent(machine.uid, spki(machine.instance), leaf.serial, leaf.valid_to, enrolled_at)
            await agents.create(tx, new)
            if its:
                await probes.appoint(tx, machine.uid, its)
            machines.append(machine)
    await store.close()
    return machines


async def tell(data: Path, data_port: int, machines: Sequence[Machine], told: Sequence[Told], begin: int = 1) -> None:
    """Let each machine report, from number `begin` on, and check in; return when all of it is applied."""
    for machine, said in zip(machines, told, strict=True):
        machine.data_port = data_port
        async with machine.data() as call:
            sent = [envelope(seq, payload) for seq, payload in enumerate(said.observations, begin)]
            answer = codec.decode_acknowledgement(await call("Report", report_of(*sent)))
            assert (answer.acked_seq, answer.refused) == (begin + len(sent) - 1, ())
            heartbeat = CheckIn(said.version, now(), rss_bytes=31_000_000, cpu_ms=84_000, hostname=said.hostname,
                                failing_sections=said.failing)  # fmt: skip
            await call("CheckIn", codec.encode_check_in(heartbeat))
    await asyncio.to_thread(_await_applied, data)


def _await_applied(data: Path, seconds: float = 30.0) -> None:
    """Return when no observation waits and every check-in is written: both happen after the answer."""
    end = time.monotonic() + seconds
    while _pending(data) or not all(each["version"] for each in ask(data, "agents?limit=200")["items"]):
        assert time.monotonic() < end, f"not applied within {seconds:g} s"
        time.sleep(0.05)


def _pending(data: Path) -> float:
    url = json.loads((data / "local.json").read_text())["url"]
    with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:
        found = re.search(r"^muster_pipeline_pending_observations (\S+)$", answer.read().decode(), re.MULTILINE)
    assert found, "the collector does not say what waits"
    return float(found[1])
