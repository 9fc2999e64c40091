"""Relations between CIs by the word of devices and of people, as they stand and as they are to stand."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Final

from sqlalchemy import bindparam, literal_column, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import FOREVER, Path, Value
from collector.record import PEOPLE
from collector.store import interning
from collector.store.engine import insert
from collector.store.schema import claim, path, relation, source, val

Tie = tuple[int, str, int]
"""a, kind, b: `a` is `kind` `b`."""
Row = tuple[int, str, int, int]
"""a, kind, b, and the source that says so."""
AT_ONCE: Final = 400
"""Relations asked for in one statement, each of two variables; SQLite before 3.32 takes 999."""


async def observed(connection: AsyncConnection, kinds: Collection[str]) -> set[Row]:
    """Return the relations of these kinds that hold now by the word of a device; what people say is left out."""
    its = relation.c
    wanted = select(its.a, its.kind, its.b, its.source_id).join(source, source.c.id == its.source_id)
    rows = await connection.execute(wanted.where(its.kind.in_(kinds), its.vt == FOREVER, source.c.kind.not_in(PEOPLE)))
    return {(row.a, row.kind, row.b, row.source_id) for row in rows}


async def begin(connection: AsyncConnection, rows: Collection[Row], at: int) -> None:
    """Let these hold from `at` (ms) on, when that is recorded, too."""
    if rows:
        since = {"vf": at, "lo": at, "tf": at}
        said = [{"a": a, "kind": kind, "b": b, "source_id": by, **since} for a, kind, b, by in sorted(rows)]
        kept = insert(connection, relation)
        # One that began then may have ended since: within this millisecond, or the clock was set back.
        again = {"vt": FOREVER, "gone_tf": None}
        await connection.execute(kept.on_conflict_do_update(index_elements=relation.primary_key, set_=again), said)


async def end(connection: AsyncConnection, rows: Collection[Row], at: int) -> None:
    """Let these hold no longer than to `at` (ms), when that is recorded, too."""
    for a, kind, b, by in sorted(rows):
        its = relation.c
        one = update(relation).where(its.a == a, its.kind == kind, its.b == b, its.vt == FOREVER, its.source_id == by)
        await connection.execute(one.values(vt=at, gone_tf=at))


async def held(connection: AsyncConnection, ties: Collection[Tie]) -> dict[Tie, list[str]]:
    """Return those of `ties` that hold now → the codes of the sources that say so."""
    found: dict[Tie, list[str]] = {}
    for part in interning.chunks(sorted(set(ties)), AT_ONCE):
        asked = set(part)
        ends = {"ones": sorted({a for a, _, _ in part}), "others": sorted({b for _, _, b in part})}
        for row in await connection.execute(_BETWEEN, ends):
            if (this := (row.a, row.kind, row.b)) in asked:
                found.setdefault(this, []).append(row.code)
    return found


_BETWEEN = (
    select(relation.c.a, relation.c.kind, relation.c.b, source.c.code)
    .join(source, source.c.id == relation.c.source_id)
    .where(relation.c.a.in_(bindparam("ones", expanding=True)), relation.c.vt == FOREVER)
    # Not by the index of `b`: SQLite would try each of these with each of those.
    .where((relation.c.b + literal_column("0")).in_(bindparam("others", expanding=True)))
    .order_by(source.c.code)
)
_PEOPLE = select(source.c.id).where(or_(*(source.c.kind == each for each in PEOPLE)))  # a list is none for many rows
_BY_PEOPLE = update(relation).where(
    relation.c.a == bindparam("one"), relation.c.kind == bindparam("is"), relation.c.b == bindparam("other"),
    relation.c.vt == FOREVER, relation.c.source_id.in_(_PEOPLE),
)  # fmt: skip


async def end_said(connection: AsyncConnection, ties: Collection[Tie], at: int) -> None:
    """Let what people say of these hold no longer than to `at` (ms), when that is recorded, too."""
    if ties:
        said = [{"one": a, "is": kind, "other": b} for a, kind, b in sorted(ties)]
        await connection.execute(_BY_PEOPLE.values(vt=at, gone_tf=at), said)


async def said_in_lanes(
    connection: AsyncConnection, places: Collection[tuple[int, Path]], code: str
) -> dict[tuple[int, Path], tuple[Value, int]]:
    """Return those of `places` (CI, path) of which the source `code` ever said anything → what it says, and since when.

    None and when it ended (ms) where it no longer says so.
    """
    its, found = claim.c, dict[tuple[int, Path], tuple[Value, int]]()
    keys = (
        select(its.ci_id, path.c.section, path.c.key, val.c.text, its.vf, its.vt)
        .select_from(claim.join(path, path.c.id == its.path_id).join(val, val.c.id == its.val_id))
        .join(source, source.c.id == its.source_id)
        .where(source.c.code == code, its.tt == FOREVER)
        .order_by(its.vf)
    )
    for part in interning.chunks(sorted({ci_id for ci_id, _ in places})):
        for ci_id, section, key, text, vf, vt in await connection.execute(keys.where(its.ci_id.in_(part))):
            if (place := (ci_id, Path(section, key))) in places:
                found[place] = (json.loads(text), vf) if vt == FOREVER else (None, vt)
    return found


async def moved_of_late(
    connection: AsyncConnection, ci_ids: Collection[int], sections: Collection[str], since: int
) -> dict[tuple[int, int], tuple[int, int]]:
    """Return (CI, source) → the bracket (ms) of what it last said otherwise in these sections.

    Of what was recorded after `since` (ms) alone; the others are left out.
    """
    its, found = claim.c, dict[tuple[int, int], tuple[int, int]]()
    asked = (
        select(its.ci_id, its.source_id, its.cause, its.tf, its.lo, its.vf, its.gone_cause, its.gone_lo, its.vt)
        .join(path, path.c.id == its.path_id)
        .where(its.tt == FOREVER, path.c.section.in_(sections), or_(its.tf > since, its.gone_tf > since))
    )
    for part in interning.chunks(sorted(set(ci_ids))):
        for row in await connection.execute(asked.where(its.ci_id.in_(part))):
            moves = [(row.vf, row.lo)] if row.cause == "world" and row.tf > since else []
            moves += [(row.vt, row.gone_lo)] if row.gone_cause == "world" else []
            for hi, lo in moves:
                key = row.ci_id, row.source_id
                found[key] = max(found.get(key, (lo, hi)), (lo, hi), key=lambda bracket: bracket[1])
    return found


async def told_by_people(connection: AsyncConnection, ci_ids: Collection[int]) -> set[int]:
    """Return those CIs of which people have said, now or before, that they are anything to another one."""
    its, found = relation.c, set[int]()
    for part in interning.chunks(sorted(ci_ids)):
        said = select(its.a).where(its.a.in_(part), its.source_id.in_(_PEOPLE)).distinct()
        found.update((await connection.execute(said)).scalars())
    return found
