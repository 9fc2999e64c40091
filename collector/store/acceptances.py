"""What people said of findings: that an item is right as it is, that it may stay a while, that it will be undone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change.filing import Filed
from collector.store import interning, schema
from collector.store.engine import insert

_mark = schema.finding_mark.c


@dataclass(frozen=True, slots=True)
class Mark:
    """What somebody did with a finding at `at` (ms) and why; `until`: for how long. `reference`: with which change."""

    at: int
    who: str
    act: str
    reason: str = ""
    until: int | None = None
    reference: str = ""


async def accept(tx: AsyncConnection, items: Sequence[Filed], who: str, at: int, reference: str) -> None:
    """Write that these items are right as they are."""
    paths = await interning.path_ids(tx, (each.judged.item.path for each in items))
    values = await interning.value_ids(tx, (each.judged.item.new for each in items))
    sources = await _sources(tx, {each.judged.item.source for each in items})
    rows = [
        {"finding_id": each.finding_id, "path_id": paths[item.path], "field": item.field, "hi": item.hi,
         "source_id": sources[item.source], "new_val_id": interning.id_of(values, item.new), "at": at, "who": who,
         "reference": reference}
        for each in items for item in [each.judged.item]
    ]  # fmt: skip
    if rows:
        await tx.execute(insert(tx, schema.acceptance).on_conflict_do_nothing(), rows)


async def _sources(connection: AsyncConnection, codes: Collection[str]) -> dict[str, int]:
    source = schema.source.c
    rows = await connection.execute(select(source.code, source.id).where(source.code.in_(codes)))
    return {row.code: row.id for row in rows}


async def mark(tx: AsyncConnection, finding_id: int, made: Mark) -> None:
    await tx.execute(insert(tx, schema.finding_mark).values(finding_id=finding_id, **asdict(made)))


async def marks(connection: AsyncConnection, finding_id: int) -> tuple[Mark, ...]:
    """Return what was done with a finding, the oldest first."""
    rows = await connection.execute(
        select(_mark.at, _mark.who, _mark.act, _mark.reason, _mark.until, _mark.reference)
        .where(_mark.finding_id == finding_id)
        .order_by(_mark.id)
    )
    return tuple(Mark(*row) for row in rows)
