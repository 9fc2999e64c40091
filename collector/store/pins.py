"""Pins: who each address is known to be, and what it showed that is something else."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, delete, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store import interning
from collector.store.engine import upsert
from collector.store.schema import pin

PINNED, CHANGED, NEW = "pinned", "changed", "new"


@dataclass(frozen=True, slots=True)
class PinRow:
    """One key of one address. `value`: the trusted one, empty when nobody has said so yet; `pinned_by`: the account
    that did, empty for first use. `seen`: another one that was shown since. Times in epoch ms, 0: never.
    """

    zone: str
    address: str
    kind: str
    value: str = ""
    pinned_by: str = ""
    pinned_at: int = 0
    seen: str = ""
    seen_at: int = 0

    @property
    def state(self) -> str:
        if not self.value:
            return NEW
        return CHANGED if self.seen else PINNED


_COLUMNS = [pin.c[name] for name in PinRow.__slots__]
_KEY = ("zone", "address", "kind")
_STATES: dict[str, tuple[ColumnElement[bool], ...]] = {
    PINNED: (pin.c.value != "", pin.c.seen == ""), CHANGED: (pin.c.value != "", pin.c.seen != ""),
    NEW: (pin.c.value == "",),
}  # fmt: skip

Key = tuple[str, str, str]
"""Zone, address, kind."""


async def put(tx: AsyncConnection, rows: Sequence[PinRow]) -> None:
    """Write pins; what they said before is replaced."""
    if not rows:
        return
    fresh = (name for name in PinRow.__slots__ if name not in _KEY)
    await tx.execute(upsert(tx, pin, _KEY, *fresh), [asdict(row) for row in rows])


async def of_addresses(connection: AsyncConnection, zone: str, addresses: Collection[str]) -> list[PinRow]:
    found: list[PinRow] = []
    for part in interning.chunks(addresses):
        here = select(*_COLUMNS).where(pin.c.zone == zone, pin.c.address.in_(part))
        found += [PinRow(*row) for row in await connection.execute(here)]
    return found


async def trusted(connection: AsyncConnection, zone: str) -> list[PinRow]:
    """Return the pins of a zone that say whom to trust."""
    here = select(*_COLUMNS).where(pin.c.zone == zone, pin.c.value != "")
    return [PinRow(*row) for row in await connection.execute(here)]


async def find(connection: AsyncConnection, key: Key) -> PinRow | None:
    found = (await connection.execute(select(*_COLUMNS).where(*_is(key)))).first()
    return PinRow(*found) if found else None


async def listed(connection: AsyncConnection, state: str, after: Key | None, limit: int) -> list[PinRow]:
    """Return pins in the order of zone, address and kind, those behind `after`; of one state, or of all ("")."""
    columns = tuple(pin.c[name] for name in _KEY)
    statement = select(*_COLUMNS).where(*_STATES.get(state, ()))
    if after:
        statement = statement.where(tuple_(*columns) > tuple_(*after))
    return [PinRow(*row) for row in await connection.execute(statement.order_by(*columns).limit(limit))]


async def count(connection: AsyncConnection, state: str) -> int:
    counted = select(func.count()).select_from(pin).where(*_STATES[state])
    return int((await connection.execute(counted)).scalar_one())


async def remove(tx: AsyncConnection, key: Key) -> None:
    await tx.execute(delete(pin).where(*_is(key)))


def _is(key: Key) -> tuple[ColumnElement[bool], ...]:
    return tuple(pin.c[name] == value for name, value in zip(_KEY, key, strict=True))
