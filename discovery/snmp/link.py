"""One UDP socket of one address family: sends without blocking, and drains whatever arrived in one go."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections import deque
from collections.abc import Callable

Source = tuple[str, int]
"""Where a datagram came from: address and port."""

BUFFER_BYTES = 8 << 20
"""Asked of the kernel in each direction: a burst of answers must fit while the loop does something else."""

DRAIN_AT_ONCE = 512
"""Datagrams read before the loop gets its turn."""

LARGEST = 65_535

Receive = Callable[[bytes, Source], None]


class Link:
    """Calls `receive(datagram, source)` for every datagram; `sent` counts those that left.

    It is bound to `place`; port 0 is any that is free.
    """

    def __init__(self, family: int, receive: Receive, place: Source = ("", 0)) -> None:
        self._loop = asyncio.get_running_loop()
        self._receive = receive
        self.sent = 0
        self._backlog: deque[tuple[bytes, Source]] = deque()
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        _enlarge(self._socket, BUFFER_BYTES)
        try:
            self._socket.bind(place)
        except OSError:
            self._socket.close()
            raise
        self._loop.add_reader(self._socket, self.drain)

    def send(self, datagram: bytes, target: Source) -> None:
        """Send, or keep in order what the kernel has no room for yet. OSError when there is no way there."""
        self.sent += 1
        if self._backlog:
            self._backlog.append((datagram, target))
            return
        try:
            self._socket.sendto(datagram, target)
        except BlockingIOError:
            self._backlog.append((datagram, target))
            self._loop.add_writer(self._socket, self._flush)

    def _flush(self) -> None:
        while self._backlog:
            try:
                self._socket.sendto(*self._backlog[0])
            except BlockingIOError:
                return
            except OSError:
                pass  # its request runs into its time-out
            self._backlog.popleft()
        self._loop.remove_writer(self._socket)

    @property
    def clogged(self) -> bool:
        """Whether something waits for the kernel to have room."""
        return bool(self._backlog)

    def drain(self) -> None:
        """Read until nothing is left, or it is the loop's turn."""
        read, receive = self._socket.recvfrom, self._receive
        for _ in range(DRAIN_AT_ONCE):
            try:
                datagram, source = read(LARGEST)
            except BlockingIOError:
                return
            except OSError:
                continue  # an ICMP error that belongs to some earlier datagram
            receive(datagram, source[:2])

    @property
    def port(self) -> int:
        port: int = self._socket.getsockname()[1]
        return port

    def lost(self) -> int:
        """Return how many datagrams the kernel had no room for; 0 where it does not tell."""
        try:
            told = self._socket.getsockopt(socket.SOL_SOCKET, _MEMINFO, 4 * (_DROPS + 1))
            return int(struct.unpack_from("I", told, 4 * _DROPS)[0])
        except (OSError, struct.error):
            return 0

    def close(self) -> None:
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._socket.close()


def _enlarge(plain: socket.socket, size: int) -> None:
    """Ask for `size` beyond the system's limit, which root may, else as much as that limit allows."""
    for forced, usual in ((_SNDBUFFORCE, socket.SO_SNDBUF), (_RCVBUFFORCE, socket.SO_RCVBUF)):
        plain.setsockopt(socket.SOL_SOCKET, usual, size)
        with contextlib.suppress(OSError):
            plain.setsockopt(socket.SOL_SOCKET, forced, size)


_MEMINFO, _DROPS = 55, 8
"""SO_MEMINFO of Linux, and which of its numbers counts what was dropped (SK_MEMINFO_DROPS)."""
_SNDBUFFORCE, _RCVBUFFORCE = 32, 33
"""SO_SNDBUFFORCE and SO_RCVBUFFORCE of Linux, which Python does not name; elsewhere they are refused."""
