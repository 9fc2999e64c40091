"""Runs the path: takes what ingest has logged, batch by batch, and looks at time-driven rules in between.

A batch that fails is undone whole and tried again one by one; the observation that fails alone is
set aside with its reason, so one bad observation never stops the others. When it is the database that
fails (its disk is full, it is away), nothing is set aside: the same batch is tried again until it works.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from collector import ingest
from collector.clock import Clock
from collector.ingest import BadObservation, Logged, Look
from collector.pipeline import (
    DUE,
    Memory,
    Touched,
    accepting,
    apply_again,
    apply_batch,
    elapsed,
    judging,
    progress,
    reconciling,
    ticking,
)
from collector.pipeline.agenda import Agenda
from collector.pipeline.aging import Aging
from collector.pipeline.backlog import BATCH, Backlog
from collector.pipeline.policies import Policies
from collector.pipeline.sampling import Forgetting
from collector.store import doubts, ingest_log, sources
from collector.store.doubts import Waiting
from collector.store.engine import Store
from collector.store.failure import is_passing
from collector.store.ingest_log import Numbered

log = structlog.get_logger(__name__)

MAX_STATES = 20_000
"""Sources held in memory; beyond that all are forgotten and read again as they speak."""
MAX_JUDGED = 500_000
"""CIs of which is remembered what has run on them, likewise."""
RETRY_S = 5.0
"""How long a pipeline waits whose database failed."""
GATHER_S = 0.25
"""How far transactions are apart at least while rows are few: ten hosts cost one little more than one host."""
AGAIN = 20
"""Observations that waited for a case and are applied in one transaction."""
PORTIONS = 50
"""Times `DUE` CIs whose clocks are looked at in one tick."""
HOSTS = 200
"""Hosts that are inspected by the clock in one transaction."""


@dataclass(slots=True)
class Counters:
    """What the runner has done since start, for /metrics."""

    applied: int = 0
    rejected: int = 0
    parked: int = 0
    batches: int = 0
    lag_ms: int = 0
    pass_ms: int = 0


class Runner:
    """One consumer of the ingest log. `wake()` from anywhere in the loop; `run()` until cancelled."""

    def __init__(self, store: Store, policies: Policies, clock: Clock, inspect_every_s: float = 30.0) -> None:
        self._store, self._clock = store, clock
        self.policies = replace(policies, agenda=Agenda())  # what it has to do by the clock is its own
        self._every_s = inspect_every_s
        self._awake = asyncio.Event()
        self._backlog = Backlog()
        self._memory = Memory()
        self._wanted: dict[int, set[str]] = {}
        self._aging = Aging(store, policies, clock)
        self._forgetting = Forgetting(store, policies.rulebook)
        self._waiting = accepting.Round()
        self._turn = ""
        self._is_decided = True
        self.counters = Counters()

    def wake(self, rows: Sequence[Numbered] | None = None) -> None:
        """Say that something was logged: these rows, after all that were handed over before, or None: look there."""
        self._backlog.hand_over(rows)
        self._awake.set()

    def decided(self) -> None:
        """Say that a person decided a case: what waited for it is applied before anything else."""
        self._is_decided = True
        self._awake.set()

    def wants(self, agent_id: int) -> tuple[str, ...]:
        """Return the sections this agent must send in full, and take them off the list."""
        return tuple(sorted(self._wanted.pop(agent_id, ())))

    async def run(self) -> None:
        """Apply what is logged as it comes; inspect by the clock."""
        timer, began = asyncio.create_task(self._tick_for_ever()), -math.inf
        try:
            self._awake.set()
            while True:
                await self._awake.wait()
                if self._backlog.gathers:
                    await asyncio.sleep(began + GATHER_S - time.monotonic())
                self._awake.clear()
                began = time.monotonic()
                await self._apply_next()
        finally:
            timer.cancel()

    async def _apply_next(self) -> None:
        """Apply a batch, if anything is pending, with patience: what is logged is safe and waits."""
        try:
            if await self.step():
                self._awake.set()  # there may be more
        except Exception as error:  # noqa: BLE001  the database's circumstances, or a look at the log that failed
            log.warning("the pipeline waits for the database", error=_one_line(error))
            await asyncio.sleep(RETRY_S)
            self._awake.set()

    async def step(self) -> int:
        """Apply one batch and return how many observations it held; 0 when nothing is pending.

        Raise when the database fails; nothing of what was not applied is lost then.
        """
        if self._is_decided and (applied := await self._apply_released()):
            return applied
        rows = self._backlog.take()
        looks = [ingest.look(row) for row in rows]  # before our turn to write comes: the disk may be busy meanwhile
        try:
            async with self._store.write() as tx:
                if not rows:
                    rows = await self._backlog.read(tx)
                    looks = [ingest.look(row) for row in rows]
                touched = await self._apply(tx, rows, looks)
            self._note(touched, rows)
        except Exception as error:
            self._forget()
            if not rows or is_passing(error):
                raise
            log.warning("batch failed, applying one by one", size=len(rows), error=_one_line(error))
            await self._apply_singly(rows)
        return len(rows)

    async def tick(self) -> None:
        """Look at the rules and the findings that time alone can move, and at who is not there any more."""
        async with self._store.read() as reader:
            due = await ticking.due(reader, self.policies, self._clock())
        for at in range(0, len(due), HOSTS):
            async with self._store.write() as tx:
                await ticking.judge(tx, due[at : at + HOSTS], self.policies, self._clock())
            self.policies.agenda.kept()
        for _ in range(PORTIONS):  # windows, waivers and changes that begin or end
            async with self._store.write() as tx:
                if await judging.decide_due(tx, self.policies, self._clock(), HOSTS) < HOSTS:
                    break
        for _ in range(PORTIONS):  # what stays due for whatever reason waits for the next tick, and stops nobody
            async with self._store.write() as tx:
                if await elapsed(tx, self.policies, self._clock()) < DUE:
                    break
        async with self._store.write() as tx:
            await self._waiting.step(tx, self.policies, self._clock())
        await self._aging.tick()
        await self._forgetting.step(self._clock())
        looked = reconciling.PORTION
        while looked >= reconciling.PORTION:
            async with self._store.write() as tx:
                looked = await reconciling.elapsed(tx, self.policies, self._clock())

    async def _tick_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            try:
                await self.tick()
            except Exception as error:  # noqa: BLE001  a failed pass is tried again with the next one
                self.policies.agenda.undo()
                log.warning("inspection pass failed", error=_one_line(error))

    async def _apply(self, tx: AsyncConnection, rows: list[Logged], looks: list[Look]) -> Touched:
        if not rows:
            return Touched()
        await self._load(tx, rows, looks)
        touched = await apply_batch(tx, rows, looks, self._memory, self.policies, self._clock)
        await accepting.newcomers(tx, touched.sections, self.policies, self._clock(), self._memory.admitted)
        return touched

    async def _apply_released(self) -> int:
        """Apply one batch of what waited for a case that has been decided; return how many observations it held."""
        async with self._store.write() as tx:
            await self._notice(tx)
            waiting = await doubts.released(tx, BATCH)
        for at in range(0, len(waiting), AGAIN):
            await self._apply_some_again(waiting[at : at + AGAIN])
        self._is_decided = bool(waiting)
        return len(waiting)

    async def _apply_some_again(self, waiting: list[Waiting]) -> None:
        """Apply what waited; what fails alone is set aside, as what comes from the log is."""
        try:
            async with self._store.write() as tx:
                await self._load(tx, [each.row for each in waiting], [ingest.look(each.row) for each in waiting])
                touched = await apply_again(tx, waiting, self._memory, self.policies, self._clock)
                await accepting.newcomers(tx, touched.sections, self.policies, self._clock(), self._memory.admitted)
        except Exception as error:
            self._forget()
            if is_passing(error):
                raise
            if len(waiting) == 1:
                await self._set_aside_again(waiting[0], f"{type(error).__name__}: {_one_line(error)}")
                return
            for each in waiting:
                await self._apply_some_again([each])
            return
        self.counters.applied += len(waiting)
        self._want(touched)

    async def _set_aside_again(self, waiting: Waiting, reason: str) -> None:
        log.warning("observation set aside", observation=waiting.row.id, source=waiting.row.source, error=reason)
        async with self._store.write() as tx:
            await doubts.unpark(tx, waiting.row.id, waiting.role, waiting.ruling.case_id)
            await ingest_log.reject(tx, waiting.row.id, reason, self._clock())
            await doubts.let_go_drained(tx, waiting.ruling.case_id)
        self.counters.rejected += 1

    async def _notice(self, tx: AsyncConnection) -> None:
        """Forget what is in memory of sources when a person has decided since which CI is which."""
        turn = await doubts.turn(tx)
        if turn != self._turn:
            self._turn, self._is_decided = turn, True
            self._memory.forget()

    async def _load(self, tx: AsyncConnection, rows: list[Logged], looks: list[Look]) -> None:
        await self._notice(tx)
        if len(self._memory.states) > MAX_STATES or len(self._memory.judged) > MAX_JUDGED:
            self._memory.forget()
        states, codes = self._memory.states, {row.source for row in rows}
        targets = {ingest.source_of(seen, row) for row, seen in zip(rows, looks, strict=True)} - codes
        if missing := (codes | targets) - states.keys():
            await sources.ensure(tx, missing - codes)
            states |= await sources.load(tx, missing)
        await sources.refresh_offsets(tx, [states[code] for code in codes])

    def _forget(self) -> None:
        """What is held in memory may be ahead of what was written, or behind the log."""
        self._memory.forget()
        self.policies.agenda.undo()
        self._backlog.forget()

    def _note(self, touched: Touched, rows: list[Logged]) -> None:
        if not rows:
            return
        self._backlog.passed = rows[-1].id
        self.policies.agenda.kept()
        self.counters.applied += len(rows)
        self.counters.batches += 1
        self.counters.rejected += touched.rejected
        self.counters.parked += touched.parked
        self.counters.lag_ms = max(0, self._clock() - rows[-1].received_at)
        self._want(touched)

    def _want(self, touched: Touched) -> None:
        for agent_id, names in touched.wanted.items():
            self._wanted.setdefault(agent_id, set()).update(names)

    async def _apply_singly(self, rows: list[Logged]) -> None:
        for row in rows:
            try:
                async with self._store.write() as tx:
                    touched = await self._apply(tx, [row], [ingest.look(row)])
                self._note(touched, [row])
            except Exception as error:
                self._forget()
                if is_passing(error):
                    raise
                log.warning("observation set aside", observation=row.id, source=row.source, error=_one_line(error))
                await self._set_aside(row, f"{type(error).__name__}: {_one_line(error)}")

    async def _set_aside(self, row: Logged, reason: str) -> None:
        async with self._store.write() as tx:
            await self._load(tx, [row], [BadObservation(reason)])
            state = self._memory.states[row.source]
            await ingest_log.reject(tx, row.id, reason, self._clock())
            state.epoch, state.seq = row.epoch, row.seq
            await sources.advance(tx, [progress(row.id, state)])
        self._backlog.passed = row.id
        self.counters.rejected += 1


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]
