"""A lab as a whole: its devices, and the doors that are open while it runs."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from types import TracebackType
from typing import Final

from discovery.lab.control import Control
from discovery.lab.device import Device
from discovery.lab.estate import Estate
from discovery.lab.recorded import tree_of
from discovery.lab.responder import Responder
from discovery.lab.tree import Tree
from discovery.snmp.credential import User

FIRST: Final = "127.64.0.1"


@dataclass(frozen=True, slots=True)
class Doors:
    """`port`: of SNMP, 0 for any that is free. `communities`: those that read, None for any. `users`: of SNMPv3.

    `login`: user and password of SSH on `ssh_port`; without one there is no SSH. `control`: a Unix socket for commands.
    """

    port: int = 0
    communities: frozenset[str] | None = None
    users: tuple[User, ...] = ()
    login: tuple[str, str] | None = None
    ssh_port: int = 0
    control: Path | None = None


class Lab:
    """Devices that answer as long as the lab is open. `port` and `ssh_port` are where, once it is."""

    def __init__(self, devices: Iterable[Device], doors: Doors | None = None) -> None:
        self.devices = {device.address: device for device in devices}
        self.doors = doors or Doors()
        self.port = self.ssh_port = 0
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Lab:
        """Open the doors. Raises OSError where one cannot be."""
        try:
            await self._enter()
        except BaseException:
            await self._open.aclose()
            raise
        return self

    async def _enter(self) -> None:
        doors = self.doors
        responder = Responder(self.devices, doors.communities, doors.users)
        self.port = responder.open(doors.port)
        self._open.callback(responder.close)
        if doors.login:
            from discovery.lab.ssh import Logins  # paramiko is slow to load, and most labs have no SSH

            logins = Logins(self.devices, doors.login)
            self.ssh_port = logins.open(doors.ssh_port)
            self._open.push_async_callback(logins.close)
        if doors.control:
            control = Control(self.devices)
            await control.open(doors.control)
            self._open.push_async_callback(control.close)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()


# --- devices of a lab


def addresses(first: str = FIRST) -> Iterator[str]:
    """Yield addresses of 127.0.0.0/8 from `first` on, none that ends in 0 or 255. ValueError when they do not do."""
    start = int(ipaddress.IPv4Address(first))
    for number in count(start):
        if number >> 24 != 127:
            raise ValueError(f"{first} and what follows it in 127.0.0.0/8 are not enough addresses")
        if number & 0xFF not in (0, 255):
            yield str(ipaddress.IPv4Address(number))


def recorded(files: Sequence[Path], devices: int, first: str = FIRST) -> list[Device]:
    """Return devices that answer as recordings do, one after the other and from the beginning again.

    What is recorded once has one tree for all its devices, and each of them an engine identity of its own.
    """
    once: dict[Path, Callable[[], Tree]] = {file: _once(file) for file in files}
    found = []
    for at, address in enumerate(islice(addresses(first), devices)):
        file = files[at % len(files)]
        found.append(Device(address, file.name, once[file], own_engine=at >= len(files)))
    return found


def _once(file: Path) -> Callable[[], Tree]:
    kept: list[Tree] = []

    def load() -> Tree:
        if not kept:
            kept.append(tree_of(file))
        return kept[0]

    return load


def simulated(estate: Estate, first: str = FIRST) -> list[Device]:
    """Return the devices of an estate."""
    return [estate.device(name, address) for name, address in zip(estate.nodes, addresses(first), strict=False)]
