"""The why-not ledger as people read it: where each target ended, and each subnet in numbers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.services.sweeps.standing import is_alive, is_identified
from collector.store import sweep_targets, sweeps
from collector.store.sweep_targets import Filter, LedgerRow, Tally
from wire.ranges import subnet_of


@dataclass(frozen=True, slots=True)
class Target:
    """One target. `stage`: the last it reached; `cause`: why not further, empty when all went well.

    `credential`: uid. `found`: class, type, vendor, model, serial, os, version, name, and signs: what answered.
    `at`: epoch ms.
    """

    address: str
    stage: str
    cause: str
    detail: str
    credential: str
    found: Mapping[str, Any]
    at: int
    took_ms: int


@dataclass(frozen=True, slots=True)
class Subnet:
    """A /24 (IPv6: /64) in numbers of targets; `failed` counts causes, silent addresses (`no_answer`) among them."""

    subnet: str
    targets: int = 0
    alive: int = 0
    identified: int = 0
    failed: Mapping[str, int] = field(default_factory=dict)


async def targets(
    connection: AsyncConnection, uid: str, cause: str | None = None, stage: str | None = None, after: str = "",
    limit: int = 100,
) -> list[Target]:  # fmt: skip
    """Return targets of a sweep in the order of their addresses, those behind the address `after`.

    `cause` "" asks for those without one.
    """
    row = await sweeps.find(connection, uid)
    if row is None:
        return []
    listed = await sweep_targets.listed(connection, row.id, Filter(cause, stage), after, limit)
    return [_opened(each) for each in listed]


async def coverage(connection: AsyncConnection, uid: str) -> list[Subnet]:
    """Return the subnets of a sweep, those with the most targets first."""
    row = await sweeps.find(connection, uid)
    return subnets(await sweep_targets.tallies(connection, row.id)) if row else []


def subnets(tallies: Iterable[Tally]) -> list[Subnet]:
    """Return the subnets the tallies come to, those with the most targets first."""
    found: dict[str, Subnet] = {}
    for each in tallies:
        name = subnet_of(each.group)
        found[name] = _added(found.get(name) or Subnet(name), each)
    return sorted(found.values(), key=lambda one: (-one.targets, one.subnet))


def _added(subnet: Subnet, tally: Tally) -> Subnet:
    failed = dict(subnet.failed)
    if tally.cause:
        failed[tally.cause] = failed.get(tally.cause, 0) + tally.count
    return Subnet(
        subnet.subnet,
        subnet.targets + tally.count,
        subnet.alive + tally.count * is_alive(tally.stage, tally.cause),
        subnet.identified + tally.count * is_identified(tally.stage, tally.cause),
        failed,
    )


def _opened(row: LedgerRow) -> Target:
    return Target(
        row.address, row.stage, row.cause, row.detail, row.credential, json.loads(row.found), row.at, row.took_ms
    )
