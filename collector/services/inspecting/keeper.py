"""Lets the clock make inspections and rounds: every quarter of a minute, and at once when a plan has moved."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

import structlog

from collector.clock import Clock
from collector.services.inspecting import clockwork
from collector.services.inspecting.inspector import Inspector
from collector.services.stocktaking import clockwork as rounds
from collector.store.engine import Store
from collector.store.failure import StoreFailed

log = structlog.get_logger(__name__)

EVERY_S: Final = 15.0


class Keeper:
    """`run()` until cancelled; `step()` is one look at the clock."""

    def __init__(self, store: Store, inspector: Inspector, clock: Clock, every_s: float = EVERY_S) -> None:
        self.inspector = inspector
        self._store, self._clock, self._every_s = store, clock, every_s

    async def run(self) -> None:
        woken = self.inspector.woken
        while True:
            woken.clear()
            try:
                await self.step()
            except StoreFailed as error:  # what is due stays due
                log.warning("inspections wait for the database", error=str(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(woken.wait(), self._every_s)

    async def step(self) -> list[str]:
        """Make what is due now and return the numbers; raise `StoreFailed`."""
        due = [await each.due(self._store, self.inspector, self._clock()) for each in (clockwork, rounds)]
        return [number for numbers in due for number in numbers]
