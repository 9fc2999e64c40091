"""The clock: the real pipeline over a real store, driven through the story, one act after the other in time."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path as File
from typing import Any

from sqlalchemy import select

from collector.pipeline import DUE, changed, elapsed, entering, judging, policies, withdrawing
from collector.pipeline.runner import Runner
from collector.security import audit
from collector.security.audit import Actor
from collector.services.answering import Answering
from collector.services.changes import sights
from collector.services.changes.desk import Desk
from collector.services.decisions import Decider
from collector.services.records import Recorder
from collector.services.registration import Registrar
from collector.store import accounts, ingest_log, known_devices, schema
from collector.store.engine import Store, insert
from tests.bench.estate.deed import STANDING
from tests.bench.estate.world import HOUR, Fault, Thing, Voice, look, within

RULES = File(__file__).parents[3] / "rules"
ROLES = {
    "ann": ("change_initiator",), "cid": ("engineer",), "bea": ("change_supervisor",), "max": ("change_manager",),
    "adm": ("config_admin:*",),
}  # fmt: skip
FULL_TICK = 6 * HOUR
"""How often the rules are looked at by the clock; findings are, every hour."""
MOST_ROWS = 1000

Act = Callable[["Play"], Awaitable[None]]
Item = tuple[int, int, str, int]
"""Finding, path, field, first seen new: the key of an item."""


@dataclass(slots=True)
class Chances:
    """How often a look goes wrong: one section fails, one is not read whole, it comes after the next one, or twice."""

    fails: float = 0.005
    partial: float = 0.004
    late: float = 0.003
    twice: float = 0.003


@dataclass(slots=True)
class Play:
    """One store, its pipeline and its desk, and the time."""

    store: Store
    now: int
    dice: random.Random
    chances: Chances = field(default_factory=Chances)
    stood: set[Item] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)
    runner: Runner = field(init=False)
    desk: Desk = field(init=False)
    registrar: Registrar = field(init=False)
    decider: Decider = field(init=False)
    answering: Answering = field(init=False)
    _queue: list[tuple[int, int, Act]] = field(default_factory=list)
    _order: Any = field(default_factory=itertools.count)
    _rows: list[ingest_log.Row] = field(default_factory=list)
    _seq: dict[int, int] = field(default_factory=dict)
    _epoch: dict[int, int] = field(default_factory=dict)
    _spooled: dict[int, list[tuple[int, bytes, int, bytes]]] = field(default_factory=dict)
    _cis: dict[str, tuple[int, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        loaded = policies.load(RULES)
        self.runner = Runner(self.store, loaded, lambda: self.now)
        again, whole = partial(changed, policies=loaded), partial(judging.judge_whole, policies=loaded)
        self.desk, self.answering = Desk(sights.evidence, again), Answering(again)
        self.registrar = Registrar(loaded.governance, whole, Recorder(partial(entering.enter, policies=loaded)))
        self.decider = Decider(whole, partial(withdrawing.withdraw, policies=loaded), self.runner.decided)

    # --- time

    def at(self, when: int, act: Act) -> None:
        """Let `act` happen at `when` (ms)."""
        heapq.heappush(self._queue, (when, next(self._order), act))

    async def run(self, until: int) -> None:
        """Do everything that is due until then."""
        while self._queue and self._queue[0][0] <= until:
            when, _, act = heapq.heappop(self._queue)
            self.now = max(self.now, when)
            await act(self)
        await self.settle()

    async def settle(self) -> None:
        """Let the pipeline apply all that was sent."""
        if self._rows:
            rows, self._rows = self._rows, []
            async with self.store.write() as tx:
                await ingest_log.append(tx, rows)
        while await self.runner.step():
            pass

    def acting(self, by: str) -> AbstractAsyncContextManager[audit.Act]:
        return audit.acting(self.store, Actor(by, "test"), lambda: self.now)

    async def tick(self) -> None:
        """Look at the clocks of findings, every few hours at all rules, and remember what stands against somebody."""
        await self.settle()
        if self.now % FULL_TICK < HOUR:
            await self.runner.tick()
        else:
            await self.look_at_clocks()
        item = schema.finding_item.c
        async with self.store.read() as reader:
            rows = await reader.execute(
                select(item.finding_id, item.path_id, item.field, item.hi).where(item.verdict.in_(list(STANDING)))
            )
            self.stood |= {(row[0], row[1], row[2], row[3]) for row in rows}

    async def look_at_clocks(self) -> None:
        due = DUE
        while due == DUE:
            async with self.store.write() as tx:
                due = await elapsed(tx, self.runner.policies, self.now)

    def count(self, name: str) -> None:
        self.counts[name] = self.counts.get(name, 0) + 1

    # --- who is there

    async def people(self) -> None:
        async with self.store.write() as tx:
            for name, roles in ROLES.items():
                await accounts.add(tx, name, roles, self.now)

    async def enrol(self, number: int) -> None:
        async with self.store.write() as tx:
            row = {"id": number, "uid": f"u{number}", "instance_key": number.to_bytes(4), "enrolled_at": self.now}
            await tx.execute(insert(tx, schema.agent).values(row))
            source = {"code": f"agent/u{number}", "kind": "agent", "agent_id": number}
            await tx.execute(insert(tx, schema.source).values(source))

    async def ci(self, thing: Thing) -> tuple[int, str]:
        """Return id and uid of the CI the thing was when it was first seen."""
        if thing.name not in self._cis:
            await self.settle()
            async with self.store.read() as reader:
                row = (await reader.execute(_BOUND.where(schema.source.c.code == thing.voices[0].code))).one()
            self._cis[thing.name] = row.id, row.uid
        return self._cis[thing.name]

    # --- looks

    async def look(self, thing: Thing, voice: Voice, held: dict[str, bytes]) -> None:
        """Let one source tell of a thing now, with the faults that come by chance."""
        if not thing.answers(self.now):
            return
        fault, delay, is_twice = self._chance(thing)
        payload = look(thing, voice, self.now, held, fault)
        seq = self._seq[voice.agent] = self._seq.get(voice.agent, 0) + 1
        epoch = self._epoch.get(voice.agent, 0).to_bytes(16)
        if within(thing.cut, self.now):
            self._spooled.setdefault(voice.agent, []).append((voice.agent, epoch, seq, payload))
            return
        for waiting in self._spooled.pop(voice.agent, ()):
            await self.send(*waiting)
        if delay:
            self.at(self.now + delay, partial(_sent, row=(voice.agent, epoch, seq, payload)))
        else:
            await self.send(voice.agent, epoch, seq, payload)
        if is_twice:
            self.at(self.now + HOUR, partial(_sent, row=(voice.agent, epoch, seq, payload)))

    async def look_of_agent(self, thing: Thing, voice: Voice) -> None:
        """Let the host's agent take its inventory, and send in full what the collector asked for."""
        wanted = () if within(thing.cut, self.now) else self.runner.wants(voice.agent)
        held = {name: hashed for name, hashed in voice.sent.items() if name not in wanted}
        await self.look(thing, voice, held)
        if thing.answers(self.now):
            voice.sent = {name: thing.encoded(name)[0] for name in thing.bodies}

    async def sweep(self, found: Iterable[tuple[Thing, Voice]]) -> None:
        """Let a probe look at these; what the collector holds of each travels with its task."""
        await self.settle()
        looked = list(found)
        async with self.store.read() as reader:
            held = await known_devices.hashes(reader, [voice.code for _, voice in looked])
        for thing, voice in looked:
            await self.look(thing, voice, held.get(voice.code, {}))

    async def send(self, agent: int, epoch: bytes, seq: int, payload: bytes) -> None:
        self._rows.append((agent, epoch, seq, self.now, payload))
        if len(self._rows) >= MOST_ROWS:
            await self.settle()

    def spool_anew(self, voice: Voice) -> None:
        """The agent lost its spool: it begins another one, and tells everything."""
        self._epoch[voice.agent] = self._epoch.get(voice.agent, 0) + 1
        self._seq[voice.agent] = 0
        voice.sent.clear()

    def _chance(self, thing: Thing) -> tuple[Fault | None, int, bool]:
        if within(thing.calm, self.now) or within(thing.cut, self.now):
            return None, 0, False
        roll, odds = self.dice.random(), self.chances
        section = self.dice.choice(sorted(thing.bodies))
        if roll < odds.fails + odds.partial:
            self.count("sections that failed" if roll < odds.fails else "sections read in part")
            return Fault(section, roll < odds.fails), 0, False
        roll -= odds.fails + odds.partial
        if roll < odds.late:
            self.count("looks that came late")
            return None, thing.every + HOUR // 2, False
        if roll < odds.late + odds.twice:
            self.count("looks that came twice")
            return None, 0, True
        return None, 0, False


_BOUND = (
    select(schema.ci.c.id, schema.ci.c.uid)
    .select_from(schema.subject_ci.join(schema.source).join(schema.ci))
    .where(schema.subject_ci.c.role == "host")
)


async def _sent(play: Play, row: tuple[int, bytes, int, bytes]) -> None:
    await play.send(*row)
