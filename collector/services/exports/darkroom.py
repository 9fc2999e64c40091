"""Photos made small in a process of its own, which may be lost over one of them without anything else being lost."""

from __future__ import annotations

import asyncio
import os
from asyncio.subprocess import Process
from pathlib import Path
from typing import Final, Self

from collector import companion, thumbnail
from collector.starting import CannotStart
from collector.thumbnail import HEAD, MAX_BYTES, BadPicture

PHOTO_S: Final = 30.0
"""How long one photo may take; a large one takes a second."""
MAX_LOST: Final = 3
"""Processes that may be lost over the photos of one report; then no other is tried."""
JPEG: Final = b"\xff\xd8\xff"
AT_ONCE: Final = asyncio.Semaphore(2)
"""So many reports have their photos made small at a time; the others wait."""


class Darkroom:
    """Makes photos small by a program of ours, one after the other; it begins with the first and ends with the room."""

    def __init__(self, program: str = thumbnail.__name__, photo_s: float = PHOTO_S) -> None:
        self.photo_s = photo_s
        self._program = program
        self._process: Process | None = None
        self._lost = 0

    async def __aenter__(self) -> Self:
        await AT_ONCE.acquire()
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self._end()
        finally:
            AT_ONCE.release()

    async def small(self, photo: bytes) -> bytes:
        """Return a photo as `thumbnail` makes it; raise `BadPicture`."""
        if self._lost == MAX_LOST:
            raise BadPicture("too many photos before this one could not be read")
        try:
            async with asyncio.timeout(self.photo_s):
                made = await self._asked(photo)
        except (OSError, EOFError, CannotStart) as error:  # it took too long, or its process is gone
            await self._end()
            self._lost += 1
            raise BadPicture("this photo cannot be read") from error
        if not made:
            raise BadPicture("this photo cannot be read")
        return made

    async def _asked(self, photo: bytes) -> bytes:
        process = self._process = self._process or await companion.start(
            self._program, log=Path(os.devnull), takes=True, tells=True, bare=True
        )
        assert process.stdin
        assert process.stdout
        process.stdin.write(len(photo).to_bytes(HEAD) + photo)
        await process.stdin.drain()
        size = int.from_bytes(await process.stdout.readexactly(HEAD))
        made = await process.stdout.readexactly(min(size, MAX_BYTES))
        if size > MAX_BYTES or (made and not made.startswith(JPEG)):
            raise OSError("this is no answer of ours")  # a photo has got hold of it
        return made

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            if process.returncode is None:
                process.kill()  # it holds nothing that wants an orderly end
            await process.wait()
