"""Facts over a past period, a few CIs at a time: what held when, as rules read it."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import FOREVER, Path, Value
from collector.store.interning import CHUNK
from collector.store.schema import ci, fact, path, val

_HELD = (
    select(fact.c.ci_id, path.c.section, path.c.key, fact.c.vf, fact.c.vt, val.c.text)
    .select_from(fact.join(path, path.c.id == fact.c.path_id).join(val, val.c.id == fact.c.val_id))
    .where(
        fact.c.ci_id.in_(bindparam("cis", expanding=True)), path.c.section.in_(bindparam("names", expanding=True)),
        fact.c.vf < bindparam("end"), fact.c.vt > bindparam("start"), fact.c.tt == FOREVER,
    )
    .order_by(fact.c.ci_id, fact.c.vf)
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Held:
    """One value that was a fact from `vf` until `vt` (ms)."""

    ci_id: int
    path: Path
    vf: int
    vt: int
    value: Value


async def held(
    connection: AsyncConnection, ci_ids: Sequence[int], names: Collection[str], start: int, end: int
) -> dict[int, list[Held]]:
    """Return CI → the facts of these sections at any time within [start, end) (ms), by when they began."""
    if len(ci_ids) > CHUNK:
        raise ValueError(f"{len(ci_ids)} CIs at once, {CHUNK} at most")
    found: dict[int, list[Held]] = {}
    asked = {"cis": list(ci_ids), "names": list(names), "start": start, "end": end}
    for row in await connection.execute(_HELD, asked):
        one = Held(row.ci_id, Path(row.section, row.key), row.vf, row.vt, json.loads(row.text))
        found.setdefault(row.ci_id, []).append(one)
    return found


async def next_of_kind(connection: AsyncConnection, kinds: Collection[str], beyond: int, limit: int) -> list[int]:
    """Return the first CIs beyond `beyond` whose class or type is among `kinds`, in order; none that were merged."""
    is_of = ci.c.ci_class.in_(kinds) | ci.c.ci_type.in_(kinds)
    wanted = select(ci.c.id).where(ci.c.id > beyond, is_of, ci.c.merged_into.is_(None)).order_by(ci.c.id).limit(limit)
    return list((await connection.execute(wanted)).scalars())
