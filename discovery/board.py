"""A board on which the sweeps of one probe, each a process of its own, see of each other what both go by.

One writes how much it sends to which subnet, the other who has answered it just now. Each number has one writer and is
written at once, so there is nothing to lock; whoever reads a number a moment late is late by as much. Its size is
fixed. Subnets and addresses that fall on the same place are taken for one: then a sweep gives way to more than it has
to, or an address is asked that need not be.
"""

from __future__ import annotations

import mmap
import os
import socket
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final
from zlib import crc32

from wire.ranges import subnet_of

SUBNETS: Final = 4_096
ADDRESSES: Final = 65_536
MANY: Final = SUBNETS // 2
"""So many places are as good as all of them."""
BYTES: Final = 8 * (SUBNETS + ADDRESSES)
_SECONDS: Final = 0xFFFFFFFF


class Board:
    """The file `path`, which is made when it is not there. OSError when it cannot be."""

    def __init__(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if os.fstat(descriptor).st_size < BYTES:
                os.ftruncate(descriptor, BYTES)
            self._memory = mmap.mmap(descriptor, BYTES)
        finally:
            os.close(descriptor)
        self._numbers = memoryview(self._memory).cast("Q")

    def close(self) -> None:
        self._numbers.release()
        self._memory.close()

    # --- what is sent

    def sends(self, address: str) -> None:
        """Count something that leaves for an address."""
        self._numbers[_place(subnet_of(address))] += 1

    def sent(self, places: Collection[int]) -> int:
        """Return what has left for subnets at these places, ever."""
        numbers = self._numbers
        return sum(numbers[place] for place in places) if len(places) < MANY else sum(numbers[:SUBNETS])

    # --- who answers

    def answers(self, address: str, at: float) -> None:
        """Write down that an address has answered at `at` (seconds since 1970)."""
        mark = _mark(address)
        self._numbers[SUBNETS + mark % ADDRESSES] = mark << 32 | int(at) & _SECONDS

    def answered(self, address: str) -> float:
        """Return when an address answered last (seconds since 1970), 0 when that is not known."""
        mark = _mark(address)
        found = self._numbers[SUBNETS + mark % ADDRESSES]
        return float(found & _SECONDS) if found >> 32 == mark else 0.0


def places(subnets: Iterable[str]) -> frozenset[int]:
    """Return where subnets, as `wire.ranges.subnet_of` names them, stand on a board."""
    return frozenset(map(_place, subnets))


def _place(subnet: str) -> int:
    return crc32(subnet.encode()) % SUBNETS


def _mark(address: str) -> int:
    """Return a number of 32 bits that no two IPv4 addresses share."""
    return crc32(socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address))
