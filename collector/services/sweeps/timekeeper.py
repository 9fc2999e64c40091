"""Lets the clock move sweeps: every quarter of a minute, plans come due and silent probes are given up."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from collector.clock import Clock
from collector.services import credential_alarms
from collector.services.sweeps import clockwork, watching
from collector.store.engine import Store
from collector.store.failure import StoreFailed, writing

log = structlog.get_logger(__name__)

EVERY_S: Final = 15.0


class Timekeeper:
    """`run()` until cancelled; `step()` is one look at the clock."""

    def __init__(self, store: Store, clock: Clock, every_s: float = EVERY_S) -> None:
        self._store, self._clock, self._every_s = store, clock, every_s

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
        async with writing(self._store) as tx:
            await clockwork.orphaned(tx, now)
            await clockwork.due(tx, now)
            await watching.due(tx, now)
        async with writing(self._store) as tx:
            await credential_alarms.settle(tx, now)
            await clockwork.forget(tx, now)
