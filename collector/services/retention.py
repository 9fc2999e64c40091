"""Every hour: old rows go, waivers that end soon are told of, and the database looks at how its values lie."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from collector.clock import Clock
from collector.desk.table import BUILT_IN, Table
from collector.security.audit import COLLECTOR, recorded
from collector.services import audit, events, once, waiver_reminders
from collector.store import alerts
from collector.store.engine import Store
from collector.store.failure import StoreFailed, writing

log = structlog.get_logger(__name__)

EVERY_S: Final = 3600.0
MOVES_KEPT_MS: Final = 400 * 86_400_000
"""How long is kept how alerts moved: what a year's availability needs, and a month to look at it."""
PART: Final = 10_000


class Retention:
    """`run()` until cancelled; `step()` is one look."""

    def __init__(self, store: Store, audit_days: int, clock: Clock, desk: Table = BUILT_IN) -> None:
        self._store, self._audit_days, self._clock, self._desk = store, audit_days, clock, desk

    async def run(self) -> None:
        while True:
            try:
                await self.step()
            except StoreFailed as error:  # what is old only gets older
                log.warning("old rows stay for now", error=str(error))
            await asyncio.sleep(EVERY_S)

    async def step(self) -> int:
        """Take away what is too old, return how many rows; raise `StoreFailed`."""
        gone = 0
        while part := await self._forget_events():
            gone += part
        while part := await self._forget_moves():
            gone += part
        async with writing(self._store) as tx, recorded(tx, COLLECTOR, self._clock()) as act:
            await waiver_reminders.step(act, self._desk)
        async with writing(self._store) as tx:
            gone += await once.forget(tx, self._clock())
            gone += await audit.prune(tx, self._audit_days * audit.DAY_MS, self._clock())
            await self._store.look(tx)
        return gone

    async def _forget_events(self) -> int:
        async with writing(self._store) as tx:
            return await events.forget(tx, self._clock())

    async def _forget_moves(self) -> int:
        async with writing(self._store) as tx:
            return await alerts.forget_moves(tx, self._clock() - MOVES_KEPT_MS, PART)
