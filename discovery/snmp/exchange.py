"""Datagrams out and in: one socket per address family, and who waits under which number.

What has a number nobody waits under, or cannot be read, is counted and dropped here.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from discovery.snmp.ber import Malformed
from discovery.snmp.link import Link, Source
from discovery.snmp.message import LEAST_NUMBER, MOST_NUMBER, Envelope, envelope


class Expected(Protocol):
    """What waits under a number."""

    def receive(self, data: bytes, opened: Envelope, source: Source) -> None: ...


@dataclass(slots=True)
class Counts:
    """Datagrams since the start.

    `unexpected`: nobody waits under that number, or no longer; `foreign`: not from whom was asked; `malformed`:
    unreadable; `unauthentic`: it proves nothing (USM). `timeouts`: sendings that stayed without an answer.
    """

    received: int = 0
    unexpected: int = 0
    foreign: int = 0
    malformed: int = 0
    unauthentic: int = 0
    timeouts: int = 0


class Exchange:
    """Lives in the running loop until `close`. `garbled` is told where something unreadable came from, and why.

    `pending`: number → who waits under it.
    """

    def __init__(self, garbled: Callable[[Source, str], None]) -> None:
        self.counts = Counts()
        self.pending: dict[int, Expected] = {}
        self._garbled = garbled
        self._links: dict[int, Link] = {}
        self._numbers = _numbers()

    def expect(self, waiting: Expected) -> int:
        """Return an unpredictable number that is free, under which `waiting` now waits."""
        number = next(self._numbers)
        while number in self.pending:
            number = next(self._numbers)
        self.pending[number] = waiting
        return number

    def link(self, host: str) -> Link:
        """Return the way to an IPv4 or IPv6 address."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        if family not in self._links:
            self._links[family] = Link(family, self._receive)
        return self._links[family]

    @property
    def sent(self) -> int:
        """Datagrams sent since the start."""
        return sum(link.sent for link in self._links.values())

    def _receive(self, data: bytes, source: Source) -> None:
        self.counts.received += 1
        try:
            opened = envelope(data)
        except Malformed as error:
            self.counts.malformed += 1
            self._garbled(source, error.detail)
            return
        waiting = self.pending.get(opened.number)
        if waiting is None:
            self.counts.unexpected += 1
        else:
            waiting.receive(data, opened, source)

    def drain(self) -> None:
        """Read what has arrived without waiting for the loop."""
        for link in self._links.values():
            link.drain()

    @property
    def clogged(self) -> bool:
        """Whether datagrams wait for the kernel to have room."""
        return any(link.clogged for link in self._links.values())

    def close(self) -> None:
        for link in self._links.values():
            link.close()


def _numbers() -> Iterator[int]:
    """Yield random numbers of four octets, from the system's generator in blocks."""
    while True:
        for number in struct.unpack("1024I", os.urandom(4096)):
            yield number & MOST_NUMBER | LEAST_NUMBER
