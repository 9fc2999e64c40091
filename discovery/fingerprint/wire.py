"""One bounded conversation over TCP or TLS: so many octets, so many seconds, then it is over."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator

MAX_LINE = 16_384
BROKEN = (OSError, TimeoutError, EOFError, asyncio.LimitOverrunError, ValueError)
"""What a conversation can end with, ours and theirs: refused, reset, TLS refused, silent, cut short, nonsense."""


class Wire:
    """Both ends of a connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self._writer = reader, writer

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def line(self, most: int) -> bytes:
        """Return one line without its end. ValueError when it is longer than `most` octets, EOFError at the end."""
        line = await self.reader.readuntil(b"\n")
        if len(line) > most:
            raise ValueError("a line without end")
        return line.rstrip(b"\r\n")

    async def rest(self, most: int) -> bytes:
        """Return what comes until the end, `most` octets of it."""
        found = bytearray()
        while len(found) < most and (some := await self.reader.read(most - len(found))):
            found += some
        return bytes(found)

    @property
    def certificate(self) -> bytes | None:
        """The peer's certificate, DER."""
        secured = self._writer.get_extra_info("ssl_object")
        return secured.getpeercert(binary_form=True) if secured else None


@contextlib.asynccontextmanager
async def connected(address: str, port: int, seconds: float, tls: ssl.SSLContext | None = None) -> AsyncIterator[Wire]:
    """Connect, and end the conversation after `seconds` whatever happens. Raises one of `BROKEN`."""
    async with asyncio.timeout(seconds):
        reader, writer = await asyncio.open_connection(address, port, limit=MAX_LINE, ssl=tls)
        try:
            yield Wire(reader, writer)
        finally:
            writer.transport.abort()  # nobody waits for a polite goodbye
