"""The estate as Prometheus targets: hosts with an address, for the exporter that runs on them."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.browse import agents, cis
from collector.store.browse.highlights import addressed
from collector.store.browse.ref import CiRef

HOSTS = ("server", "pc")
STATES = ("active", "unreachable")


class InDoubt(Exception):
    """Whether there are targets is not known for sure; an empty list would make Prometheus forget them all."""


@dataclass(frozen=True, slots=True)
class Target:
    """One target: `address` as host:port, and what relabelling may use."""

    address: str
    ci: CiRef


async def targets(connection: AsyncConnection, classes: tuple[str, ...], port: int) -> tuple[Target, ...]:
    """Return every active host in production with an address; raise `InDoubt` rather than return none by accident."""
    hosts = await addressed(connection, classes or HOSTS, STATES, "production")
    found = tuple(Target(_joined(address, port), ci) for ci, address in hosts.items() if address)
    if not found and (hosts or await _is_filling(connection)):
        raise InDoubt("hosts are known, yet none with an address")
    return found


async def _is_filling(connection: AsyncConnection) -> bool:
    """Agents are enrolled and no CI has come of them yet."""
    return not await cis.by_class(connection) and bool(await agents.by_state(connection, 0))


def _joined(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ipaddress.ip_address(address).version == 6 else f"{address}:{port}"
