"""Photos people take on foot, each kept once: of the items of an inspection, of the lines of a stock-take."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import Column, Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.inspecting.photo import Photo
from collector.store.engine import insert
from collector.store.schema import inspection_photo, stocktake_photo


@dataclass(frozen=True, slots=True)
class Album:
    """Photos of one sort: their table, the column that says whose they are, and how many one of these has at most."""

    table: Table
    owner: str
    most: int

    async def add(self, tx: AsyncConnection, owner_id: int, photo: Photo, content: bytes) -> bool:
        """Write a photo; return False when the item has it already."""
        values = {**asdict(photo), self.owner: owner_id, "content": content}
        values.pop("id")
        made = insert(tx, self.table).values(values).on_conflict_do_nothing()
        return bool((await tx.execute(made)).rowcount)

    async def of(self, connection: AsyncConnection, owner_id: int) -> list[Photo]:
        """Return every photo without its bytes, the oldest first."""
        wanted = select(*self._about()).where(self._owner() == owner_id).order_by(self.table.c.id)
        return [Photo(*row) for row in await connection.execute(wanted)]

    async def one(self, connection: AsyncConnection, owner_id: int, photo_id: int) -> tuple[Photo, bytes] | None:
        """Return a photo with its bytes, None when there is no such one."""
        wanted = select(*self._about(), self.table.c.content)
        row = (
            await connection.execute(wanted.where(self._owner() == owner_id, self.table.c.id == photo_id))
        ).one_or_none()
        return (Photo(*row[:-1]), bytes(row.content)) if row else None

    async def count(self, connection: AsyncConnection, owner_id: int) -> int:
        counted = select(func.count()).select_from(self.table).where(self._owner() == owner_id)
        return int((await connection.execute(counted)).scalar_one())

    def _owner(self) -> Column[Any]:
        return self.table.c[self.owner]

    def _about(self) -> tuple[Column[Any], ...]:
        its = self.table.c
        return its.id, its.item, its.sha256, its.media_type, its.size, its.at, its.who


INSPECTIONS: Final = Album(inspection_photo, "run_id", 60)
STOCKTAKES: Final = Album(stocktake_photo, "stocktake_id", 500)
