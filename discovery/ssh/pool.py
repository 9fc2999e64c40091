"""Threads for sessions: so many, and each is given back when its session's budget is used up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, TypeVar

from discovery.failures import Failed
from discovery.ssh.watch import Budget, Watch

GRACE: Final = 2.0
"""Seconds a thread has to notice that its session was cut."""

Found = TypeVar("Found")


class Pool:
    """At most `sessions` at once; the others wait. Their budgets begin when their turn has come."""

    def __init__(self, sessions: int = 16) -> None:
        self._room = asyncio.Semaphore(sessions)
        self._threads = ThreadPoolExecutor(sessions + sessions // 4 + 1, "ssh")  # some may be slow to notice their end

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def run(self, work: Callable[[Watch], Found], budget: Budget) -> Found:
        """Return what `work` returns, in a thread. Raises what it raises; Failed after its budget."""
        async with self._room:
            watch = Watch(budget)
            future = asyncio.get_running_loop().run_in_executor(self._threads, partial(work, watch))
            try:
                await _ended(future, budget, watch)
            except asyncio.CancelledError:
                watch.stop(Failed("cancelled"))
                raise
            finally:
                future.add_done_callback(_noticed)
            return future.result()


async def _ended(future: asyncio.Future[Found], budget: Budget, watch: Watch) -> None:
    if not (await asyncio.wait({future}, timeout=budget.seconds))[0]:
        watch.stop(Failed("budget", f"more than {budget.seconds:g} s"))
        if not (await asyncio.wait({future}, timeout=GRACE))[0]:
            raise Failed("budget", "the session was cut, and its thread has not noticed yet")


def _noticed(future: asyncio.Future[Found]) -> None:
    """Look at what a session ended with that nobody waits for any more."""
    if not future.cancelled():
        future.exception()
