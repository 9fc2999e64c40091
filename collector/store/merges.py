"""CIs that are one thing, and CIs that are not: pointers that can be taken back, and pairs that stay apart.

A merged CI keeps its lanes and its identifiers; who looks for a holder is led on by its pointer. What has to be moved
for a merge (which CI a source speaks of, identifiers that a replacement ended) is kept with it and moved back.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import Identifier
from collector.store import interning, schema, sources
from collector.store.engine import insert

_ci, _merge, _bound, _identifier = schema.ci, schema.merge, schema.subject_ci, schema.identifier


@dataclass(frozen=True, slots=True)
class Bound:
    """What a source spoke of before a merge, and the hash of all it had said."""

    source_id: int
    role: str
    matched_by: str
    since: int
    state_hash: str


@dataclass(frozen=True, slots=True)
class Merged:
    """One merge that stands: `ci_id` is `into_id`, since `at` (ms).

    `ended`: identifiers of `into_id` that ended with it. `host`: the merge it is part of, 0: none.
    """

    id: int
    ci_id: int
    into_id: int
    case_id: int | None
    at: int
    who: str
    bound: tuple[Bound, ...]
    ended: tuple[Identifier, ...]
    host: int


@dataclass(frozen=True, slots=True)
class Why:
    """Who decided, when (ms), and in which case; `host`: the merge this one belongs to."""

    who: str
    at: int
    case_id: int | None
    host: int = 0


async def point(tx: AsyncConnection, ci_id: int, into_id: int, why: Why) -> int:
    """Let `ci_id` be `into_id` from now on; who spoke of the one speaks of the other. Return the merge's id."""
    moved = json.dumps({"bound": await _bound_to(tx, ci_id), "ended": [], "host": why.host})
    row = {"ci_id": ci_id, "into_id": into_id, "case_id": why.case_id, "at": why.at, "who": why.who, "moved": moved}
    await tx.execute(update(_ci).where(_ci.c.id == ci_id).values(merged_into=into_id))
    await rebind(tx, ci_id, into_id, f"merge, {why.who}", why.at)
    return int((await tx.execute(insert(tx, _merge).values(row).returning(_merge.c.id))).scalar_one())


async def _bound_to(tx: AsyncConnection, ci_id: int) -> list[list[Any]]:
    table = schema.source.c
    rows = await tx.execute(
        select(_bound.c.source_id, _bound.c.role, _bound.c.matched_by, _bound.c.since, table.state_hash)
        .select_from(_bound.join(schema.source))
        .where(_bound.c.ci_id == ci_id)
        .order_by(_bound.c.source_id, _bound.c.role)
    )
    return [[*row[:4], (row.state_hash or b"").hex()] for row in rows]


async def rebind(
    tx: AsyncConnection, ci_id: int, to_id: int, matched_by: str, at: int, source_ids: Collection[int] | None = None
) -> None:
    """Let who speaks of the one CI, or those sources only, speak of the other, and tell it in full once."""
    own = (
        [_bound.c.ci_id == ci_id]
        if source_ids is None
        else [_bound.c.ci_id == ci_id, _bound.c.source_id.in_(source_ids)]
    )
    await sources.settle(tx, await _confirmed(tx, own))
    spoke = select(_bound.c.source_id).where(*own)
    await tx.execute(update(schema.source).where(schema.source.c.id.in_(spoke)).values(state_hash=None))
    await tx.execute(update(_bound).where(*own).values(ci_id=to_id, matched_by=matched_by, since=at))


async def _confirmed(tx: AsyncConnection, own: Sequence[Any]) -> list[tuple[int, int, int]]:
    """Return (CI, source, when) of what those who speak of it confirmed as a whole since they do."""
    table = schema.source.c
    told = select(_bound.c.ci_id, table.id, table.confirmed_at).select_from(_bound.join(schema.source))
    rows = await tx.execute(told.where(*own, table.confirmed_at >= _bound.c.since))
    return [(row[0], row[1], row[2]) for row in rows]


async def end_identifiers(tx: AsyncConnection, ci_id: int, kinds: Collection[str], kept: Collection[Identifier]) -> int:
    """Let what `ci_id` holds of `kinds` name it no more, but for `kept`; the last merge into it remembers them."""
    held = await tx.execute(
        select(_identifier.c.kind, _identifier.c.value)
        .where(_identifier.c.ci_id == ci_id, _identifier.c.state == "live", _identifier.c.kind.in_(sorted(kinds)))
        .order_by(_identifier.c.kind, _identifier.c.value)
    )
    ended = [Identifier(*row) for row in held if Identifier(*row) not in kept]
    await _put(tx, ci_id, ended, "retired")
    last = (
        select(_merge.c.id, _merge.c.moved)
        .where(_merge.c.into_id == ci_id, _merge.c.undone_at.is_(None))
        .order_by(_merge.c.id.desc())
        .limit(1)
    )
    row = (await tx.execute(last)).first()
    if row is not None and ended:
        moved = json.loads(row.moved)
        moved["ended"] += [[each.kind, each.value] for each in ended]
        await tx.execute(update(_merge).where(_merge.c.id == row.id).values(moved=json.dumps(moved)))
    return len(ended)


async def _put(tx: AsyncConnection, ci_id: int, identifiers: Iterable[Identifier], state: str) -> None:
    for each in identifiers:
        own = (_identifier.c.kind == each.kind, _identifier.c.value == each.value, _identifier.c.ci_id == ci_id)
        await tx.execute(update(_identifier).where(*own).values(state=state))


