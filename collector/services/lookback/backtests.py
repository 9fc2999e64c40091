"""Judges a past period anew by the terms somebody asks for; nothing is written."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.services.lookback.asked import Asked
from collector.services.lookback.report import Report
from collector.services.refused import Refused
from collector.store.engine import Store

Judge = Callable[[AsyncConnection, Asked, int], Awaitable[Report]]
"""Judges what moved in a period by what is known at a time (ms)."""


async def nothing_moved(_connection: AsyncConnection, asked: Asked, _now: int) -> Report:
    """Where nothing observes, nothing moved."""
    return Report(asked.start, asked.end)


@dataclass(frozen=True, slots=True)
class Backtests:
    """Runs one at a time: each reads a period from end to end."""

    judge: Judge = nothing_moved
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self, store: Store, asked: Asked, now: int) -> Report:
        """Return what the period comes to; raise `Refused` while another one is running."""
        if self._turn.locked():
            raise Refused("another period is being judged; try again when it is done")
        async with self._turn, store.read() as connection:
            return await self.judge(connection, asked, now)
