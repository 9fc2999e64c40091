"""Looks by the clock at the systems that ask for it; there are none until somebody sets one up so."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from collector.services.missing import NotFound
from collector.services.tickets.office import Office, Report
from collector.store.failure import StoreFailed
from collector.tickets.system import System

log = structlog.get_logger(__name__)

EVERY_S: Final = 20.0
MINUTE_MS: Final = 60_000


class Puller:
    """`run()` until cancelled; `step()` is one look at the clock."""

    def __init__(self, office: Office, every_s: float = EVERY_S) -> None:
        self._office, self._every_s = office, every_s

    async def run(self) -> None:
        while True:
            try:
                await self.step()
            except StoreFailed as error:  # what is due stays due
                log.warning("other systems wait for the database", error=str(error))
            except Exception as error:  # noqa: BLE001 - what a system sends must not stop the collector
                log.warning("a look at other systems failed", error=type(error).__name__)
            await asyncio.sleep(self._every_s)

    async def step(self) -> list[str]:
        """Look at every system that is due, one after the other, and return which; raise `StoreFailed`."""
        now = self._office.clock()
        due = [system.name for system, last in await self._office.listed() if is_due(system, last, now)]
        for name in due:
            try:
                await self._office.pull(name)
            except NotFound:
                continue  # somebody removed it
        return due


def is_due(system: System, last: Report | None, now: int) -> bool:
    """Return whether a system is to be looked at now (ms)."""
    if not system.every_minutes:
        return False
    return last is None or now - last.at >= system.every_minutes * MINUTE_MS
