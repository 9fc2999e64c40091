"""Alerts that nobody tells of any more end by the clock."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from collector.services.inbound.inbox import Inbox
from collector.store.failure import StoreFailed

log = structlog.get_logger(__name__)

EVERY_S: Final = 15.0


class Expiring:
    """`run()` until cancelled; `step()` is one look at the clock."""

    def __init__(self, inbox: Inbox, every_s: float = EVERY_S) -> None:
        self._inbox, self._every_s = inbox, every_s

    async def run(self) -> None:
        while True:
            try:
                await self.step()
            except StoreFailed as error:  # what is over stays over
                log.warning("alerts wait for the database", error=str(error))
            await asyncio.sleep(self._every_s)

    async def step(self) -> None:
        """End what is over now; raise `StoreFailed`."""
        await self._inbox.expire()
