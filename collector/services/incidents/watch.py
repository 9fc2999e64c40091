"""Lets the clock move incidents: every quarter of a minute, clocks pass their thresholds and what is solved closes."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from collector.clock import Clock
from collector.desk.table import Table
from collector.services.incidents import clockwork
from collector.store.engine import Store
from collector.store.failure import StoreFailed, writing

log = structlog.get_logger(__name__)

EVERY_S: Final = 15.0
PORTIONS: Final = 50
"""Looks of one step: what is due beyond them waits for the next, so that others get their turn."""


class Watch:
    """`run()` until cancelled; `step()` is one look at the clock."""

    def __init__(self, store: Store, table: Table, clock: Clock) -> None:
        self._store, self._table, self._clock = store, table, clock

    async def run(self) -> None:
        while True:
            try:
                await self.step()
            except StoreFailed as error:  # what is due stays due
                log.warning("incidents wait for the database", error=str(error))
            await asyncio.sleep(EVERY_S)

    async def step(self) -> None:
        """Do what is due now; raise `StoreFailed`."""
        for _ in range(PORTIONS):
            async with writing(self._store) as tx:
                if await clockwork.tick(tx, self._table, self._clock()) < clockwork.PORTION:
                    break
        async with writing(self._store) as tx:
            await clockwork.mind_the_calendar(tx, self._table, self._clock())
