"""Lets the clock move sweeps: every few seconds, plans and watches come due and silent probes are given up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from collector.clock import Clock
from collector.services import credential_alarms
from collector.services.sweeps import clockwork, lateness, watching
from collector.store.engine import Store
from collector.store.failure import StoreFailed, writing

log = structlog.get_logger(__name__)

EVERY_S: Final = 5.0


class Timekeeper:
    """`run()` until cancelled; `step()` is one look at the clock. `wake` is called where there is news for probes."""

    def __init__(
        self, store: Store, clock: Clock, every_s: float = EVERY_S, wake: Callable[[], None] = lambda: None
    ) -> None:
        self._store, self._clock, self._every_s, self._wake = store, clock, every_s, wake
        self._looked_at = 0

    async def run(self) -> None:
        while True:
            try:
                await self.step()
            except StoreFailed as error:  # what is due stays due
                log.warning("sweeps wait for the database", error=str(error))
            await asyncio.sleep(self._every_s)

    async def step(self) -> None:
        """Do what is due now; raise `StoreFailed`."""
        now = self._clock()
        looks_around = now - self._looked_at >= lateness.EVERY_MS
        self._looked_at = now if looks_around else self._looked_at
        async with writing(self._store) as tx:
            moved = await clockwork.orphaned(tx, now)
            moved += len(await clockwork.due(tx, now)) + await watching.due(tx, now, looks_around)
        if moved:
            self._wake()
        async with writing(self._store) as tx:
            await credential_alarms.settle(tx, now)
            await clockwork.forget(tx, now)
