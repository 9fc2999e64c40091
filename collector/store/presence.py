"""CIs that were missed: how often, since when, how far they have come, and when a source last saw them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import BindParameter, and_, bindparam, delete, exists, func, not_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change.record import PRESENCE
from collector.model import FOREVER
from collector.retirement import Phase
from collector.retirement_policy import KINDS
from collector.store import interning, schema
from collector.store.engine import insert

_row, _ci, _source = schema.presence.c, schema.ci.c, schema.source.c
_CIS: BindParameter[int] = bindparam("cis", expanding=True)
SOURCE: Final = "presence"
"""The code of the source that says whether a CI is there: the collector, of many looks."""
_BOUND: Final = schema.subject_ci.join(schema.source).outerjoin(schema.agent)


@dataclass(frozen=True, slots=True)
class Missed:
    """One CI that was missed, as `collector.retirement.Standing` says; `again_at`: something answered for it since."""

    ci_id: int
    phase: Phase
    misses: int
    first_at: int
    last_at: int
    seen_at: int
    again_at: int
    retired_at: int
    ci_class: str
    state: str
    created_at: int


_COLUMNS = [*(_row[name] for name in Missed.__slots__[:8]), _ci.ci_class, _ci.state, _ci.created_at]
_MISSED = select(*_COLUMNS).select_from(schema.presence.join(schema.ci)).where(_ci.merged_into.is_(None))


async def some(connection: AsyncConnection, after: int, limit: int) -> list[Missed]:
    """Return those behind the CI `after`, in the order of their ids."""
    rows = await connection.execute(_MISSED.where(_row.ci_id > after).order_by(_row.ci_id).limit(limit))
    return [Missed(row.ci_id, Phase(row.phase), *row[2:]) for row in rows]


async def one(connection: AsyncConnection, ci_id: int) -> Missed | None:
    return (await of_cis(connection, [ci_id])).get(ci_id)


async def of_cis(connection: AsyncConnection, ci_ids: Iterable[int]) -> dict[int, Missed]:
    """Return CI → how it was missed, of those that were."""
    found: dict[int, Missed] = {}
    for part in interning.chunks(ci_ids):
        rows = await connection.execute(_MISSED.where(_row.ci_id.in_(part)))
        found |= {row.ci_id: Missed(row.ci_id, Phase(row.phase), *row[2:]) for row in rows}
    return found


async def counting(connection: AsyncConnection) -> dict[int, int]:
    """Return CI → its misses, of all that were missed and should be there."""
    rows = await connection.execute(select(_row.ci_id, _row.misses).where(_row.phase != str(Phase.RETIRED)))
    return {ci_id: count for ci_id, count in rows}  # noqa: C416  rows are no pairs to mypy


async def miss(connection: AsyncConnection, missed: Sequence[tuple[int, int, int]]) -> None:
    """Count one miss more of each (CI, when, when it was last seen), all in ms; one from before the last is not new."""
    if not missed:
        return
    statement, table = insert(connection, schema.presence), schema.presence.c
    fresh = {
        "misses": table.misses + 1, "last_at": statement.excluded.last_at,
        "first_at": func.coalesce(func.nullif(table.first_at, 0), statement.excluded.first_at),
    }  # fmt: skip
    later = table.last_at < statement.excluded.last_at
    counted = statement.on_conflict_do_update(index_elements=["ci_id"], set_=fresh, where=later)
    rows = [
        {"ci_id": ci_id, "misses": 1, "first_at": at, "last_at": at, "seen_at": seen_at}
        for ci_id, at, seen_at in missed
    ]
    await connection.execute(counted, rows)


async def answered(connection: AsyncConnection, times: Sequence[tuple[int, int]]) -> None:
    """Note for CIs that were missed that something answered for them (CI, when in ms)."""
    noted = update(schema.presence).where(_row.ci_id == bindparam("b_ci"), _row.again_at < bindparam("b_at"))
    if times:
        rows = [{"b_ci": ci_id, "b_at": at} for ci_id, at in times]
        await connection.execute(noted.values(again_at=bindparam("b_at")), rows)


async def advance(connection: AsyncConnection, ci_ids: Collection[int], phase: Phase, **values: int) -> None:
    """Let those CIs have come to `phase`."""
    for part in interning.chunks(sorted(ci_ids)):
        its = update(schema.presence).where(_row.ci_id.in_(part))
        await connection.execute(its.values(phase=str(phase), **values))


async def forget(connection: AsyncConnection, ci_ids: Collection[int]) -> None:
    for part in interning.chunks(sorted(ci_ids)):
        await connection.execute(delete(schema.presence).where(_row.ci_id.in_(part)))


# --- who saw them


_CONFIRMED = (
    select(schema.subject_ci.c.ci_id, func.max(_source.confirmed_at), func.max(schema.agent.c.last_seen))
    .select_from(_BOUND)
    .where(schema.subject_ci.c.ci_id.in_(_CIS), schema.subject_ci.c.role == "host", _source.kind.in_(KINDS))
    .group_by(schema.subject_ci.c.ci_id)
)
_TOLD = (
    select(schema.section.c.ci_id, func.max(schema.section.c.last_ok))
    .select_from(schema.section.join(schema.source))
    .where(schema.section.c.ci_id.in_(_CIS), _source.kind.in_(KINDS))
    .group_by(schema.section.c.ci_id)
)
_LOOKED_BY = (
    select(schema.subject_ci.c.ci_id, _source.kind)
    .select_from(schema.subject_ci.join(schema.source))
    .where(schema.subject_ci.c.ci_id.in_(_CIS), schema.subject_ci.c.role == "host", _source.kind.in_(KINDS))
    .distinct()
)


async def seen(connection: AsyncConnection, ci_ids: Iterable[int]) -> dict[int, int]:
    """Return CI → when one of those who see it last did (ms); what people say of a CI is no sight of it."""
    found: dict[int, int] = {}
    for part in interning.chunks(ci_ids):
        for ci_id, *times in await connection.execute(_CONFIRMED, {"cis": part}):
            found[ci_id] = max(at or 0 for at in times)
        for ci_id, at in await connection.execute(_TOLD, {"cis": part}):
            found[ci_id] = max(found.get(ci_id, 0), at or 0)
    return found


async def looked_by(connection: AsyncConnection, ci_ids: Iterable[int]) -> dict[int, set[str]]:
    """Return CI → the kinds of sources that look at it."""
    found: dict[int, set[str]] = {}
    for part in interning.chunks(ci_ids):
        for ci_id, kind in await connection.execute(_LOOKED_BY, {"cis": part}):
            found.setdefault(ci_id, set()).add(kind)
    return found


@dataclass(frozen=True, slots=True)
class Displaced:
    """What a source knew in a role until now: this CI (0: none); others that heard it after `since` (ms) still do."""

    ci_id: int
    source_id: int
    role: str
    since: int


async def silent(connection: AsyncConnection, ci_ids: Iterable[int], displaced: Displaced) -> frozenset[int]:
    """Return those CIs that do not answer: their watch misses them, or the last run that looked for them did.

    So does who stood where another one answers now, when nobody else has heard it since.
    """
    table = schema.subject_ci.c
    watched = exists().where(
        schema.reach.c.ci_id == _ci.id, schema.reach.c.missed_at > 0, schema.reach.c.behind.is_(None)
    )
    missed = exists().where(_row.ci_id == _ci.id, _row.misses > 0, _row.again_at < _row.last_at)
    told = exists().where(
        schema.section.c.ci_id == _ci.id, schema.section.c.source_id == _source.id,
        schema.section.c.last_ok > displaced.since,
    )  # fmt: skip
    heard = or_(_source.confirmed_at > displaced.since, schema.agent.c.last_seen > displaced.since, told)
    elsewhere = (
        select(table.ci_id).select_from(_BOUND)
        .where(table.ci_id == _ci.id, _source.kind.in_(KINDS), heard)
        .where(not_(and_(table.source_id == displaced.source_id, table.role == displaced.role)))
        .exists()
    )  # fmt: skip
    found: set[int] = set()
    for part in interning.chunks(ci_ids):
        away = or_(watched, missed, and_(_ci.id == displaced.ci_id, ~elsewhere))
        found.update((await connection.execute(select(_ci.id).where(_ci.id.in_(part), away))).scalars())
    return frozenset(found)


_LET_GO = (
    select(schema.auth.c.ci_id)
    .select_from(schema.auth.join(schema.path))
    .where(schema.auth.c.ci_id.in_(_CIS), schema.path.c.section == PRESENCE.section)
    .where(schema.path.c.key == PRESENCE.key, schema.auth.c.val_id.is_(None), schema.auth.c.ref.not_like("finding/%"))
    .where(schema.auth.c.vt == FOREVER, schema.auth.c.tt == FOREVER)
)


async def let_go(connection: AsyncConnection, ci_ids: Iterable[int]) -> set[int]:
    """Return those CIs that a change or a request lets go; that a person accepts a finding retires nothing."""
    found: set[int] = set()
    for part in interning.chunks(ci_ids):
        found |= set((await connection.execute(_LET_GO, {"cis": part})).scalars())
    return found


_SAID = (
    update(schema.section)
    .where(schema.section.c.ci_id.in_(_CIS), schema.section.c.name == PRESENCE.section)
    .where(schema.section.c.source_id == select(_source.id).where(_source.code == SOURCE).scalar_subquery())
    .values(last_ok=bindparam("at"), last_try=bindparam("at"))
)


async def confirm(connection: AsyncConnection, ci_ids: Iterable[int], at: int) -> None:
    """Let what was said of the presence of those CIs be confirmed at `at` (ms)."""
    for part in interning.chunks(ci_ids):
        await connection.execute(_SAID, {"cis": part, "at": at})
