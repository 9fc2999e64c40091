"""A receiver as a process of its own, for tests: frames out, one task in; and programs that speak to it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from tests.conftest import free_port
from tests.discovery.receiver.listening import said
from wire.sections import SECTIONS, check

WITHIN_S = 60


@dataclass
class Process:
    """A running receiver, and what it has said."""

    popen: asyncio.subprocess.Process
    traps: int
    syslog: int
    heads: list[dict[str, Any]] = field(default_factory=list)

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [row for head in self.heads for section in head.get("sections", ()) for row in section["rows"]]

    @property
    def counts(self) -> dict[str, int]:
        return next((head["counts"] for head in reversed(self.heads) if "counts" in head), {})

    async def read(self) -> bool:
        """Take in the next frame; return False when there is none."""
        assert self.popen.stdout
        line = await asyncio.wait_for(self.popen.stdout.readline(), WITHIN_S)
        if not line:
            return False
        head = json.loads(line)
        body = await self.popen.stdout.readexactly(head["bytes"])
        for section in head.get("sections", ()):
            section["rows"] = check(SECTIONS["events"], json.loads(body))
        self.heads.append(head)
        return True

    async def until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            assert await self.read(), f"it ended: {self.heads[-1]}"

    async def end(self) -> None:
        assert self.popen.stdin
        self.popen.stdin.write(b"end\n")
        while await self.read():
            pass


@contextlib.asynccontextmanager
async def started(place: str = "127.0.0.1", **other: Any) -> AsyncIterator[Process]:
    traps, syslog = free_port(), free_port()
    popen = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "discovery.receiver", stdin=subprocess.PIPE, stdout=subprocess.PIPE, limit=1 << 24
    )
    assert popen.stdin
    popen.stdin.write(json.dumps(said(traps=[place, traps], syslog=[place, syslog], **other)).encode() + b"\n")
    process = Process(popen, traps, syslog)
    try:
        await process.until(lambda: bool(process.heads))
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            popen.kill()
        await popen.communicate()


async def run(*words: object) -> int:
    """Run a program of the system; return its exit code."""
    environment = {"PATH": "/usr/bin:/bin", "MIBS": "", "SNMP_PERSISTENT_DIR": "/nonexistent"}
    popen = await asyncio.create_subprocess_exec(*map(str, words), env=environment, stderr=subprocess.DEVNULL)
    return await asyncio.wait_for(popen.wait(), WITHIN_S)
