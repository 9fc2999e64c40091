"""What an address shows before any credential: by its SNMPv3 engine, SSH, TLS, HTTP, Redfish and UPS servers.

Nothing that is shown is believed further than as a hint, and as the pin a later visit is compared with.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, TypeVar

from discovery.fingerprint.http import Page, Redfish, page, redfish
from discovery.fingerprint.nut import nut
from discovery.fingerprint.ssh import Ssh, ssh
from discovery.fingerprint.tls import Certificate, anyone, tls
from discovery.fingerprint.wire import BROKEN
from discovery.pace import Room
from discovery.snmp.peer import Peer

PORTS: Final[Mapping[str, int]] = {"ssh": 22, "https": 443, "http": 80, "nut": 3493}
"""Service → TCP port. Printers' port 9100 is in no such list: some of them print what they are sent."""

Shown = TypeVar("Shown")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What was shown; None for what was not. `enterprise`, `mac` and `engine_id` are told by the SNMPv3 engine."""

    engine_id: str | None = None
    enterprise: int | None = None
    mac: str | None = None
    ssh: Ssh | None = None
    certificate: Certificate | None = None
    page: Page | None = None
    redfish: Redfish | None = None
    nut: str | None = None

    def shown(self) -> dict[str, Any]:
        """Return what was shown, as commands print it."""
        return {name: value for name, value in asdict(self).items() if value is not None}


async def fingerprint(
    address: str, peer: Peer | None, ports: Mapping[str, int], seconds: float, room: Room
) -> Fingerprint:
    """Look at one address, in the `room` it has for connections, each of `seconds`; what fails is not shown."""

    if not ports:
        return Fingerprint(**_engine(peer))

    async def shown(service: str, look: Callable[[int], Awaitable[Shown]]) -> Shown | None:
        if service not in ports:
            return None
        async with room():
            try:
                return await look(ports[service])
            except BROKEN:
                return None

    async def secured() -> tuple[Certificate | None, Page | None, Redfish | None]:
        """Ask further only who has shown a certificate."""
        found = await shown("https", lambda port: tls(address, port, seconds))
        if found is None:
            return None, None, None
        return found, *await asyncio.gather(
            shown("https", lambda port: page(address, port, seconds, anyone())),
            shown("https", lambda port: redfish(address, port, seconds, anyone())),
        )

    greeting, plain, ups, (certificate, secure, root) = await asyncio.gather(
        shown("ssh", lambda port: ssh(address, port, seconds)),
        shown("http", lambda port: page(address, port, seconds)),
        shown("nut", lambda port: nut(address, port, seconds)),
        secured(),
    )
    return Fingerprint(
        **_engine(peer), ssh=greeting, certificate=certificate, page=secure or plain, redfish=root, nut=ups
    )


def _engine(peer: Peer | None) -> dict[str, Any]:
    if peer is None:
        return {}
    return {"engine_id": peer.engine_id.hex(), "enterprise": peer.enterprise, "mac": peer.mac}


__all__ = ["PORTS", "Fingerprint", "fingerprint"]
