"""Simulated agents, thousands a process: each has its own key, certificate, connection and clock.

What talks is the agent's own uplink (`agent.uplink.Uplink`) over its own channels: its time-outs, its jitter, its
back-off, its way of hanging up. Simulated is only what it speaks of: an empty spool, a made-up heartbeat.
"""

from __future__ import annotations

import heapq
import json
import logging
import math
import multiprocessing
import queue
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, cast

from agent.credentials import Credentials
from agent.spool import Spool
from agent.transport import Call, CallFailed, Channel
from agent.uplink import Uplink
from wire.observation import CheckIn, Instructions, Observation

LISTEN_EVERY_S = 0.2
MAX_CALLS = 250
"""Calls a process has under way at once. A machine of its own has one; hundreds would fight for one interpreter
until none ended in time, and that would measure the simulator. Who has to wait is told as `late_s`."""


@dataclass
class Tally:
    """What happened since it was last asked for. Latencies in seconds, from the call's start to its end."""

    latencies: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    connections: int = 0
    answered: dict[int, float] = field(default_factory=dict)
    """Agent → when (monotonic) it was first answered."""
    late_s: float = 0.0
    """How late the simulator itself got round to an agent, at worst."""

    def add(self, other: Tally) -> None:
        self.latencies += other.latencies
        self.failures += other.failures
        self.connections += other.connections
        self.answered |= other.answered
        self.late_s = max(self.late_s, other.late_s)


class _Call:
    """A call that is counted when its answer is taken."""

    def __init__(self, call: Call, agent: _Agent, began: float) -> None:
        self._call, self._agent, self._began = call, agent, began
        self.ended = 0.0

    @property
    def is_done(self) -> bool:
        return self._call.is_done

    def answer(self) -> bytes:
        tally = self._agent.fleet.tally
        try:
            answer = self._call.answer()
        except CallFailed as error:
            tally.failures[error.code] += 1
            raise
        tally.latencies.append((self.ended or time.monotonic()) - self._began)
        tally.answered.setdefault(self._agent.number, time.monotonic())
        return answer


class _Channel:
    """The agent's channel, with a stop-watch."""

    def __init__(self, agent: _Agent) -> None:
        self._agent = agent
        fleet = agent.fleet
        fleet.tally.connections += 1
        self._channel = Channel(fleet.target, fleet.root, *(text.encode() for text in agent.pair))

    def start(self, service: str, method: str, data: bytes, timeout_s: float, wake: Callable[[], None]) -> _Call:
        began = time.monotonic()
        ended: list[_Call] = []

        def note() -> None:
            if ended:
                ended[0].ended = time.monotonic()
            wake()

        call = _Call(self._channel.start(service, method, data, timeout_s, note), self._agent, began)
        ended.append(call)
        return call

    def close(self) -> None:
        self._channel.close()


class _Agent:
    """What one uplink asks and tells: its credentials, its spool and its listener in one."""

    next_at, is_recovering, depth = math.inf, False, 0

    def __init__(self, fleet: Fleet, number: int, pair: tuple[str, str], begins_at: float) -> None:
        self.fleet, self.number, self.pair = fleet, number, pair
        self.uplink: Uplink | None = None
        self.due = begins_at

    def advance_uplink(self, now: float) -> None:
        """Let the uplink do what is due; it exists from its first check-in on."""
        if self.uplink is None:
            itself = cast(Any, self)
            self.uplink = Uplink(cast(Credentials, itself), cast(Spool, itself), itself, self._wake)
        self.uplink.advance(now)
        self.due = self.uplink.next_at

    def _wake(self) -> None:
        self.fleet.bell.put(self.number)

    # --- as credentials

    def channel(self) -> _Channel:
        return _Channel(self)

    def advance(self, now: float) -> bool:
        return False

    def worked(self) -> bool:
        return False

    def turned_away(self, now: float) -> None:
        """Counted as a failed call already."""

    def unheard(self, now: float) -> None:
        """The same; the certificates of a benchmark do not run out."""

    def stop(self) -> None:
        """Nothing of its own is under way."""

    # --- as listener

    def check_in(self) -> CheckIn:
        return CheckIn(
            "0.1.0", round(time.time() * 1000), rss_bytes=40_000_000, cpu_ms=84_000,
            hostname=f"host{self.number:05d}", failing_sections=("smart", "virtual_machines"),
        )  # fmt: skip

    def instructed(self, instructions: Instructions) -> None:
        """The uplink keeps to the interval; there is no inventory to take."""

    def delivered(self, observations: list[Observation], want_sections: tuple[str, ...]) -> None:
        """Nothing is ever spooled."""


class Fleet:
    """The agents of one process, driven by one loop. `spread_s`: seconds over which they begin."""

    def __init__(self, file: Path, target: str, spread_s: float) -> None:
        told = json.loads(file.read_text())
        self.target, self.root = target, told["root"].encode()
        self.bell: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.tally = Tally()
        now = time.monotonic()
        self._agents = {
            number: _Agent(self, number, (key, chain), now + random.random() * spread_s)
            for number, key, chain in told["agents"]
        }
        self._due = [(each.due, number) for number, each in self._agents.items()]
        heapq.heapify(self._due)
        self._calling: set[int] = set()

    def run(self, orders: Connection) -> None:
        """Drive the agents until `orders` says anything but "tally"; that one is answered with a `Tally`."""
        listen_at = 0.0
        while True:
            self._advance()
            if time.monotonic() >= listen_at:
                listen_at = time.monotonic() + LISTEN_EVERY_S
                if orders.poll():
                    if orders.recv() != "tally":
                        return
                    told, self.tally = self.tally, Tally()
                    orders.send(told)

    def _advance(self) -> None:
        """Wait for a bell or for what is due, and advance it."""
        try:
            wait = self._wait_s()
            self._step(self.bell.get(timeout=wait) if wait else self.bell.get_nowait())
        except queue.Empty:
            if self._wait_s() == 0.0:
                due, number = heapq.heappop(self._due)
                if self._agents[number].due == due:
                    self.tally.late_s = max(self.tally.late_s, time.monotonic() - due)
                    self._step(number)

    def _wait_s(self) -> float:
        """Return how long nothing is due, 0 when something is and may begin."""
        if not self._due or len(self._calling) >= MAX_CALLS:
            return LISTEN_EVERY_S
        return min(LISTEN_EVERY_S, max(0.0, self._due[0][0] - time.monotonic()))

    def _step(self, number: int) -> None:
        agent = self._agents[number]
        agent.advance_uplink(time.monotonic())
        if agent.due < math.inf:
            self._calling.discard(number)
            heapq.heappush(self._due, (agent.due, number))
        else:
            self._calling.add(number)


class Ship:
    """A process with a fleet in it, as its parent sees it."""

    def __init__(self, file: Path, target: str, spread_s: float) -> None:
        context = multiprocessing.get_context("spawn")
        self._orders, theirs = context.Pipe()
        self._process = context.Process(target=_sail, args=(file, target, spread_s, theirs), daemon=True)
        self._process.start()
        self.pid = int(self._process.pid or 0)

    def tally(self) -> Tally:
        """Return what happened since this was last asked."""
        self._orders.send("tally")
        found: Tally = self._orders.recv()
        return found

    def stop(self) -> None:
        """Kill it: ten thousand orderly farewells would take longer than the benchmark."""
        self._process.kill()
        self._process.join()


def _sail(file: Path, target: str, spread_s: float, orders: Connection) -> None:
    logging.disable()  # failures are counted
    Fleet(file, target, spread_s).run(orders)
