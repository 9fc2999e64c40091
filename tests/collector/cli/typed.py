"""`muster …` as people type it, in this process, against a collector that answers over HTTP."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from structlog.testing import capture_logs
from typer.testing import CliRunner

from collector.cli import app, client
from collector.cli.client import CollectorUnreachable, Refused
from tests.listening import listening
from tests.people import World


@dataclass(frozen=True, slots=True)
class Said:
    """What a command said, and the code it ended with."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Awaitable[Said]]
"""Words, and what is typed to them as `typed`."""


@asynccontextmanager
async def served(world: World, data: Path, token: str, audit: str = "") -> AsyncIterator[Run]:
    """Serve `world` at a port of its own; yield what runs commands with these tokens."""
    async with listening(world.app) as port:
        client.write_local(data, f"http://127.0.0.1:{port}", token, audit)

        async def run(*words: str, typed: str = "") -> Said:
            return await asyncio.to_thread(_typed, [*words, "--data", str(data)], typed)

        logging.disable()  # what others set up writes where pytest has closed
        try:
            with capture_logs():  # the collector's own log would go where the command prints
                yield run
        finally:
            logging.disable(logging.NOTSET)


def _typed(words: list[str], typed: str) -> Said:
    """Run a command as its entry point does: what is refused is one line on standard error and its own code."""
    done = CliRunner().invoke(app, words, input=typed, prog_name="muster")
    if isinstance(done.exception, CollectorUnreachable | Refused):
        return Said(done.exception.exit_code, done.stdout, f"{done.stderr}muster: {done.exception}\n")
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Said(done.exit_code, done.stdout, done.stderr)
