"""A thousand agents on a simulated clock: the agent's real uplink, the collector's real admission, no network.

What is simulated is what lies between and around them: the wire (5 ms), a collector that gets through a given number
of calls a second and may be away, observations that come once a minute, and time. As in the collector, admission
stands before reports only.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from agent.transport import CallFailed
from agent.uplink import Uplink
from collector.config import Settings
from collector.listeners.limits import Admission
from collector.listeners.refusal import Refused
from wire import codec
from wire.observation import Acknowledgement, CheckIn, Envelope, Instructions, Observation

WIRE_S = 0.005
OBSERVE_EVERY_S = 60.0


class Clock:
    """Simulated seconds, and what is to happen when."""

    def __init__(self) -> None:
        self.now = 0.0
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()

    def at(self, when: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (max(when, self.now), next(self._numbers), what))

    def run(self, until: float) -> None:
        while self._agenda and self._agenda[0][0] <= until:
            self.now, _, what = heapq.heappop(self._agenda)
            what()
        self.now = until


@dataclass
class Collector:
    """Answers `per_second` calls a second, one after the other, as many inside at once as admission lets in."""

    clock: Clock
    per_second: float = 200.0
    is_away: bool = False
    calls: list[tuple[float, int]] = field(default_factory=list)  # when, by whom
    served: list[tuple[float, int]] = field(default_factory=list)
    _free_at: float = 0.0

    def __post_init__(self) -> None:
        settings = Settings()
        self.admission = Admission(settings.max_reports, settings.max_pending_bytes, lambda: self.clock.now)

    def take(self, call: Call) -> None:
        """Begin `call`; it ends, with an answer or a failure, at a later time of the clock."""
        self.calls.append((self.clock.now, call.agent))
        if self.is_away:
            call.end_at(self.clock.now + WIRE_S, CallFailed("UNAVAILABLE", "connection refused"))
            return
        is_report = call.method == "Report"
        place = self.admission.enter(len(call.data)) if is_report else contextlib.nullcontext()
        try:
            place.__enter__()
        except Refused as refused:
            failure = CallFailed("RESOURCE_EXHAUSTED", refused.message, refused.retry_after_ms / 1000)
            call.end_at(self.clock.now + WIRE_S, failure)
            return
        self._free_at = max(self._free_at, self.clock.now) + 1 / self.per_second
        self.clock.at(self._free_at, lambda: self._serve(call, place))

    def _serve(self, call: Call, place: AbstractContextManager[None]) -> None:
        place.__exit__(None, None, None)
        self.served.append((self.clock.now, call.agent))
        call.end_at(self.clock.now + WIRE_S, self._answer(call))

    def _answer(self, call: Call) -> bytes:
        if call.method == "CheckIn":
            return codec.encode_instructions(Instructions(0, 60, 900))
        report = codec.decode_report(call.data)
        return codec.encode_acknowledgement(Acknowledgement(report.envelopes[-1].seq))


class Call:
    """A call under way, as the uplink sees it."""

    def __init__(self, agent: Agent, method: str, data: bytes) -> None:
        self.agent, self.method, self.data, self.is_done = agent.number, method, data, False
        self._agent = agent
        self._outcome: bytes | CallFailed = b""

    def end_at(self, when: float, outcome: bytes | CallFailed) -> None:
        self._outcome = outcome
        self._agent.clock.at(when, self._end)

    def _end(self) -> None:
        self.is_done = True
        self._agent.step()

    def answer(self) -> bytes:
        if isinstance(self._outcome, CallFailed):
            self._agent.failures.append((self._agent.clock.now, self._outcome))
            raise self._outcome
        return self._outcome


class Agent:
    """The uplink's surroundings: credentials that hold, a spool without a disk, a listener that says nothing."""

    is_recovering = False
    next_at = math.inf
    epoch = bytes(16)

    def __init__(self, number: int, clock: Clock, collector: Collector, dice: random.Random) -> None:
        self.number, self.clock, self._collector = number, clock, collector
        self.failures: list[tuple[float, CallFailed]] = []
        self._seqs, self._waiting = itertools.count(1), dict[int, Envelope]()
        self._wake_at = math.inf
        self._uplink = Uplink(self, self, self, lambda: None, dice.random)  # type: ignore[arg-type]

    def begin(self, when: float, first_observation: float) -> None:
        self.clock.at(first_observation, self._observe)
        self.clock.at(when, self.step)

    def _observe(self) -> None:
        seq = next(self._seqs)
        self._waiting[seq] = Envelope(seq, b"{}", 0)
        self.clock.at(self.clock.now + OBSERVE_EVERY_S, self._observe)
        self.step()

    def step(self) -> None:
        self._uplink.advance(self.clock.now)
        at = max(self._uplink.next_at, self.clock.now + 0.001)
        if at < math.inf and (at < self._wake_at or self._wake_at <= self.clock.now):
            self._wake_at = at
            self.clock.at(at, self.step)

    # --- credentials

    def advance(self, now: float) -> bool:
        return False

    def channel(self) -> Agent:
        return self

    def worked(self) -> bool:
        return False

    def unheard(self, now: float) -> None:
        """A server that does not answer: nothing to do here."""

    def close(self) -> None:
        """A connection costs nothing here."""

    def start(self, service: str, method: str, data: bytes, timeout_s: float, wake: Callable[[], None]) -> Call:
        call = Call(self, method, data)
        self._collector.take(call)
        return call

    # --- spool

    @property
    def depth(self) -> int:
        return len(self._waiting)

    def peek(self, max_count: int) -> list[Envelope]:
        return list(itertools.islice(self._waiting.values(), max_count))

    def ack(self, seqs: Any) -> None:
        for seq in seqs:
            del self._waiting[seq]

    # --- listener

    def check_in(self) -> CheckIn:
        return CheckIn()

    def instructed(self, instructions: Instructions) -> None:
        """Nothing changes."""

    def delivered(self, observations: list[Observation], want_sections: tuple[str, ...]) -> None:
        """Nothing is wanted."""


class Herd:
    """`size` agents and their collector."""

    def __init__(self, size: int, per_second: float = 200.0) -> None:
        self.clock = Clock()
        self.collector = Collector(self.clock, per_second)
        self._dice = random.Random(7)
        self.agents = [Agent(number, self.clock, self.collector, random.Random(number)) for number in range(size)]

    def begin(self, spread_s: float) -> None:
        """Start all agents within `spread_s` seconds."""
        for agent in self.agents:
            start = self._dice.uniform(0.0, spread_s)
            first = start + (self._dice.uniform(0.0, OBSERVE_EVERY_S) if spread_s else 0.0)
            agent.begin(start, first)

    @property
    def spooled(self) -> int:
        return sum(agent.depth for agent in self.agents)


def returns(moments: Sequence[tuple[float, int]], since: float) -> list[float]:
    """Return when each agent came for the first time since then, seconds after it."""
    first: dict[int, float] = {}
    for when, agent in moments:
        if when >= since:
            first.setdefault(agent, when - since)
    return sorted(first.values())


def peak(moments: Sequence[float]) -> int:
    """Return the most in any second."""
    return max(Counter(map(math.floor, moments)).values(), default=0)
