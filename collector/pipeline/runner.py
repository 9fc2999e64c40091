"""Runs the path: takes what ingest has logged, batch by batch, and looks at time-driven rules in between.

A batch that fails is undone whole and tried again one by one; the observation that fails alone is
set aside with its reason, so one bad observation never stops the others.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.clock import Clock
from collector.ingest import Logged
from collector.pipeline import Touched, apply_batch, judging
from collector.pipeline.policies import Policies
from collector.store import ingest_log, known, sources
from collector.store.engine import Store
from collector.store.sources import Progress, SourceState

log = structlog.get_logger(__name__)

BATCH = 200
MAX_STATES = 20_000
"""Sources held in memory; beyond that all are forgotten and read again as they speak."""


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
        self._store, self.policies, self._clock = store, policies, clock
        self._every_s = inspect_every_s
        self._awake = asyncio.Event()
        self._states: dict[str, SourceState] = {}
        self._wanted: dict[int, set[str]] = {}
        self._passed = 0  # the last id of the log this runner has passed; 0: look at every source's cursor
        self.counters = Counters()

    def wake(self) -> None:
        """Say that something was logged."""
        self._awake.set()

    def wants(self, agent_id: int) -> tuple[str, ...]:
        """Return the sections this agent must send in full, and take them off the list."""
        return tuple(sorted(self._wanted.pop(agent_id, ())))

    async def run(self) -> None:
        """Apply what is logged as it comes; inspect by the clock."""
        ticking = asyncio.create_task(self._tick_for_ever())
        try:
            while True:
                self._awake.clear()
                while await self.step():
                    pass
                await self._awake.wait()
        finally:
            ticking.cancel()

    async def step(self) -> int:
        """Apply one batch and return how many observations it held; 0 when nothing is pending."""
        rows: list[Logged] = []
        try:
            async with self._store.write() as tx:
                rows = await ingest_log.pending(tx, BATCH, self._passed)
                touched = await self._apply(tx, rows)
            self._note(touched, rows)
        except Exception as error:
            self._states.clear()  # what was held in memory may be ahead of what was written
            if not rows:
                raise
            log.warning("batch failed, applying one by one", size=len(rows), error=_one_line(error))
            await self._apply_singly(rows)
        return len(rows)

    async def tick(self) -> None:
        """Look at the rules that time alone can move."""
        async with self._store.read() as reader:
            hosts = await known.hosts(reader)
        for at in range(0, len(hosts), BATCH):
            async with self._store.write() as tx:
                await judging.judge_by_clock(tx, hosts[at : at + BATCH], self.policies, self._clock())

    async def _tick_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            try:
                await self.tick()
            except Exception as error:  # noqa: BLE001  a failed pass is tried again with the next one
                log.warning("inspection pass failed", error=_one_line(error))

    async def _apply(self, tx: AsyncConnection, rows: list[Logged]) -> Touched:
        if not rows:
            return Touched()
        await self._load(tx, rows)
        return await apply_batch(tx, rows, self._states, self.policies, self._clock)

    async def _load(self, tx: AsyncConnection, rows: list[Logged]) -> None:
        if len(self._states) > MAX_STATES:
            self._states.clear()
        missing = {row.source for row in rows} - self._states.keys()
        if missing:
            self._states |= await sources.load(tx, missing)
        await sources.refresh_offsets(tx, [self._states[code] for code in {row.source for row in rows}])

    def _note(self, touched: Touched, rows: list[Logged]) -> None:
        if not rows:
            return
        self._passed = rows[-1].id
        self.counters.applied += len(rows)
        self.counters.batches += 1
        self.counters.rejected += touched.rejected
        self.counters.parked += touched.parked
        self.counters.lag_ms = max(0, self._clock() - rows[-1].received_at)
        for agent_id, names in touched.wanted.items():
            self._wanted.setdefault(agent_id, set()).update(names)

    async def _apply_singly(self, rows: list[Logged]) -> None:
        for row in rows:
            try:
                async with self._store.write() as tx:
                    touched = await self._apply(tx, [row])
                self._note(touched, [row])
            except Exception as error:  # noqa: BLE001
                self._states.clear()
                log.warning("observation set aside", observation=row.id, source=row.source, error=_one_line(error))
                await self._set_aside(row, f"{type(error).__name__}: {_one_line(error)}")

    async def _set_aside(self, row: Logged, reason: str) -> None:
        async with self._store.write() as tx:
            await self._load(tx, [row])
            state = self._states[row.source]
            await ingest_log.reject(tx, row.id, reason, self._clock())
            await sources.advance(
                tx, [Progress(state.id, row.id, row.epoch, row.seq, state.state_hash, state.confirmed_at)]
            )
            state.epoch, state.seq = row.epoch, row.seq
        self._passed = row.id
        self.counters.rejected += 1


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]
