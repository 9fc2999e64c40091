"""Check-ins, kept in memory and written together: ten thousand heartbeats a minute are a few transactions."""

from __future__ import annotations

import asyncio
import contextlib

import structlog

from collector.store import agents
from collector.store.agents import Touch
from collector.store.engine import Store
from collector.store.failure import WriteFailed, writing

FLUSH_S = 2.0
FLUSH_AT = 500

log = structlog.get_logger(__name__)


class CheckIns:
    """The last check-in of each agent that has not been written yet. Losing them costs nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: dict[int, Touch] = {}
        self._turn = asyncio.Event()
        self._stopping = False

    def note(self, touch: Touch) -> None:
        """Remember a check-in; it is written within `FLUSH_S`, sooner when many wait."""
        self._waiting[touch.agent_id] = touch
        if len(self._waiting) >= FLUSH_AT:
            self._turn.set()

    async def run(self) -> None:
        """Write what is noted, until `stop`."""
        while not self._stopping:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._turn.wait(), FLUSH_S)
            self._turn.clear()
            try:
                await self.flush()
            except WriteFailed as error:
                log.warning("check-ins not written", error=str(error))
                await asyncio.sleep(FLUSH_S)

    def stop(self) -> None:
        """End `run` soon, but not in the middle of a write."""
        self._stopping = True
        self._turn.set()

    async def flush(self) -> None:
        """Write all that is waiting; raise `WriteFailed` with what was not written kept for the next time."""
        while self._waiting:
            part = dict(list(self._waiting.items())[:FLUSH_AT])
            async with writing(self._store) as connection:
                await agents.touch(connection, list(part.values()))
            for agent_id, written in part.items():
                if self._waiting.get(agent_id) is written:
                    del self._waiting[agent_id]
