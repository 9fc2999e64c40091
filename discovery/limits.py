"""What a sweep may cost, and how far it goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from discovery.fingerprint import PORTS
from discovery.snmp import Budget, Patience, Taps
from discovery.snmp import Limits as Traffic

Until = Literal["alive", "identify", "explore"]

LEAST_BATCH: Final = 1024
MOST_BATCH: Final = 32_768
BATCH_S: Final = 4.0
"""Addresses asked at once for a sign of life: as many as leave in this time, within these."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a sweep may cost.

    `rate`: datagrams and connections a second, None for no limit. `in_flight`, `per_subnet`, `per_target`: SNMP
    requests on their way in all, per /24 (IPv6: /64) and per target. `connections`: TCP connections at once in all,
    `per_target` of them to one. `targets`: worked on at once in all, `per_subnet` of them in one subnet. `timeout`:
    seconds until a first answer is given up. `seconds` and `explore_seconds`: wall clock of one target. `communities`,
    `users`: tried on one target at most.
    """

    rate: float | None = None
    in_flight: int = 1000
    per_subnet: int = 64
    per_target: int = 2
    connections: int = 400
    targets: int = 1000
    timeout: float = 1.5
    seconds: float = 60.0
    explore_seconds: float = 180.0
    communities: int = 3
    users: int = 3

    @property
    def batch(self) -> int:
        return MOST_BATCH if self.rate is None else min(MOST_BATCH, max(LEAST_BATCH, int(self.rate * BATCH_S)))

    @property
    def traffic(self) -> Traffic:
        return Traffic(self.in_flight, self.per_subnet, self.per_target, self.rate)

    @property
    def patience(self) -> Patience:
        return Patience(first=self.timeout, least=min(0.5, self.timeout))

    @property
    def taps(self) -> Taps:
        return Taps(first=self.timeout, least=min(0.25, self.timeout))

    @property
    def budget(self) -> Budget:
        return Budget(seconds=self.seconds)


KNOCK: Final = (22, 443)


@dataclass(frozen=True, slots=True)
class Profile:
    """What is asked. `port`: SNMP's. `services`: TCP ports by service. `knock`: ports asked of who else stays silent.

    `loopback`: whether ICMP and TCP count on loopback addresses. Without it they do not: this host's kernel answers
    for all of 127.0.0.0/8, whoever stands there. `spelled`: services whose port somebody spelled out; these are asked
    on loopback, too, once SNMP has shown that a device is there.
    """

    until: Until = "identify"
    port: int = 161
    services: Mapping[str, int] = field(default_factory=lambda: PORTS)
    knock: tuple[int, ...] = KNOCK
    loopback: bool = False
    spelled: frozenset[str] = frozenset()

    def is_deaf(self, address: str) -> bool:
        """Return whether only SNMP counts at an address."""
        return not self.loopback and on_loopback(address)

    def services_at(self, address: str) -> Mapping[str, int]:
        """Return the services an address is asked for."""
        if not self.is_deaf(address):
            return self.services
        return {name: port for name, port in self.services.items() if name in self.spelled}


def profile_of(until: Until, port: int, ports: Mapping[str, int]) -> Profile:
    """Return a profile with services (`wire.sweep.SERVICES`) that are on other `ports` than usual."""
    named = {"https" if service == "redfish" else service: number for service, number in ports.items()}
    knock = tuple(dict.fromkeys((*KNOCK, *named.values())))
    return Profile(until, port, {**PORTS, **named}, knock, spelled=frozenset(named))


def on_loopback(address: str) -> bool:
    return address.startswith("127.") or address == "::1"
