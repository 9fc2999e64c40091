"""Follows up by the clock what is to be put back, to be seen after a change, and to be seen a second time."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from collector.clock import Clock
from collector.desk.table import Table
from collector.governance import Governance
from collector.security.audit import COLLECTOR, recorded
from collector.services import reverting, second_looks
from collector.services.changes import unverified
from collector.services.changes.desk import Desk
from collector.store.engine import Store
from collector.store.failure import StoreFailed, reading, writing

log = structlog.get_logger(__name__)

EVERY_S: Final = 15.0


class FollowingUp:
    """`run()` until cancelled; `step()` is one look. All it goes by is in the database, so nothing is lost or twice."""

    def __init__(self, store: Store, changes: Desk, policy: tuple[Governance, Table], clock: Clock) -> None:
        self._store, self._changes, self._clock = store, changes, clock
        self._governance, self._desk = policy

    async def run(self) -> None:
        while True:
            try:
                await self.step()
            except StoreFailed as error:  # what is due stays due
                log.warning("what was asked for is followed up later", error=str(error))
            await asyncio.sleep(EVERY_S)

    async def step(self) -> None:
        """Do what is due now; raise `StoreFailed`."""
        async with reading(self._store) as connection:
            asked = await reverting.is_due(connection)
            missed = await unverified.due(connection, self._changes, self._clock())
            once = await second_looks.is_due(connection)
        if asked:
            async with writing(self._store) as tx, recorded(tx, COLLECTOR, self._clock()) as act:
                await reverting.settle(act, self._governance)
        if missed:
            async with writing(self._store) as tx, recorded(tx, COLLECTOR, self._clock()) as act:
                await unverified.settle(act, self._changes, self._desk, missed)
        if once:
            async with writing(self._store) as tx, recorded(tx, COLLECTOR, self._clock()) as act:
                await second_looks.settle(act)
