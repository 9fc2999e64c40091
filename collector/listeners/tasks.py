"""What probes wait for and tell: a stream of tasks each, and how their sweeps go."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.listeners.limits import Admission, Buckets, jittered
from collector.listeners.refusal import exhausted, forbidden
from collector.listeners.registry import AgentRegistry
from collector.listeners.uninterrupted import Uninterrupted
from collector.security.vault import Vault
from collector.services import listening, sweeps
from collector.services.sweeps import Taker
from collector.store import agents
from collector.store.agents import Standing
from collector.store.failure import reading, writing
from collector.store.sweeps import EXPLORE, LANES, WATCH
from wire import sweep_codec
from wire.sweep import Cancel, Idle, Progress, SweepTask

MAX_STREAMS = 1_000
STREAM_S = 300.0
"""About how long a stream lasts; the probe opens another, by a certificate that is good then."""
POLL_S = 2.0
LOOK_S = 10.0
"""How often it is seen whether a probe is to hear anything else than it does."""
STREAMS_PER_SECOND, STREAM_BURST = 0.2, 10
TELLS_PER_SECOND, TELL_BURST = 5.0, 30
MAX_TELLS = 16

T = TypeVar("T")

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Hands:
    """What a probe has in hand: lane → uid of a sweep. One that does not watch beside a sweep has one thing at most."""

    holds: dict[str, str]
    watches: bool

    @classmethod
    def of(cls, idle: Idle) -> Hands:
        said = {WATCH: idle.watch_uid, EXPLORE: idle.sweep_uid}
        return cls({lane: uid for lane, uid in said.items() if uid}, idle.watches)

    @property
    def uids(self) -> tuple[str, ...]:
        return tuple(self.holds.values())

    @property
    def free(self) -> tuple[str, ...]:
        """The lanes in which it may be given something."""
        if self.watches:
            return tuple(lane for lane in LANES if lane not in self.holds)
        return () if self.holds else LANES

    def take(self, task: SweepTask) -> None:
        self.holds[WATCH if task.watch else EXPLORE] = task.uid

    def let_go(self, uid: str) -> bool:
        """Forget a sweep; return whether it was in hand."""
        lane = next((lane for lane, held in self.holds.items() if held == uid), None)
        if lane:
            del self.holds[lane]
        return lane is not None


class Tasks:
    """Tasks and Progress, for an agent that has been authorised; raises `Refused`, `Undecodable`, `StoreFailed`.

    Of each agent the latest stream counts. Its word of which sweeps it holds is believed: others that were thought to
    run there wait again.
    """

    def __init__(self, registry: AgentRegistry, vault: Vault, max_bytes: int, max_streams: int = MAX_STREAMS) -> None:
        self._registry, self._store, self._vault, self._max_streams = registry, registry.store, vault, max_streams
        self._streams: dict[int, asyncio.Event] = {}
        self._hands: dict[int, Hands] = {}
        self._hears: dict[int, tuple[bytes, float]] = {}  # digest of the task, when it is looked at again (monotonic)
        self._writes = Uninterrupted()
        self._admission = Admission(MAX_TELLS, max_bytes)
        self._openings = Buckets(STREAMS_PER_SECOND, STREAM_BURST)
        self._tells = Buckets(TELLS_PER_SECOND, TELL_BURST)

    @property
    def streams(self) -> int:
        """Probes that wait or sweep now, count."""
        return len(self._streams)

    async def wait(self, request: bytes, agent: Standing, address: str) -> AsyncIterator[bytes]:
        """Yield what the agent is to do, as it comes up, until the stream has had its time."""
        idle = sweep_codec.decode_idle(request)
        self._openings.take(agent.id)
        if len(self._streams) >= self._max_streams and agent.id not in self._streams:
            raise exhausted("as many probes wait as may", jittered(30.0))
        turn = self._take_place(agent)
        try:
            hands = await self._begun(agent, idle)
            log.info("a probe waits", agent=agent.uid, zone=idle.zone, holds=hands.uids, address=address)
            until = time.monotonic() + STREAM_S * random.uniform(0.8, 1.2)  # noqa: S311  spreads probes
            while time.monotonic() < until and self._streams.get(agent.id) is turn:
                if (word := await self._word(agent, idle, hands, turn)) is not None:
                    yield word
                await _rest(turn)
        finally:
            if self._streams.get(agent.id) is turn:
                del self._streams[agent.id], self._hands[agent.id], self._hears[agent.id]

    async def _begun(self, agent: Standing, idle: Idle) -> Hands:
        """Believe what a probe says it has in hand, and let all else that it was thought to have wait again."""
        hands = self._hands[agent.id] = Hands.of(idle)
        self._hears[agent.id] = idle.listening, 0.0
        await self._write(lambda tx: sweeps.release(tx, agent.id, *hands.uids))
        return hands

    def _take_place(self, agent: Standing) -> asyncio.Event:
        """Let this stream be the agent's, and end the one before; return the event that rings for it."""
        before = self._streams.pop(agent.id, None)
        if before:
            before.set()
        turn = self._streams[agent.id] = asyncio.Event()
        return turn

    def wake(self) -> None:
        """Have every stream look at once: a sweep was asked for, or cancelled."""
        for turn in self._streams.values():
            turn.set()

    async def close(self) -> None:
        """End all streams, and return when what is being written is written."""
        turns, self._streams = list(self._streams.values()), {}
        self._hands.clear()
        self._hears.clear()
        for turn in turns:
            turn.set()
        await self._writes.drain()

    # --- what is to be said

    async def _word(self, agent: Standing, idle: Idle, hands: Hands, turn: asyncio.Event) -> bytes | None:
        """Return what the agent is to be told now, None when there is nothing; raise `Refused` when it may not hear."""
        standing = self._registry.find(agent.uid)
        if standing is None or standing.state != agents.ACTIVE:
            raise forbidden("this agent is no longer active")
        if idle.listens and (word := await self._to_hear(agent, idle.zone)):
            return word
        if word := await self._cancelled(hands):
            return word
        async with reading(self._store) as connection:
            if not hands.free or not await sweeps.waits(connection, idle.zone, hands.free):
                return None
        taker = Taker(agent.id, idle.zone, hands.free)
        task = await self._write(lambda tx: sweeps.take(tx, self._vault, taker, self._registry.clock()))
        if task and self._streams.get(agent.id) is not turn:  # another stream has come meanwhile: it is to have it
            held = self._hands[agent.id].uids if agent.id in self._hands else ()
            await self._write(lambda tx: sweeps.release(tx, agent.id, *held))
            return None
        return await self._lent(agent, hands, task) if task else None

    async def _to_hear(self, agent: Standing, zone: str) -> bytes | None:
        digest, look_at = self._hears.get(agent.id, (b"", 0.0))
        if time.monotonic() < look_at:
            return None
        async with reading(self._store) as connection:
            now = self._registry.clock()
            task = await listening.wanted(connection, self._vault, agent.id, zone, digest, now)
        self._hears[agent.id] = task.digest if task else digest, time.monotonic() + LOOK_S
        if task is None:
            return None
        try:
            data = sweep_codec.encode_task(task)
        except ValueError as error:  # it goes on hearing what it heard
            log.warning("what a probe is to hear cannot travel", agent=agent.uid, zone=zone, error=str(error))
            return None
        log.info("what a probe is to hear", agent=agent.uid, zone=zone, lent=[each.uid for each in task.leases])
        return data

    async def _cancelled(self, hands: Hands) -> bytes | None:
        """Return the word that ends what is in hand and not wanted any more."""
        async with reading(self._store) as connection:
            for held in hands.uids:
                sweep = await sweeps.one(connection, held)
                if sweep is None or sweep.has_ended:
                    hands.let_go(held)
                    return sweep_codec.encode_task(Cancel(held))
        return None

    async def _lent(self, agent: Standing, hands: Hands, task: SweepTask) -> bytes | None:
        """Return a task for the agent; one that cannot travel has failed."""
        try:
            data = sweep_codec.encode_task(task)
        except ValueError as error:
            failed = Progress(task.uid, ended=True, failure=str(error))
            await self._write(lambda tx: sweeps.progress(tx, agent.id, failed, self._registry.clock()))
            return None
        hands.take(task)
        return data

    # --- what is told

    async def progress(self, request: bytes, agent: Standing, address: str) -> bytes:
        """Write how a sweep goes; the answer says whether it is to end."""
        self._tells.take(agent.id)
        with self._admission.enter(len(request)):
            told = sweep_codec.decode_progress(request)
            ends = await self._write(lambda tx: sweeps.progress(tx, agent.id, told, self._registry.clock()))
        if told.ended and agent.id in self._hands and self._hands[agent.id].let_go(told.sweep_uid):
            self._streams[agent.id].set()  # there may be another
        return sweep_codec.encode_answer(ends)

    async def _write(self, change: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        async def committed() -> T:
            async with writing(self._store) as tx:
                return await change(tx)

        return await self._writes.run(committed())


async def _rest(turn: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(turn.wait(), POLL_S)
    turn.clear()
