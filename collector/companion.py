"""Programs of ours beside the collector, each in a session of its own: Ctrl-C reaches us first, and we stop them."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path
from typing import Final

from collector.starting import CannotStart

STOP_S: Final = 5.0


async def start(
    module: str, *words: str, log: Path, takes: bool = False, tells: bool = False, bare: bool = False
) -> Process:  # fmt: skip
    """Start a module of ours as a program; raise `CannotStart`.

    What it says goes to the file `log`; what it says on standard output is ours to read when it `tells`. It `takes`
    what is written to its standard input. A `bare` one is told nothing of our surroundings, secrets least of all.
    """
    descriptor = _opened(log)
    try:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, *words, start_new_session=True, stderr=descriptor, env={} if bare else None,
            stdout=PIPE if tells else descriptor, stdin=PIPE if takes else DEVNULL,
        )  # fmt: skip
    except OSError as error:
        raise CannotStart(f"{module} cannot be started: {error}") from error
    finally:
        os.close(descriptor)


def _opened(log: Path) -> int:
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


async def stop(process: Process) -> None:
    """End a program, and return when it has ended."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(asyncio.shield(process.wait()), STOP_S)
    except TimeoutError:
        process.kill()
        await process.wait()
