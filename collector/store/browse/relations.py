"""What a CI touches: relations from it and to it, now or at a past moment."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import CONTAINS, FOREVER
from collector.record import PEOPLE
from collector.relations import HA_PEER
from collector.store import asof, interning
from collector.store.asof import Moment
from collector.store.browse.page import AnyRow, AnySelect, Key, Order, Page, Window, fetch
from collector.store.browse.ref import CiRef
from collector.store.browse.search import cis_matching
from collector.store.schema import ci, relation, source


@dataclass(frozen=True, slots=True)
class RelationRow:
    """`a` `kind` `b`, as `source` says, since when (ms)."""

    a: CiRef
    kind: str
    b: CiRef
    source: str
    since: int


@dataclass(frozen=True, slots=True)
class RelationQuery:
    """Which relations: of one CI, or of CIs that match `q`, of some kinds, by people's word alone.

    `moment`: as they were held then; None: now.
    """

    ci_id: int | None = None
    kinds: tuple[str, ...] = ()
    moment: Moment | None = None
    is_said: bool = False
    q: str = ""


async def list_relations(connection: AsyncConnection, query: RelationQuery, window: Window) -> Page[RelationRow]:
    """Return one page of relations; raise `BadCursor`."""
    where = _where(query)
    count = (await connection.execute(select(func.count()).select_from(relation).where(*where))).scalar_one()
    columns = (relation.c.kind, relation.c.a, relation.c.b, relation.c.source_id, relation.c.vf)
    order = Order(columns, _key, _same, (str, int, int, int, int))
    page = await fetch(connection, _related(query.moment).where(*where), order, window, count)
    return page.of([_relation(row) for row in page.items])


def _related(moment: Moment | None) -> AnySelect:
    a, b = (asof.cis(moment).alias(name) for name in ("a_ci", "b_ci"))
    own = select(relation, source.c.code, *_ref(a, "a"), *_ref(b, "b"))
    named = own.join(source, source.c.id == relation.c.source_id)
    return named.join(a, a.c.id == relation.c.a).join(b, b.c.id == relation.c.b)


def _ref(its: FromClause, end: str) -> list[ColumnElement[Any]]:
    return [its.c[name].label(f"{end}_{name}") for name in ("uid", "name", "ci_class", "ci_type", "state")]


def _where(query: RelationQuery) -> list[ColumnElement[bool]]:
    where = [asof.related(query.moment)]
    if query.ci_id is not None:
        where.append(or_(relation.c.a == query.ci_id, relation.c.b == query.ci_id))
    if query.kinds:
        where.append(relation.c.kind.in_(query.kinds))
    if query.q:
        its = asof.cis(query.moment)
        matching = select(its.c.id).where(cis_matching(query.q, its))
        where.append(or_(relation.c.a.in_(matching), relation.c.b.in_(matching)))
    if query.is_said:
        where.append(relation.c.source_id.in_(select(source.c.id).where(source.c.kind.in_(PEOPLE))))
    return where


def _key(row: AnyRow) -> Key:
    return (row.kind, row.a, row.b, row.source_id, row.vf)


def _same(key: Key) -> Key:
    return key


def _relation(row: AnyRow) -> RelationRow:
    a, b = _refs(row)
    return RelationRow(a, row.kind, b, row.code, row.vf)


def _refs(row: AnyRow) -> tuple[CiRef, CiRef]:
    a = CiRef(row.a_uid, row.a_name, row.a_ci_class, row.a_ci_type, row.a_state)
    return a, CiRef(row.b_uid, row.b_name, row.b_ci_class, row.b_ci_type, row.b_state)


class Edge(NamedTuple):
    """`ci_id`, which is called `name`, depends on `on_id` by a relation of this kind."""

    name: str
    kind: str
    ci_id: int
    on_id: int


async def dependents(connection: AsyncConnection, ci_ids: Collection[int], most: int) -> list[Edge]:
    """Return what depends on one of `ci_ids` now, by name: whoever points at them, and what they contain.

    `most`: of how many relations at the most; there may be more where so many are returned.
    """
    found: list[Edge] = []
    for part in interning.chunks(sorted(ci_ids)):
        for below, on, is_it in (
            (relation.c.a, relation.c.b, relation.c.kind.not_in((CONTAINS, HA_PEER))),
            (relation.c.b, relation.c.a, relation.c.kind == CONTAINS),
        ):
            edges = select(ci.c.name, relation.c.kind, below, on).join(ci, ci.c.id == below).distinct()
            wanted = edges.where(relation.c.vt == FOREVER, is_it, on.in_(part)).limit(most - len(found))
            found += [Edge(*row) for row in await connection.execute(wanted)]
            if len(found) >= most:
                return sorted(found)
    return sorted(found)
