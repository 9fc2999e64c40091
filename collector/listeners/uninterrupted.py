"""Lets a write end although the one who asked for it has gone."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")


class Uninterrupted:
    """Runs writes to their end.

    A caller that is cancelled (its deadline passed, its connection broke) in the middle of a transaction would
    take the writer's connection with it, and on SQLite the next writer waits for the lock it leaves behind.
    """

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    async def run(self, write: Coroutine[Any, Any, _T]) -> _T:
        """Return what `write` returns; raise what it raises. Cancelled, it leaves `write` to end by itself."""
        task = asyncio.create_task(write)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    async def drain(self) -> None:
        """Return when nothing runs any more."""
        while self._running:
            await asyncio.wait(self._running)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # whoever asked has been told, or has gone
