"""What happened to a CI's values: each step with before and after, newest first."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CompoundSelect, func, literal, null, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import FOREVER, Value
from collector.store import asof
from collector.store.asof import Moment
from collector.store.browse.page import AnyRow, AnySelect, Key, Order, Page, Window, fetch
from collector.store.schema import claim, fact, path, source, val


@dataclass(frozen=True, slots=True)
class StepQuery:
    """Whose steps; of one section or one value; without what came with the CI's first words (`arrival`)."""

    ci_id: int
    section: str | None = None
    key: str | None = None
    arrival: bool = True


@dataclass(frozen=True, slots=True)
class StepRow:
    """One value that moved: first seen new at `at`, last confirmed old at `last_old` (ms, None: not known)."""

    at: int
    section: str
    key: str
    old: Value
    new: Value
    source: str
    why: str
    last_old: int | None


async def list_steps(connection: AsyncConnection, query: StepQuery, window: Window) -> Page[StepRow]:
    """Return one page of steps; raise `BadCursor`."""
    moved = await _moved(connection, query)
    count = (await connection.execute(select(func.count()).select_from(moved.subquery()))).scalar_one()
    at = moved.subquery("moved")
    before, after = val.alias("before"), val.alias("after")
    statement = (
        select(at, path.c.section, path.c.key, before.c.text, after.c.text, source.c.code, _last_old(at, query.ci_id))
        .join(path, path.c.id == at.c.path_id)
        .join(source, source.c.id == at.c.source_id)
        .outerjoin(before, before.c.id == at.c.old_id)
        .outerjoin(after, after.c.id == at.c.new_id)
    )
    order = Order((at.c.at, at.c.path_id), _key, _same, (int, int), descending=True)
    page = await fetch(connection, statement, order, window, count)
    return page.of([_step(row) for row in page.items])


def _key(row: AnyRow) -> Key:
    return (row.at, row.path_id)


def _same(key: Key) -> Key:
    return key


def _step(row: AnyRow) -> StepRow:
    at, _, _, _, _, why, section, key, before, after, code, last_old = tuple[Any, ...](row)
    old = None if before is None else json.loads(before)
    new = None if after is None else json.loads(after)
    return StepRow(at, section, key, old, new, code, why, last_old)


async def _moved(connection: AsyncConnection, query: StepQuery) -> AnySelect:
    both: CompoundSelect[*tuple[Any, ...]] = union_all(_starts(query), _ends(query))
    moved = both.subquery("both")
    statement = select(moved)
    if not query.arrival:
        first = await arrived_at(connection, query.ci_id)
        statement = statement.where(moved.c.at > (first or 0))
    return statement


def _starts(query: StepQuery) -> AnySelect:
    """A value that begins to hold; what it follows, when something ended at that very time, is the value before."""
    old = fact.alias("old")
    follows = (old.c.ci_id == fact.c.ci_id) & (old.c.path_id == fact.c.path_id) & (old.c.vt == fact.c.vf)
    statement = select(
        fact.c.vf.label("at"), fact.c.path_id, old.c.val_id.label("old_id"), fact.c.val_id.label("new_id"),
        fact.c.source_id, fact.c.why,
    ).select_from(fact.outerjoin(old, follows & (old.c.tt == FOREVER)))  # fmt: skip
    return _of(statement, query).where(fact.c.val_id.is_not(None))


def _ends(query: StepQuery) -> AnySelect:
    """A value that ended and that nothing follows: it is gone."""
    then = fact.alias("then")
    follows = (then.c.ci_id == fact.c.ci_id) & (then.c.path_id == fact.c.path_id) & (then.c.vf == fact.c.vt)
    statement = select(
        fact.c.vt.label("at"), fact.c.path_id, fact.c.val_id.label("old_id"), null().label("new_id"),
        fact.c.source_id, literal("").label("why"),
    ).select_from(fact.outerjoin(then, follows & (then.c.tt == FOREVER) & then.c.val_id.is_not(None)))  # fmt: skip
    return _of(statement, query).where(fact.c.val_id.is_not(None), fact.c.vt < FOREVER, then.c.vf.is_(None))


def _of(statement: AnySelect, query: StepQuery) -> AnySelect:
    """Only what is believed today (a corrected row is no step), of what was asked for."""
    wanted = statement.where(fact.c.ci_id == query.ci_id, fact.c.tt == FOREVER)
    if query.section is not None:
        paths = select(path.c.id).where(path.c.section == query.section)
        wanted = wanted.where(fact.c.path_id.in_(paths if query.key is None else paths.where(path.c.key == query.key)))
    return wanted


def _last_old(at: Any, ci_id: int) -> Any:
    """When the source of the step last confirmed what was before: told by its claim of that time."""
    same = (claim.c.ci_id == ci_id) & (claim.c.path_id == at.c.path_id) & (claim.c.source_id == at.c.source_id)
    return select(func.max(claim.c.lo)).where(same, claim.c.vf == at.c.at).scalar_subquery()


async def arrived_at(connection: AsyncConnection, ci_id: int) -> int | None:
    """Return when the first fact of a CI began (ms)."""
    statement = select(func.min(fact.c.vf)).where(fact.c.ci_id == ci_id, fact.c.tt == FOREVER)
    first: int | None = (await connection.execute(statement)).scalar_one_or_none()
    return first


async def arrival(connection: AsyncConnection, ci_id: int, at: int) -> dict[str, int]:
    """Return section → how many values came with a CI's first words."""
    statement = (
        select(path.c.section, func.count())
        .join(fact, fact.c.path_id == path.c.id)
        .where(fact.c.ci_id == ci_id, fact.c.vf == at, fact.c.tt == FOREVER)
        .group_by(path.c.section)
    )
    return {row[0]: row[1] for row in await connection.execute(statement)}


async def moments(connection: AsyncConnection, ci_id: int, limit: int) -> tuple[tuple[int, int], ...]:
    """Return the newest (time, how many values moved then), the arrival left out."""
    moved = (await _moved(connection, StepQuery(ci_id, arrival=False))).subquery()
    statement = select(moved.c.at, func.count()).group_by(moved.c.at).order_by(moved.c.at.desc()).limit(limit)
    return tuple((row[0], row[1]) for row in await connection.execute(statement))


async def values_at(connection: AsyncConnection, ci_id: int, at: int, known_at: int) -> dict[tuple[str, str], int]:
    """Return (section, key) → interned value at one time, as known at `known_at`: to compare two moments by."""
    row = asof.held(fact, fact.c.ci_id == ci_id, Moment(at, known_at))
    statement = select(path.c.section, path.c.key, row.c.val_id).join(path, path.c.id == row.c.path_id)
    return {(row[0], row[1]): row[2] for row in await connection.execute(statement)}


async def texts(connection: AsyncConnection, ids: set[int]) -> dict[int, Value]:
    """Return interned id → value."""
    found: dict[int, Value] = {}
    wanted = sorted(ids)
    for start in range(0, len(wanted), 500):  # parameters of one statement are bounded
        rows = await connection.execute(select(val.c.id, val.c.text).where(val.c.id.in_(wanted[start : start + 500])))
        found |= {row[0]: json.loads(row[1]) for row in rows}
    return found
