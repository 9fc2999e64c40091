"""TCP connects to many addresses: open or refused, somebody is there."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from discovery.pace import turn
from discovery.snmp.limits import Bucket


async def knock(
    hosts: Sequence[str], ports: Sequence[int], found: Callable[[str, int, bool], None], pace: Pace, seconds: float
) -> None:  # fmt: skip
    """Connect to every port of every host, and call `found(host, port, open)` for each that answers."""
    doors = ((host, port) for host in hosts for port in ports)

    async def knocking() -> None:
        for host, port in doors:
            await turn(pace.bucket)
            pace.bucket.spent(host)
            answer = await _connect(host, port, seconds)
            if answer is not None:
                found(host, port, answer)

    async with asyncio.TaskGroup() as group:
        for _ in range(min(pace.at_once, len(hosts) * len(ports))):
            group.create_task(knocking())


@dataclass(frozen=True, slots=True)
class Pace:
    """How many connections at once, and what says how many a second."""

    at_once: int
    bucket: Bucket


async def _connect(host: str, port: int, seconds: float) -> bool | None:
    """Return True when the port is open, False when it is refused, None when nobody says anything."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as plain:
        plain.setblocking(False)
        try:
            async with asyncio.timeout(seconds):
                await asyncio.get_running_loop().sock_connect(plain, (host, port))
        except ConnectionRefusedError:
            return False
        except OSError:
            return None
        return True
