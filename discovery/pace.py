"""Waiting for one's turn: to send, and for room among connections."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from weakref import WeakValueDictionary

from discovery.snmp.limits import Bucket
from wire.ranges import subnet_of

Room = Callable[[], AbstractAsyncContextManager[None]]
"""Returns what is held while a connection is open."""


async def turn(bucket: Bucket) -> None:
    """Wait until one more datagram or connection may leave, and take its token."""
    clock = asyncio.get_running_loop().time
    while not bucket.take(clock()):  # noqa: ASYNC110  tokens come with time, no event says so
        await asyncio.sleep(bucket.wait())


class Rooms:
    """Connections at once: in all, per subnet and per target."""

    def __init__(self, in_all: int, per_subnet: int, per_target: int) -> None:
        self._everything = asyncio.Semaphore(in_all)
        self._per_subnet, self._per_target = per_subnet, per_target
        self._subnets: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    def of(self, address: str) -> Room:
        """Return the room of one target."""
        key = subnet_of(address)
        subnet = self._subnets.get(key)
        if subnet is None:
            subnet = self._subnets[key] = asyncio.Semaphore(self._per_subnet)
        own = asyncio.Semaphore(self._per_target)

        @contextlib.asynccontextmanager
        async def room() -> AsyncIterator[None]:
            async with own, subnet, self._everything:
                yield

        return room
