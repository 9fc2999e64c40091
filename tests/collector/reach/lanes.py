"""A probe and its collector, moved by hand: the real two lanes of both, and between them a line that may lose words.

The processes of sweeps are played: each says a row a step and the end. Time is what the world says it is.
"""

from __future__ import annotations

import contextlib
import queue
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from agent import sweeping
from agent.child import Answer
from agent.probing import Probe
from agent.spool import Spool
from agent.transport import CallFailed
from collector.listeners.limits import Buckets
from collector.listeners.refusal import Refused
from collector.listeners.tasks import Hands, Tasks
from collector.security.vault import Vault
from collector.services import sweeps
from collector.services.sweeps import NewPlan, probing, timekeeper
from collector.store import sweeps as rows
from collector.store.agents import Standing
from collector.store.engine import Store
from discovery.plan import plan
from tests.acts import act
from wire import sweep_codec
from wire.sweep import Idle

STEP_MS = 5_000
AWAY = CallFailed("UNAVAILABLE", "nobody there")


class Played:
    """The process of a sweep; `died`: it is gone without a word."""

    def __init__(self, world: World, request: dict[str, Any]) -> None:
        self.uid, self.is_watch = request["uid"], request["watch"]
        cursor = int(request["cursor"] or 0)
        self._coming = deque(list(plan(request["ranges"], seed=request["seed"]).addresses())[cursor:])
        self._at = cursor
        self._said: deque[Answer | None] = deque([({"ready": True}, b"")])
        self.ended = self._is_cancelled = False
        self.words = None
        self._world = world
        world.processes.append(self)

    def step(self) -> None:
        """Say what becomes of the next address, of all of them if it is a watch, and the end after the last."""
        if self._is_cancelled:
            self._over("cancelled")
        for _ in range(len(self._coming) if self.is_watch else 1):
            if self._coming and not self.ended:
                self._at += 1
                self._world.asked[self.uid, self._coming[0]] += 1
                self._said.append((self._row(self._coming.popleft()), b""))
        if not self._coming:
            self._over("")

    def _row(self, address: str) -> dict[str, Any]:
        row = {"address": address, "stage": "sweep", "cause": "", "detail": "", "credential": "", "alive": True,
               "found_json": '{"signs": "icmp"}', "at_ms": self._world.now, "took_ms": 1}  # fmt: skip
        return {"address": address, "protocol": "snmp", "part": "", "at_ms": self._world.now, "sections": [],
                "row": row, "cursor": str(self._at), "counts": {"swept": self._at}}  # fmt: skip

    def _over(self, why: str) -> None:
        if not self.ended:
            self.ended = True
            self._said.append(({"ended": why, "cursor": str(self._at), "counts": {}}, b""))

    def dies(self) -> None:
        self.ended = True
        self._said.append(None)

    # --- as `agent.child.Child`

    def take(self) -> Answer | None:
        if not self._said:
            raise queue.Empty
        return self._said.popleft()

    def tell(self, line: bytes) -> None:
        assert line == b"cancel"
        self._is_cancelled = True  # it takes its time to end

    def end(self, grace_s: float = 0.0) -> int:
        self.ended = True
        if self in self._world.processes:
            self._world.processes.remove(self)
        return 1


class Stream:
    """What a probe waits at, as `agent.transport.Stream`."""

    def __init__(self, idle: Idle) -> None:
        self.idle = idle
        self.inbox: deque[bytes] = deque()
        self.hands: Hands | None = None
        self.failure: CallFailed | None = None
        self.is_cut = False

    def take(self) -> bytes | None:
        return self.inbox.popleft() if self.inbox else None

    @property
    def is_over(self) -> bool:
        return self.is_cut and not self.inbox

    def cut(self, failure: CallFailed | None) -> None:
        self.inbox.clear()
        self.failure, self.is_cut = failure, True

    def cancel(self) -> None:
        self.cut(None)


class Line:
    """As `agent.transport.Channel`."""

    def __init__(self) -> None:
        self.stream: Stream | None = None

    def listen(self, service: str, method: str, data: bytes, wake: Callable[[], None]) -> Stream:
        self.stream = Stream(sweep_codec.decode_idle(data))
        return self.stream


@dataclass
class Registry:
    """As much of `collector.listeners.registry.AgentRegistry` as a stream asks of it."""

    world: World
    store: Store

    def find(self, uid: str) -> Standing:
        return self.world.agent

    def clock(self) -> int:
        return self.world.now


