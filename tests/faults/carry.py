"""Run by the kill test: couriers in processes of their own, each killed at a random moment, the last one let finish.

    python -m tests.faults.carry MIGRATED DATABASE URL KILLS INCIDENTS

Everything is imported once; each courier is a fork. What is to be carried is written between the kills.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

from collector.store import outbox
from collector.store.engine import Store, open_store, sqlite_url
from tests.faults.histories import BEGAN, Histories, message
from tests.faults.test_outbox import CHANNELS, courier_to, lines, waits

FASTER = 200
"""A lease of 30 s ends after 0.15 s."""


def clock() -> int:
    return BEGAN + int((time.time() - STARTED) * 1000 * FASTER)


STARTED = time.time()


def forked(work: Coroutine[Any, Any, None]) -> int:
    pid = os.fork()
    if pid:
        work.close()
        return pid
    code = 70
    try:
        asyncio.run(work)
        code = 0
    finally:
        os._exit(code)


async def carry(file: Path, url: str, seed: int) -> None:
    """Carry until nothing waits."""
    store = open_store(sqlite_url(file))
    courier = courier_to(store, lines(url), clock, random.Random(seed))
    while await waits(store):
        if not await courier.step():
            await asyncio.sleep(0.01)


async def write(file: Path, histories: Histories, some: Sequence[tuple[str, int]]) -> None:
    store: Store = open_store(sqlite_url(file))
    async with store.write() as tx:
        told = [message(number, place, histories.events[number][place], name) for number, place in some
                for name in CHANNELS]  # fmt: skip
        await outbox.write(tx, told, clock())
    await store.close()


def main(words: Sequence[str]) -> int:
    migrated, file, url = Path(words[0]), Path(words[1]), words[2]
    kills, incidents = int(words[3]), int(words[4])
    shutil.copy(migrated, file)
    histories, chance, died = Histories(7, incidents), random.Random(7), 0
    todo = histories.written()
    part = len(todo) // kills + 1
    for number in range(kills):
        asyncio.run(write(file, histories, todo[number * part : (number + 1) * part]))
        pid = forked(carry(file, url, number))
        time.sleep(0.05 + chance.random() * 0.25)
        os.kill(pid, signal.SIGKILL)
        died += os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    asyncio.run(write(file, histories, todo[kills * part :]))
    last = forked(carry(file, url, kills))
    code = os.waitstatus_to_exitcode(os.waitpid(last, 0)[1])
    print(f"{died} of {kills} couriers killed, {len(todo)} events to {len(CHANNELS)} channels")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
