"""How a process that an agent started speaks with it: frames on standard output, orders on standard input."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, BinaryIO, Final

NICE: Final = 10

Serve = Callable[[asyncio.StreamReader, "Voice"], Awaitable[int]]
"""Reads orders, says what there is to say, returns the exit code."""


def frame(head: Mapping[str, Any], body: bytes = b"") -> bytes:
    """Return a frame: one line of JSON, whose field `bytes` says how many follow it, and these."""
    return json.dumps({**head, "bytes": len(body)}).encode() + b"\n" + body


class Voice:
    """Standard output, written in a thread: an agent that does not listen holds the work back, not its clock."""

    def __init__(self, out: BinaryIO) -> None:
        self._out, self._turn = out, asyncio.Lock()

    async def say(self, *said: bytes) -> None:
        """Return when it is written; raise OSError when nobody listens any more."""
        async with self._turn:
            await asyncio.to_thread(self._write, b"".join(said))

    def _write(self, data: bytes) -> None:
        self._out.write(data)
        self._out.flush()


def run(serve: Serve, most_order: int) -> int:
    """Serve the agent that started this process and return the exit code; an order has at most so many bytes."""
    os.nice(NICE)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library may print must not disturb the frames
    code = 1
    with contextlib.suppress(OSError):  # nobody listens any more
        code = asyncio.run(_main(serve, out, most_order))
    return code


async def _main(serve: Serve, out: BinaryIO, most_order: int) -> int:
    orders = asyncio.StreamReader(most_order)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    return await serve(orders, Voice(out))