@dataclass
class World:
    """One probe, one collector. `asked`: (sweep, address) → how often. `ends`: sweep → how often its end was told."""

    store: Store
    agent: Standing
    now: int
    processes: list[Played] = field(default_factory=list)
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    watches: list[tuple[int, str]] = field(default_factory=list)  # when the end of one was told, its uid
    plans: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._clockwork = timekeeper.Timekeeper(self.store, lambda: self.now)
        self.begin_probe()
        self.begin_collector()

    def begin_probe(self) -> None:
        self.line = Line()
        self.probe = Probe("", _Roomy(), 1, lambda: None, chance=lambda: 0.0)  # type: ignore[arg-type]  # a spool

    def begin_collector(self) -> None:
        vault = Vault([bytes(32)])
        self.tasks = Tasks(Registry(self, self.store), vault, 1 << 20)  # type: ignore[arg-type]  # a registry
        self.tasks._tells = Buckets(1e9, 10**9)
        if self.line.stream:
            self.line.stream.cut(AWAY)

    @property
    def seconds(self) -> float:
        return self.now / 1000

    # --- what may happen

    async def step(self, fault: str = "") -> None:
        """Let a few seconds pass. `fault`: lost (what is told does not arrive), unanswered (its answer does not)."""
        self.now += STEP_MS
        await self._clockwork.step()
        await self._hear()
        self.check()
        for each in list(self.processes):
            each.step()
        self.probe.advance(self.seconds, self.line)  # type: ignore[arg-type]  # a channel
        for _ in range(4):
            if self.probe.tell_at <= self.seconds:
                await self._tell(fault)
        self.check()

    async def _hear(self) -> None:
        """Let the collector say to the probe what it has to."""
        self.probe.advance(self.seconds, self.line)  # type: ignore[arg-type]  # a channel
        stream = self.line.stream
        if stream is None or stream.is_cut:
            return
        if stream.hands is None:
            turn = self.tasks._take_place(self.agent)
            stream.hands = await self.tasks._begun(self.agent, stream.idle)
        turn = self.tasks._streams[self.agent.id]
        while word := await self.tasks._word(self.agent, stream.idle, stream.hands, turn):
            stream.inbox.append(word)
        self.probe.advance(self.seconds, self.line)  # type: ignore[arg-type]  # a channel

    async def _tell(self, fault: str) -> None:
        told = self.probe.telling()
        if fault == "lost":
            self.probe.untold(AWAY, self.seconds)
            return
        was = await self._state(sweep_codec.decode_progress(told).sweep_uid)
        answer = await self._taken(told)
        await self._note(sweep_codec.decode_progress(told).sweep_uid, was)
        if fault == "unanswered":
            self.probe.untold(AWAY, self.seconds)
        else:
            self.probe.told(answer, self.seconds)

    async def _taken(self, told: bytes) -> bytes:
        try:
            return await self.tasks.progress(told, self.agent, "")
        except Refused as error:
            raise AssertionError(str(error)) from error

    async def _state(self, uid: str) -> tuple[str, str]:
        async with self.store.read() as reader:
            row = await rows.find(reader, uid)
        return (row.state, row.lane) if row else ("", "")

    async def _note(self, uid: str, was: tuple[str, str]) -> None:
        state, lane = await self._state(uid)
        if was[0] == rows.RUNNING and state == rows.DONE:
            self.ends[uid] += 1
            if lane == rows.WATCH:
                self.watches.append((self.now, uid))

    async def start(self, number: int) -> None:
        async with self.store.write() as tx:
            by = act(tx, at=self.now)
            if not self.plans:
                for name, where in (("a", "10.1.0.0-10.1.0.6"), ("b", "10.1.0.4-10.1.0.9")):
                    self.plans.append(await sweeps.create_plan(by, NewPlan(name, "", {"ranges": [where]})))
            try:
                await sweeps.start(by, self.plans[number])
            except sweeps.Refused:
                return  # the plan's last is under way

    async def cancel(self, number: int) -> None:
        async with self.store.write() as tx:
            its = [each for each in await sweeps.recent(tx) if not each.has_ended]
            if its:
                await sweeps.cancel(act(tx, at=self.now), its[number % len(its)].uid)

    async def close(self, number: int) -> None:
        """Let a sweep that runs wait again, as a blackout does that begins."""
        async with self.store.write() as tx:
            its = await rows.in_state(tx, rows.RUNNING)
            if its:
                await probing.give_back(tx, its[number % len(its)], "closed for a while")

    def crash(self, number: int) -> None:
        if self.processes:
            self.processes[number % len(self.processes)].dies()

    def restart_probe(self) -> None:
        self.probe.stop()
        self.processes.clear()
        self.begin_probe()

    def cut(self) -> None:
        if self.line.stream:
            self.line.stream.cut(AWAY)

    # --- what holds

    def check(self) -> None:
        """A lane holds one sweep at a time, and no sweep is carried out twice at once."""
        lanes = Counter(each.is_watch for each in self.processes if not each.ended)
        assert all(number <= 1 for number in lanes.values()), lanes
        assert all(number == 1 for number in Counter(each.uid for each in self.processes).values())
        assert all(number == 1 for number in self.ends.values()), "the end of a sweep counts once"


class _Roomy(Spool):
    """A spool nothing is put into: what is played tells rows alone."""

    def __init__(self) -> None:
        pass

    @property
    def bytes(self) -> int:
        return 0


@contextlib.contextmanager
def played(world: Callable[[], World]) -> Iterator[None]:
    """Let sweeps be played while this runs."""
    before = sweeping.Child
    sweeping.Child = lambda module, request, wake, bound: Played(world(), request)  # type: ignore[assignment,misc]
    try:
        yield
    finally:
        sweeping.Child = before  # type: ignore[misc]
