"""The why-not ledger: a row for each target of each sweep."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.engine import upsert
from collector.store.schema import sweep_target

_COUNTED = sweep_target.c


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """Where a target ended; `found` is JSON, `at` in epoch ms, `cause` empty when all went well."""

    address: str
    stage: str
    cause: str
    detail: str
    credential: str
    found: str
    at: int
    took_ms: int


@dataclass(frozen=True, slots=True)
class Tally:
    """How many targets of one group of addresses ended alike.

    `group`: what an IPv4 address begins with (`192.0.2.`), or a whole IPv6 address.
    """

    group: str
    stage: str
    cause: str
    count: int


_COLUMNS = [sweep_target.c[name] for name in LedgerRow.__slots__]
_FRESH = ("stage", "cause", "detail", "credential", "found", "at", "took_ms")


async def put(
    connection: AsyncConnection, sweep_id: int, rows: Sequence[LedgerRow], agent_id: int | None = None
) -> None:
    """Write rows as the probe `agent_id` says them; what a target's row said before is replaced."""
    if not rows:
        return
    replaced = upsert(connection, sweep_target, ("sweep_id", "address"), *_FRESH, "agent_id")
    # As many small statements: one with a thousand rows takes a third of a second to put together.
    its = {"sweep_id": sweep_id, "agent_id": agent_id}
    own = ({**its, "place": place(row.address), **asdict(row)} for row in rows)
    await connection.execute(replaced, list(own))


def place(address: str) -> str:
    """Return a text that sorts as the address does: by version, then by its number."""
    found = ipaddress.ip_address(address)
    return f"{found.version}{int(found):032x}"


async def ends_of(connection: AsyncConnection, sweep_id: int, addresses: Collection[str]) -> dict[str, tuple[str, str]]:
    """Return stage and cause of those of `addresses` that have a row."""
    here = (_COUNTED.sweep_id == sweep_id, _COUNTED.address.in_(addresses))
    rows = await connection.execute(select(_COUNTED.address, _COUNTED.stage, _COUNTED.cause).where(*here))
    return {row[0]: (row[1], row[2]) for row in rows}


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows of a ledger; None: of any."""

    cause: str | None = None
    stage: str | None = None


async def listed(connection: AsyncConnection, sweep_id: int, some: Filter, after: str, limit: int) -> list[LedgerRow]:
    """Return rows in the order of their addresses, those behind the address `after`; all where it is none."""
    statement = select(*_COLUMNS).where(_COUNTED.sweep_id == sweep_id, _COUNTED.place > place_after(after))
    if some.cause is not None:
        statement = statement.where(_COUNTED.cause == some.cause)
    if some.stage is not None:
        statement = statement.where(_COUNTED.stage == some.stage)
    return [LedgerRow(*row) for row in await connection.execute(statement.order_by(_COUNTED.place).limit(limit))]


def place_after(address: str) -> str:
    """Return the place behind which a list goes on, the beginning where this is no address."""
    try:
        return place(address)
    except ValueError:  # a cursor that somebody made up
        return ""


async def failed(connection: AsyncConnection, sweep_id: int, but: Collection[str]) -> list[str]:
    """Return the addresses that have a cause, other than those in `but`."""
    here = (_COUNTED.sweep_id == sweep_id, _COUNTED.cause.not_in(("", *but)))
    return list((await connection.execute(select(_COUNTED.address).where(*here))).scalars())


async def tallies(connection: AsyncConnection, sweep_id: int) -> list[Tally]:
    """Return the numbers of a ledger, counted where it lies: a /16 has 65 536 rows."""
    address = _COUNTED.address
    group = case((address.like("%:%"), address), else_=func.rtrim(address, "0123456789")).label("part")
    counted = select(group, _COUNTED.stage, _COUNTED.cause, func.count()).where(_COUNTED.sweep_id == sweep_id)
    rows = await connection.execute(counted.group_by("part", _COUNTED.stage, _COUNTED.cause))
    return [Tally(*row) for row in rows]
