"""CIs as lists and one by one, with what a list shows beside the name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, Table, bindparam, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import Value
from collector.store import asof
from collector.store.asof import Moment
from collector.store.browse.highlights import highlights
from collector.store.browse.page import AnySelect, Key, Order, Page, Window, fetch
from collector.store.browse.ref import CiRef
from collector.store.browse.search import cis_matching, nearness
from collector.store.browse.seen import last_seen
from collector.store.schema import alert, ci, finding, incident

SORTS: Final = {"name": "name", "class": "ci_class", "type": "ci_type", "state": "state", "created": "created_at"}
NEAREST: Final = "nearest"
"""The order of a search: what is called just so, what begins so, the others; by name among them."""
HIDDEN = ("archived",)
"""States a list leaves out unless they are asked for."""


@dataclass(frozen=True, slots=True)
class CiQuery:
    """Which CIs. An empty tuple means any; `sort` is a word of `SORTS`, a leading '-' turns it round, or `NEAREST`.

    `moment`: those that were there and known then, as they stood: with their values, findings and incidents.
    """

    classes: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    q: str = ""
    sort: str = "name"
    moment: Moment | None = None


@dataclass(frozen=True, slots=True)
class CiRow:
    """One CI of a list. `values` are the current facts a list may show, by dotted path; times in ms, 0: never.

    `merged_into`: the uid of the CI it is since it was merged, which `one` tells; such a CI is archived.
    """

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
    merged_into: str = ""

    @property
    def ref(self) -> CiRef:
        return CiRef(self.uid, self.name, self.ci_class, self.ci_type, self.state)


_NAMES: Final = ("id", "uid", "name", "ci_class", "ci_type", "state", "environment", "label", "created_at")


async def list_cis(connection: AsyncConnection, query: CiQuery, window: Window) -> Page[CiRow]:
    """Return one page of the CIs that match; raise `BadCursor`, and KeyError for a sort that is not in `SORTS`."""
    its = asof.cis(query.moment)
    order = _order(query, its)
    where = _where(query, its)
    count = (await connection.execute(select(func.count()).select_from(its).where(*where))).scalar_one()
    page = await fetch(connection, _columns(its).where(*where), order, window, count)
    rows = [CiRow(*row) for row in page.items]
    return page.of(await _dressed(connection, rows, query.moment))


async def one(connection: AsyncConnection, uid: str, moment: Moment | None = None) -> CiRow | None:
    """Return the CI with that uid, merged and archived ones too; as it stood at `moment` if anybody knew of it."""
    found = await head(connection, uid, moment)
    if found is None:
        return None if moment is None else await one(connection, uid)
    (dressed,) = await _dressed(connection, [found], moment)
    return dressed


async def head(connection: AsyncConnection, uid: str, moment: Moment | None = None) -> CiRow | None:
    """Return the CI with that uid as it stands, or stood at `moment`, and nothing of what is open on it."""
    asked: dict[str, object] = {"uid": uid}
    if moment is not None:
        asked |= {"valid_at": moment.valid_at, "known_at": moment.known_at}
    row = (await connection.execute(_head(moment is not None), asked)).one_or_none()
    if row is None:
        return None
    *own, merged = row
    found = CiRow(*own)
    return replace(found, state="archived", merged_into=merged) if merged else found


@cache
def _head(is_past: bool) -> AnySelect:
    its, into = asof.cis(asof.ASKED if is_past else None), ci.alias("into")
    own = _columns(its).add_columns(into.c.uid.label("merged"))
    return own.outerjoin_from(its, into, into.c.id == its.c.merged_into).where(its.c.uid == bindparam("uid"))


async def by_class(connection: AsyncConnection) -> dict[tuple[str, str, str], int]:
    """Return how many CIs there are by (class, type, state)."""
    columns = (ci.c.ci_class, ci.c.ci_type, ci.c.state)
    found = await connection.execute(
        select(*columns, func.count()).where(ci.c.merged_into.is_(None)).group_by(*columns)
    )
    return {(row[0], row[1], row[2]): row[3] for row in found}


async def first_hosts(connection: AsyncConnection, classes: Sequence[str], limit: int) -> tuple[CiRow, ...]:
    """Return the CIs of `classes` that were known first."""
    wanted = _columns(ci).where(ci.c.ci_class.in_(classes), ci.c.merged_into.is_(None))
    rows = (await connection.execute(wanted.order_by(ci.c.id).limit(limit))).all()
    return await _dressed(connection, [CiRow(*row) for row in rows])


def _columns(its: FromClause) -> AnySelect:
    return select(*(its.c[name] for name in _NAMES))


def _where(query: CiQuery, its: FromClause) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [its.c.merged_into.is_(None)]
    for column, wanted in (
        (its.c.ci_class, query.classes),
        (its.c.ci_type, query.types),
        (its.c.state, query.states),
        (its.c.environment, query.environments),
    ):
        if wanted:
            where.append(column.in_(wanted))
    if not query.states:
        where.append(its.c.state.not_in(HIDDEN))
    if query.q:
        where.append(or_(its.c.uid == query.q, cis_matching(query.q, its)))
    return where


def _order(query: CiQuery, its: FromClause) -> Order:
    is_nearest = query.sort == NEAREST
    columns = (nearness(query.q, its), its.c.name) if is_nearest else (its.c[SORTS[query.sort.removeprefix("-")]],)

    def bound(key: Key) -> tuple[Any, ...]:
        return (*(select(each).where(its.c.id == key[0]).scalar_subquery() for each in columns), key[0])

    return Order((*columns, its.c.id), lambda row: (row.id,), bound, (int,), query.sort.startswith("-"))


async def _dressed(
    connection: AsyncConnection, rows: Sequence[CiRow], moment: Moment | None = None
) -> tuple[CiRow, ...]:  # fmt: skip
    ids = [row.id for row in rows]
    seen = await last_seen(connection, ids) if moment is None else {}
    values = await highlights(connection, ids, moment)
    findings = await _counts(connection, _open(finding, finding.c.closed_at, ids, moment))
    incidents = await _counts(connection, _open(incident, incident.c.resolved_at, ids, moment))
    firing = select(alert.c.ci_id, func.count()).where(alert.c.ci_id.in_(ids), alert.c.state == "firing")
    problems = await _counts(connection, firing.group_by(alert.c.ci_id)) if moment is None else {}
    return tuple(
        replace(
            row,
            last_seen=seen.get(row.id, 0),
            findings=findings.get(row.id, 0),
            incidents=incidents.get(row.id, 0),
            problems=problems.get(row.id, 0),
            values=values.get(row.id, {}),
        )
        for row in rows
    )


def _open(table: Table, closed: ColumnElement[Any], ids: Sequence[int], moment: Moment | None) -> AnySelect:
    """How many of `table` are open of each CI, or were at `moment`."""
    is_open: ColumnElement[bool] = closed.is_(None)
    if moment is not None:
        then = min(moment.valid_at, moment.known_at)
        is_open = (table.c.opened_at <= then) & (is_open | (closed > then))
    return select(table.c.ci_id, func.count()).where(table.c.ci_id.in_(ids), is_open).group_by(table.c.ci_id)


async def _counts(connection: AsyncConnection, statement: AnySelect) -> dict[int, int]:
    return {row[0]: row[1] for row in await connection.execute(statement)}
