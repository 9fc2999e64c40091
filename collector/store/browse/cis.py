"""CIs as lists and one by one, with what a list shows beside the name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import Value
from collector.store.browse.highlights import highlights
from collector.store.browse.page import AnyRow, AnySelect, Key, Order, Page, Window, fetch
from collector.store.browse.ref import CiRef
from collector.store.browse.search import cis_matching
from collector.store.browse.seen import last_seen
from collector.store.schema import alert, ci, finding, incident

SORTS = {
    "name": ci.c.name,
    "class": ci.c.ci_class,
    "type": ci.c.ci_type,
    "state": ci.c.state,
    "created": ci.c.created_at,
}
HIDDEN = ("archived",)
"""States a list leaves out unless they are asked for."""


@dataclass(frozen=True, slots=True)
class CiQuery:
    """Which CIs. An empty tuple means any; `sort` is a word of `SORTS`, a leading '-' turns it round."""

    classes: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    q: str = ""
    sort: str = "name"


@dataclass(frozen=True, slots=True)
class CiRow:
    """One CI of a list. `values` are the current facts a list may show, by dotted path; times in ms, 0: never."""

    id: int
    uid: str
    name: str
    ci_class: str
    ci_type: str
    state: str
    environment: str
    label: str | None
    created_at: int
    last_seen: int = 0
    findings: int = 0
    incidents: int = 0
    problems: int = 0
    values: Mapping[str, Value] = field(default_factory=dict)

    @property
    def ref(self) -> CiRef:
        return CiRef(self.uid, self.name, self.ci_class, self.ci_type, self.state)


_COLUMNS = (
    ci.c.id, ci.c.uid, ci.c.name, ci.c.ci_class, ci.c.ci_type, ci.c.state, ci.c.environment, ci.c.label,
    ci.c.created_at,
)  # fmt: skip


async def list_cis(connection: AsyncConnection, query: CiQuery, window: Window) -> Page[CiRow]:
    """Return one page of the CIs that match; raise `BadCursor`, and KeyError for a sort that is not in `SORTS`."""
    order = _order(query.sort)
    where = _where(query)
    count = (await connection.execute(select(func.count()).select_from(ci).where(*where))).scalar_one()
    page = await fetch(connection, select(*_COLUMNS).where(*where), order, window, count)
    return page.of(await _dressed(connection, page.items))


async def one(connection: AsyncConnection, uid: str) -> CiRow | None:
    """Return the CI with that uid, merged and archived ones too."""
    row = (await connection.execute(select(*_COLUMNS).where(ci.c.uid == uid))).one_or_none()
    return (await _dressed(connection, [row]))[0] if row else None


async def by_class(connection: AsyncConnection) -> dict[tuple[str, str, str], int]:
    """Return how many CIs there are by (class, type, state)."""
    columns = (ci.c.ci_class, ci.c.ci_type, ci.c.state)
    found = await connection.execute(
        select(*columns, func.count()).where(ci.c.merged_into.is_(None)).group_by(*columns)
    )
    return {(row[0], row[1], row[2]): row[3] for row in found}


async def first_hosts(connection: AsyncConnection, classes: Sequence[str], limit: int) -> tuple[CiRow, ...]:
    """Return the CIs of `classes` that were known first."""
    wanted = select(*_COLUMNS).where(ci.c.ci_class.in_(classes), ci.c.merged_into.is_(None))
    rows = (await connection.execute(wanted.order_by(ci.c.id).limit(limit))).all()
    return await _dressed(connection, rows)


def _where(query: CiQuery) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [ci.c.merged_into.is_(None)]
    for column, wanted in (
        (ci.c.ci_class, query.classes),
        (ci.c.ci_type, query.types),
        (ci.c.state, query.states),
        (ci.c.environment, query.environments),
    ):
        if wanted:
            where.append(column.in_(wanted))
    if not query.states:
        where.append(ci.c.state.not_in(HIDDEN))
    if query.q:
        where.append(or_(ci.c.uid == query.q, cis_matching(query.q)))
    return where


def _order(sort: str) -> Order:
    column = SORTS[sort.removeprefix("-")]

    def bound(key: Key) -> tuple[Any, ...]:
        return (select(column).where(ci.c.id == key[0]).scalar_subquery(), key[0])

    return Order((column, ci.c.id), lambda row: (row.id,), bound, (int,), sort.startswith("-"))


async def _dressed(connection: AsyncConnection, rows: Sequence[AnyRow]) -> tuple[CiRow, ...]:
    ids = [row.id for row in rows]
    seen = await last_seen(connection, ids)
    values = await highlights(connection, ids)
    findings = await _counts(connection, _open(finding.c.ci_id, finding.c.closed_at, ids))
    incidents = await _counts(connection, _open(incident.c.ci_id, incident.c.resolved_at, ids))
    firing = select(alert.c.ci_id, func.count()).where(alert.c.ci_id.in_(ids), alert.c.state == "firing")
    problems = await _counts(connection, firing.group_by(alert.c.ci_id))
    return tuple(
        CiRow(
            **row._mapping,
            last_seen=seen.get(row.id, 0),
            findings=findings.get(row.id, 0),
            incidents=incidents.get(row.id, 0),
            problems=problems.get(row.id, 0),
            values=values.get(row.id, {}),
        )
        for row in rows
    )


def _open(ci_id: ColumnElement[int], closed: ColumnElement[Any], ids: Sequence[int]) -> AnySelect:
    return select(ci_id, func.count()).where(ci_id.in_(ids), closed.is_(None)).group_by(ci_id)


async def _counts(connection: AsyncConnection, statement: AnySelect) -> dict[int, int]:
    return {row[0]: row[1] for row in await connection.execute(statement)}
