"""What people said of findings: that an item is right as it is, that it may stay a while, that it will be undone."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change.filing import Filed
from collector.change.track import Acceptance
from collector.model import Path
from collector.store import interning, schema
from collector.store.engine import insert

Place = tuple[int, Path]
_accepted, _finding, _mark = schema.acceptance.c, schema.finding.c, schema.finding_mark.c
_ON = (
    select(
        _finding.ci_id, schema.source.c.code, schema.path.c.section, schema.path.c.key, _accepted.field,
        schema.val.c.text, _accepted.hi, _accepted.at, _accepted.reference,
    )
    .select_from(
        schema.acceptance.join(schema.finding, _finding.id == _accepted.finding_id)
        .join(schema.source, schema.source.c.id == _accepted.source_id)
        .join(schema.path, schema.path.c.id == _accepted.path_id)
        .outerjoin(schema.val, schema.val.c.id == _accepted.new_val_id)
    )
    .where(_finding.ci_id.in_(bindparam("cis", expanding=True)))
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mark:
    """What somebody did with a finding at `at` (ms) and why; `until`: for how long. `reference`: with which change."""

    at: int
    who: str
    act: str
    reason: str = ""
    until: int | None = None
    reference: str = ""


async def on(connection: AsyncConnection, ci_ids: Iterable[int]) -> dict[Place, list[Acceptance]]:
    """Return place → the acceptances of items there, on these CIs."""
    found: dict[Place, list[Acceptance]] = {}
    for part in interning.chunks(ci_ids):
        for ci_id, code, section, key, field, text, hi, at, reference in await connection.execute(_ON, {"cis": part}):
            new = None if text is None else json.loads(text)
            accepted = Acceptance(code, field, new, hi, at, reference)
            found.setdefault((ci_id, Path(section, key)), []).append(accepted)
    return found


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
