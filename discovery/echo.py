"""ICMP echo to many addresses through one socket (RFC 792, RFC 4443), as fast as the pace allows.

Only an answer with the token of its own question counts: 64 random bits say to whom it was sent and when.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import secrets
import socket
import struct
from collections.abc import Callable, Sequence
from typing import Final

from discovery.pace import turn
from discovery.snmp.limits import Bucket
from discovery.snmp.probe import Taps

REQUEST, REPLY = {4: 8, 6: 128}, {4: 0, 6: 129}
TOKEN: Final = 8
LARGEST: Final = 2048
TURN_EVERY: Final = 64
DRAIN_AT_ONCE: Final = 512
BUFFER_BYTES: Final = 4 << 20
_ICMP_FILTER: Final = 1
_SOL_RAW: Final = 255


def opened(version: int) -> socket.socket | None:
    """Return a socket for echoes; None where this process may have none."""
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    protocol = socket.IPPROTO_ICMP if version == 4 else socket.IPPROTO_ICMPV6
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        with contextlib.suppress(OSError):
            found = socket.socket(family, kind, protocol)
            found.setblocking(False)
            found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
            if kind == socket.SOCK_RAW and version == 4:
                with contextlib.suppress(OSError):  # Linux: nothing but replies, else every ICMP message of this host
                    found.setsockopt(_SOL_RAW, _ICMP_FILTER, struct.pack("=I", ~(1 << REPLY[4]) & 0xFFFFFFFF))
            return found
    return None


async def echo(hosts: Sequence[str], found: Callable[[str], None], bucket: Bucket, taps: Taps) -> bool:
    """Ask every host and call `found` once for each that answers; False where no echo may be sent from here."""
    allowed = True
    for version in (4, 6):
        some = [host for host in hosts if (":" in host) == (version == 6)]
        if some:
            plain = opened(version)
            if plain is None:
                allowed = False
                continue
            with plain:
                await _Echoing(plain, version, found, bucket).run(some, taps)
    return allowed


class _Echoing:
    """One round of echoes over one socket."""

    def __init__(self, plain: socket.socket, version: int, found: Callable[[str], None], bucket: Bucket) -> None:
        self._socket, self._version, self._found, self._bucket = plain, version, found, bucket
        self._loop = asyncio.get_running_loop()
        self._key = secrets.token_bytes(16)
        self._silent: dict[str, float] = {}
        self._slowest = 0.0

    async def run(self, hosts: Sequence[str], taps: Taps) -> None:
        self._silent = dict.fromkeys(hosts, 0.0)
        self._loop.add_reader(self._socket, self._drain)
        try:
            for _ in range(taps.count):
                await self._tap(taps)
        finally:
            self._loop.remove_reader(self._socket)

    async def _tap(self, taps: Taps) -> None:
        for count, host in enumerate(list(self._silent), start=1):
            await turn(self._bucket)
            self._bucket.spent(host)
            self._silent[host] = self._loop.time()
            with contextlib.suppress(OSError):  # no way there is as silent as nobody there
                self._socket.sendto(self._request(host, count), (host, 0))
            if count % TURN_EVERY == 0:
                await asyncio.sleep(0)
        sent_at = self._loop.time()
        while (  # noqa: ASYNC110  how long to wait changes with every answer
            self._silent and self._loop.time() < sent_at + self._patience(taps)
        ):
            await asyncio.sleep(taps.least / 5)

    def _patience(self, taps: Taps) -> float:
        return min(taps.first, max(taps.least, 4 * self._slowest)) if self._slowest else taps.first

    def _request(self, host: str, count: int) -> bytes:
        body = struct.pack("!HH", int.from_bytes(self._key[:2], "big"), count & 0xFFFF) + self._token(host)
        kind = REQUEST[self._version]
        summed = checksum(bytes((kind, 0, 0, 0)) + body) if self._version == 4 else 0  # the kernel sums ICMPv6 itself
        return struct.pack("!BBH", kind, 0, summed) + body

    def _token(self, host: str) -> bytes:
        return hmac.digest(self._key, host.encode(), "sha256")[:TOKEN]

    def _drain(self) -> None:
        for _ in range(DRAIN_AT_ONCE):
            try:
                data, source = self._socket.recvfrom(LARGEST)
            except BlockingIOError:
                return
            except OSError:
                continue
            self._receive(data, source[0])

    def _receive(self, data: bytes, host: str) -> None:
        """Take a message: a raw IPv4 socket gives it with its IP header."""
        if self._version == 4 and data[:1] and data[0] >> 4 == 4 and self._socket.type == socket.SOCK_RAW:
            data = data[(data[0] & 15) * 4 :]
        if host not in self._silent or data[:1] != bytes((REPLY[self._version],)):
            return
        if not hmac.compare_digest(data[8 : 8 + TOKEN], self._token(host)):
            return
        self._slowest = max(self._slowest, self._loop.time() - self._silent.pop(host))
        self._found(host)


def checksum(data: bytes) -> int:
    """Return the Internet checksum (RFC 1071) of an even number of octets."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