async def standing(connection: AsyncConnection, ci_ids: Collection[int]) -> list[Merged]:
    """Return the merges that stand of, or into, those CIs, the last one first."""
    wanted = select(_merge).where(_merge.c.undone_at.is_(None)).order_by(_merge.c.id.desc())
    wanted = wanted.where(or_(_merge.c.ci_id.in_(ci_ids), _merge.c.into_id.in_(ci_ids)))
    return [_merged(row) for row in await connection.execute(wanted)]


async def one(connection: AsyncConnection, merge_id: int) -> Merged | None:
    """Return a merge that stands."""
    row = (
        await connection.execute(select(_merge).where(_merge.c.id == merge_id, _merge.c.undone_at.is_(None)))
    ).first()
    return None if row is None else _merged(row)


async def sources_of(connection: AsyncConnection, ci_id: int) -> dict[str, int]:
    """Return code → id of the sources that speak of a CI as their host."""
    joined = _bound.join(schema.source, schema.source.c.id == _bound.c.source_id)
    wanted = select(schema.source.c.code, schema.source.c.id).select_from(joined)
    rows = await connection.execute(wanted.where(_bound.c.ci_id == ci_id, _bound.c.role == "host"))
    return {code: source_id for code, source_id in rows}  # noqa: C416  rows are no pairs to mypy


async def speakers(connection: AsyncConnection, ci_id: int, before: int) -> set[int]:
    """Return the sources that had claimed anything of a CI before that time (ms), by the time it was recorded."""
    table = schema.claim.c
    wanted = select(table.source_id).where(table.ci_id == ci_id, table.tf < before).distinct()
    return set((await connection.execute(wanted)).scalars())


async def with_it(connection: AsyncConnection, merged: Merged) -> list[Merged]:
    """Return the merges that were made with this one, of what the two carry; this one last."""
    wanted = select(_merge).where(_merge.c.undone_at.is_(None), _merge.c.at == merged.at, _merge.c.id > merged.id)
    its = [_merged(row) for row in await connection.execute(wanted.order_by(_merge.c.id.desc()))]
    return [*(each for each in its if each.host == merged.id), merged]


def _merged(row: Any) -> Merged:
    moved = json.loads(row.moved)
    bound = tuple(Bound(*each) for each in moved["bound"])
    ended = tuple(Identifier(kind, value) for kind, value in moved["ended"])
    return Merged(row.id, row.ci_id, row.into_id, row.case_id, row.at, row.who, bound, ended, moved["host"])


async def unpoint(tx: AsyncConnection, merged: Merged, at: int, who: str) -> None:
    """Let the two be two again, each source speaking of what it spoke of, each identifier naming what it named."""
    await tx.execute(update(_ci).where(_ci.c.id == merged.ci_id).values(merged_into=None))
    for each in merged.bound:
        held = (_bound.c.source_id == each.source_id, _bound.c.role == each.role, _bound.c.ci_id == merged.into_id)
        values = {"ci_id": merged.ci_id, "matched_by": each.matched_by, "since": each.since}
        await tx.execute(update(_bound).where(*held).values(**values))
        said = update(schema.source).where(schema.source.c.id == each.source_id)
        await tx.execute(said.values(state_hash=bytes.fromhex(each.state_hash) or None))
    await _put(tx, merged.into_id, merged.ended, "live")
    await _forget_lent(tx, merged)
    undone = update(_merge).where(_merge.c.id == merged.id)
    await tx.execute(undone.values(undone_at=at, undone_by=who))


async def _forget_lent(tx: AsyncConnection, merged: Merged) -> None:
    """Take from the one what it holds only because sources of the other spoke of it meanwhile."""
    table = _identifier
    for source_id in {each.source_id for each in merged.bound}:
        lent = (table.c.ci_id == merged.into_id, table.c.source_id == source_id, table.c.first_at >= merged.at)
        await tx.execute(delete(table).where(*lent))


async def forget_sections(tx: AsyncConnection, ci_id: int, source_ids: Collection[int]) -> None:
    """Forget that those sources ever told sections of `ci_id`; what they claimed stays in its lane, ended."""
    table = schema.section
    await tx.execute(delete(table).where(table.c.ci_id == ci_id, table.c.source_id.in_(source_ids)))


# --- apart


async def part(tx: AsyncConnection, ci_ids: Iterable[int], case_id: int | None, at: int, who: str) -> None:
    """Remember that each two of those CIs are different things."""
    pairs = combinations(sorted(set(ci_ids)), 2)
    rows = [{"a": a, "b": b, "at": at, "who": who, "case_id": case_id} for a, b in pairs]
    if rows:
        await tx.execute(insert(tx, schema.apart).on_conflict_do_nothing(), rows)


async def apart(connection: AsyncConnection, ci_ids: Sequence[int]) -> frozenset[tuple[int, int]]:
    """Return the pairs (a < b) among those CIs that people said are different things."""
    table, found = schema.apart.c, set[tuple[int, int]]()
    for chunk in interning.chunks(ci_ids) if len(ci_ids) > 1 else ():
        rows = await connection.execute(select(table.a, table.b).where(table.a.in_(chunk)))
        found |= {(a, b) for a, b in rows}
    return frozenset(found)


async def parted(connection: AsyncConnection, ci_id: int) -> list[Any]:
    """Return the rows (a, b, at, who, case_id) that say of `ci_id` what it is not."""
    table = schema.apart
    return list(await connection.execute(select(table).where(or_(table.c.a == ci_id, table.c.b == ci_id))))


async def move_identifiers(tx: AsyncConnection, ci_id: int, to_id: int, source_ids: Collection[int]) -> None:
    """Let what those sources were the first to say names `ci_id` name `to_id`."""
    own = (_identifier.c.ci_id == ci_id, _identifier.c.source_id.in_(source_ids))
    await tx.execute(update(_identifier).where(*own).values(ci_id=to_id))
