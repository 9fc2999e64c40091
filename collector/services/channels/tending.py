"""What the clock has to do with channels: alarms of those that do not work, tickets held against incidents."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from collector.clock import Clock
from collector.services.channels import alarms
from collector.services.channels.reconciling import Reconciler
from collector.store import attachments, outbox
from collector.store.engine import Store
from collector.store.failure import StoreFailed, writing

log = structlog.get_logger(__name__)

EVERY_S: Final = 15.0
KEPT_MS: Final = 90 * 24 * 3_600_000
"""How long messages are kept that no longer wait."""
FORGOTTEN_AT_ONCE: Final = 1_000


class Tending:
    """`run()` until cancelled; `step()` is one look at the clock."""

    def __init__(self, store: Store, clock: Clock, reconciler: Reconciler, every_s: float = EVERY_S) -> None:
        self._store, self._clock, self._reconciler, self._every_s = store, clock, reconciler, every_s

    async def run(self) -> None:
        """Look for ever; a ticket system that is slow to answer delays no alarm."""
        await asyncio.gather(self._again(self.step), self._again(self._reconcile))

    async def step(self) -> None:
        """Tell of channels that do not work, and forget old messages; raise `StoreFailed`."""
        async with writing(self._store) as tx:
            await alarms.settle(tx, self._clock())
            await outbox.forget(tx, self._clock() - KEPT_MS, FORGOTTEN_AT_ONCE)
            await attachments.forget(tx, self._clock() - KEPT_MS)

    async def _reconcile(self) -> None:
        await self._reconciler.step()

    async def _again(self, look: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await look()
            except StoreFailed as error:  # what is due stays due
                log.warning("channels wait for the database", error=str(error))
            except Exception as error:  # what a system answers must not stop the collector
                log.warning("a look at channels failed", error=type(error).__name__, exc_info=True)
            await asyncio.sleep(self._every_s)
