"""What the labels of CIs said when they were printed; the newest one is the one that sticks on the thing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.engine import insert
from collector.store.schema import label_print


@dataclass(frozen=True, slots=True)
class Printed:
    """What was printed for one CI: field → text; on which paper, when (ms), by whom."""

    text: Mapping[str, str]
    format: str
    at: int
    who: str


async def add(tx: AsyncConnection, made: Mapping[int, Printed]) -> None:
    """Write CI → what was printed for it."""
    rows = [{"ci_id": ci_id, "text": json.dumps(dict(each.text), ensure_ascii=False), "format": each.format,
             "at": each.at, "who": each.who} for ci_id, each in made.items()]  # fmt: skip
    await tx.execute(insert(tx, label_print), rows)


async def newest(connection: AsyncConnection) -> dict[int, Printed]:
    """Return CI → what was printed for it last."""
    last = select(func.max(label_print.c.id).label("id")).group_by(label_print.c.ci_id).subquery()
    rows = await connection.execute(select(label_print).join(last, last.c.id == label_print.c.id))
    return {row.ci_id: Printed(json.loads(row.text), row.format, row.at, row.who) for row in rows}
