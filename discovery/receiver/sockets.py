"""The sockets of a receiver: datagrams for traps, datagrams and streams for syslog (RFC 5426, RFC 6587)."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Final

from discovery.receiver.framing import BadFrame, Framing
from discovery.receiver.hearing import Hearing, plain
from discovery.receiver.listening import Listening, Place
from discovery.snmp.link import Link, Receive, Source

MOST_STREAMS: Final = 256
MOST_STREAMS_OF_ONE: Final = 8
IDLE_S: Final = 900.0
"""A stream that says nothing for so long is closed: its device opens another when it has something to say."""
CHUNK: Final = 65_536


class CannotListen(OSError):
    """An address and port that cannot be had; the message names them."""


class Sockets:
    """What is open for one receiver."""

    def __init__(self, hearing: Hearing) -> None:
        self._hearing = hearing
        self._links: list[Link] = []
        self._streams = Counter[str]()
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    def lost(self) -> int:
        """Return how many datagrams the kernel had no room for."""
        return sum(link.lost() for link in self._links)

    def listen_for_traps(self, place: Place) -> None:
        link = self._link(place, lambda data, source: self._answer(link, data, source))

    def _answer(self, link: Link, data: bytes, source: Source) -> None:
        if answer := self._hearing.datagram(data, plain(source[0])):
            with contextlib.suppress(OSError):  # there is no way back: it will send again
                link.send(answer, source)

    def listen_for_lines(self, place: Place) -> None:
        self._link(place, lambda data, source: self._hearing.line(data, plain(source[0])))

    def _link(self, place: Place, receive: Receive) -> Link:
        link = Link(socket.AF_INET6 if ":" in place[0] else socket.AF_INET, receive, place)
        self._links.append(link)
        return link

    async def stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read lines from one connection until it ends, idles, or sends what nobody can cut into lines."""
        address = plain(writer.get_extra_info("peername")[0])
        counts = self._hearing.counts
        if not self._has_room(address):
            counts["streams_refused"] += 1
            writer.close()
            return
        self._streams[address] += 1
        task = asyncio.current_task()
        assert task
        self._open[task] = writer
        framing = Framing()
        try:
            await self._lines(reader, framing, address)
        except BadFrame:
            counts["malformed"] += 1
        except OSError:  # TimeoutError too: it is gone, or has nothing to say
            pass
        finally:
            counts["cut"] += framing.cut
            self._streams -= Counter([address])
            del self._open[task]
            writer.close()

    def _has_room(self, address: str) -> bool:
        if not self._hearing.is_expected(address):
            self._hearing.counts["unexpected_address"] += 1
            return False
        return self._streams.total() < MOST_STREAMS and self._streams[address] < MOST_STREAMS_OF_ONE

    async def _lines(self, reader: asyncio.StreamReader, framing: Framing, address: str) -> None:
        while True:
            async with asyncio.timeout(IDLE_S):
                data = await reader.read(CHUNK)
            for line in framing.feed(data) if data else framing.rest():
                self._hearing.line(line, address)
            if not data:
                return

    async def close(self) -> None:
        """Close everything, and return when nothing is being read any more."""
        for link in self._links:
            link.close()
        for writer in self._open.values():
            writer.transport.abort()
        if self._open:
            await asyncio.wait(self._open)


@asynccontextmanager
async def opened(listening: Listening, hearing: Hearing) -> AsyncIterator[Sockets]:
    """Listen for as long as the block lasts; raise `CannotListen` before it."""
    sockets = Sockets(hearing)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(sockets.close)
        if listening.traps:
            with _named(listening.traps):
                sockets.listen_for_traps(listening.traps)
        if listening.syslog:
            with _named(listening.syslog):
                sockets.listen_for_lines(listening.syslog)
                server = await asyncio.start_server(sockets.stream, *listening.syslog, limit=CHUNK)
            stack.callback(server.close)
        yield sockets


@contextlib.contextmanager
def _named(place: Place) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotListen(f"{place[0]} port {place[1]} cannot be had: {error.strerror or error}") from error
