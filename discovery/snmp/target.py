"""One address as the engine knows it: where it stands, how fast it answers, what of it is in flight."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace

from discovery.failures import Failed
from discovery.snmp.ber import Malformed
from discovery.snmp.limits import Lanes
from discovery.snmp.link import Link, Source
from discovery.snmp.peer import Peer


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, seconds: at `first`, then by round-trip times within `least` and `most`; `tries` in all."""

    first: float = 1.5
    least: float = 0.5
    most: float = 5.0
    tries: int = 3

    def doubled(self) -> Patience:
        """Return this, waiting twice as long."""
        return replace(self, first=2 * self.first, least=2 * self.least, most=2 * self.most)


class Target:
    """`garbled`: what was last received from it and could not be read; `peer`: its SNMPv3 engine; None: not known."""

    __slots__ = ("__weakref__", "_late", "_spread", "address", "answered", "garbled", "lanes", "link", "peer", "rtt")

    def __init__(self, address: Source, link: Link, lanes: Lanes) -> None:
        self.address, self.link, self.lanes = address, link, lanes
        self.rtt = self._spread = self._late = 0.0
        self.answered = False
        self.garbled: str | None = None
        self.peer: Peer | None = None

    def observe(self, rtt: float) -> None:
        """Learn from a round trip, seconds (RFC 6298 §2)."""
        if self.rtt:
            self._spread += (abs(self.rtt - rtt) - self._spread) / 4
            self.rtt += (rtt - self.rtt) / 8
        else:
            self.rtt, self._spread = rtt, rtt / 2
        self._late = self.rtt + 4 * self._spread

    def wait(self, patience: Patience) -> float:
        """Return how long to wait for its next answer, seconds."""
        if not self.rtt:
            return patience.first
        if self._late <= patience.least:
            return patience.least
        return min(patience.most, self._late)

    def silence(self) -> Failed:
        """Return what it means that no answer came in time."""
        if self.garbled is not None:
            return Malformed(self.garbled)
        return Failed("timeout" if self.answered else "no_answer")


def canonical(host: str) -> str:
    """Return an address as a socket spells it. ValueError when it is none."""
    return str(ipaddress.ip_address(host))


def subnet(host: str) -> tuple[int, int]:
    """Return the /24 or /64 of an address as (version, number). ValueError when it is no address."""
    address = ipaddress.ip_address(host)
    return address.version, int(address) >> (8 if address.version == 4 else 64)
