"""Run by the test of requests with a key: each is asked by a process that dies at one point, then by one that lives.

    python -m tests.faults.asked MIGRATED FOLDER

Everything is imported once; who asks is a fork. Prints a line a point: it, status, whether it was replayed, accounts.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable, Coroutine, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2

from collector.api.once import REPLAYED
from collector.services.once import Errand
from collector.store.engine import open_store, sqlite_url
from tests.people import World, make_world

POINTS = ("begin", "committed", "keep")
"""After the key was written, after the commit, after the answer was kept: each is the last thing that happens."""


def dies_after(point: str) -> None:
    """Have this process end where `point` has been reached."""
    before: Callable[..., Any] = getattr(Errand, point)

    async def later(self: Errand, *words: Any) -> None:
        await before(self, *words)
        os.kill(os.getpid(), signal.SIGKILL)

    def at_once(self: Errand) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(Errand, point, later if asyncio.iscoroutinefunction(before) else at_once)


def forked(work: Callable[[], Coroutine[Any, Any, None]]) -> int:
    """Do `work` in a process of its own and return its exit code."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    try:
        asyncio.run(work())
    finally:
        os._exit(0)


def world_of(folder: Path) -> World:
    return make_world(open_store(sqlite_url(folder / "muster.db")), folder, None)


async def token_into(folder: Path) -> None:
    (folder / "token").write_text(await world_of(folder).token("system_admin"))


async def ask(folder: Path, name: str) -> httpx2.Response:
    headers = {"Idempotency-Key": name, "Authorization": f"Bearer {(folder / 'token').read_text()}"}
    async with world_of(folder).nobody() as client:
        return await client.post("/api/v1/accounts", json={"name": name, "roles": []}, headers=headers)


async def ask_and_die(folder: Path, point: str) -> None:
    dies_after(point)
    await ask(folder, point)


async def ask_and_say(folder: Path, point: str) -> None:
    answer = await ask(folder, point)
    with closing(sqlite3.connect(folder / "muster.db")) as database:
        said = "SELECT count(*) FROM audit WHERE action = 'account.create' AND object = ?"
        made = database.execute(said, (f"account/{point}",)).fetchone()[0]
    print(point, answer.status_code, answer.headers.get(REPLAYED, "anew"), made, flush=True)


def main(words: Sequence[str]) -> int:
    folder = Path(words[1])
    shutil.copy(words[0], folder / "muster.db")
    world_of(folder)  # what it reads and works out is done before the forks
    forked(lambda: token_into(folder))
    for point in POINTS:
        died = forked(lambda: ask_and_die(folder, point))  # noqa: B023  it is called before the next point
        assert died == -signal.SIGKILL, f"{point} was not reached"
        forked(lambda: ask_and_say(folder, point))  # noqa: B023
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
