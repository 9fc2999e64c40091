"""What reports read of many CIs at once: heads page by page, and for each page the values, sections and software."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Subquery, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import FOREVER, Value
from collector.stocktake import Outcome
from collector.store import asof
from collector.store.asof import Moment
from collector.store.browse.facts import status_of
from collector.store.browse.page import AnySelect, Key, Order, Page, Window, decode, fetch
from collector.store.schema import ci, fact, path, relation, section, source, stocktake_mark, val
from wire.sections import APART

SOFTWARE_KINDS = ("installed_on", "runs_on")
"""How software CIs hang on what they are on."""
THERE = (Outcome.CONFIRMED, Outcome.MOVED, Outcome.FOUND)
"""What people say of a thing they stand before."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which CIs: of these classes (empty: all), there now or at `moment`, as they stood; archived ones are left out.

    `in_service`: only those the regulation speaks of: in production, and not retired.
    """

    moment: Moment | None = None
    classes: tuple[str, ...] = ()
    in_service: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """One CI as it stands in a list; times in ms."""

    id: int
    uid: str
    name: str
    ci_class: str
    ci_type: str
    state: str
    created_at: int


def of_scope(scope: Scope, its: FromClause = ci) -> list[ColumnElement[bool]]:
    """Return the conditions a CI of `scope` meets, among `its`: CIs as they stand now or stood.

    Nearly all are merged into none: asked as a function, so that SQLite does not begin with the index of that.
    """
    where: list[ColumnElement[bool]] = [func.coalesce(its.c.merged_into, 0) == 0, its.c.state != "archived"]
    if scope.classes:
        where.append(its.c.ci_class.in_(scope.classes))
    if scope.in_service:
        where += [its.c.environment == "production", its.c.state != "retired"]
    return where


def _by_name(its: FromClause) -> Order:
    def bound(key: Key) -> tuple[Any, ...]:
        return (select(its.c.name).where(its.c.id == key[0]).scalar_subquery(), key[0])

    return Order((its.c.name, its.c.id), lambda row: (row.id,), bound, (int,))


def near(order: Order, window: Window) -> list[ColumnElement[bool]]:
    """Return, for a part behind the first, what lets an index find where it begins: of rows compared whole none can.

    Raise `BadCursor`.
    """
    if not window.cursor:
        return []
    back, key = decode(window.cursor, order.kinds)
    leading, here = order.columns[0], order.bound(key)[0]
    return [leading <= here if back else leading >= here]


async def heads(connection: AsyncConnection, scope: Scope, window: Window) -> Page[Head]:
    """Return one page of CIs by name, the first with how many there are; raise `BadCursor`."""
    its = asof.cis(scope.moment)
    order, where = _by_name(its), of_scope(scope, its)
    count = await counted(connection, select(func.count()).select_from(its).where(*where), window)
    own = select(*(its.c[name] for name in Head.__slots__))
    page = await fetch(connection, own.where(*where, *near(order, window)), order, window, count)
    return page.of([Head(*row) for row in page.items])


async def counted(connection: AsyncConnection, statement: AnySelect, window: Window) -> int:
    """Return how many rows there are in all: asked once, for the first part, as a long report has hundreds of them."""
    return 0 if window.cursor else int((await connection.execute(statement)).scalar_one())


async def values(
    connection: AsyncConnection, ids: Sequence[int], wanted: Collection[tuple[str, str]], moment: Moment | None
) -> dict[int, dict[str, Value]]:
    """Return CI id → dotted path → value of what is `wanted`, now or at `moment`."""
    named = await _path_ids(connection, wanted)
    held = _held(fact.c.ci_id.in_(ids) & fact.c.path_id.in_(named), moment)
    statement = select(held.c.ci_id, held.c.path_id, val.c.text).join(val, val.c.id == held.c.val_id)
    found: dict[int, dict[str, Value]] = {}
    for ci_id, path_id, text in await connection.execute(statement):
        found.setdefault(ci_id, {})[named[path_id]] = json.loads(text)
    return found


async def _path_ids(connection: AsyncConnection, wanted: Collection[tuple[str, str]]) -> dict[int, str]:
    keys: dict[str, list[str]] = {}
    for name, key in wanted:
        keys.setdefault(name, []).append(key)
    of_any = or_(*(and_(path.c.section == name, path.c.key.in_(its)) for name, its in keys.items()))
    rows = await connection.execute(select(path.c.id, path.c.section, path.c.key).where(of_any))
    return {row[0]: f"{row[1]}.{row[2]}" for row in rows}


async def elements(
    connection: AsyncConnection, ids: Sequence[int], name: str, moment: Moment | None
) -> dict[int, dict[str, Value]]:
    """Return CI id → key → element of one section, now or at `moment`."""
    held = _held(fact.c.ci_id.in_(ids) & fact.c.path_id.in_(_of_section(name)), moment)
    statement = (
        select(held.c.ci_id, path.c.key, val.c.text)
        .join(path, path.c.id == held.c.path_id)
        .join(val, val.c.id == held.c.val_id)
        .order_by(held.c.ci_id, path.c.key)
    )
    found: dict[int, dict[str, Value]] = {}
    for ci_id, key, text in await connection.execute(statement):
        found.setdefault(ci_id, {})[key] = json.loads(text)
    return found


async def having(connection: AsyncConnection, ids: Sequence[int], name: str) -> set[int]:
    """Return which of these CIs have any value in a section now."""
    held = _held(fact.c.ci_id.in_(ids) & fact.c.path_id.in_(_of_section(name)), None)
    rows = await connection.execute(select(held.c.ci_id).distinct())
    return {row[0] for row in rows}


def _held(which: ColumnElement[bool], moment: Moment | None) -> Subquery:
    """Return the facts of some CIs that hold now, or held at `moment`.

    `>=` where `=` would do keeps SQLite from the index of current values, by which it reads a path of all CIs.
    """
    if moment is not None:
        return asof.held(fact, which, moment)
    now = (fact.c.vt >= FOREVER) & (fact.c.tt == FOREVER) & fact.c.val_id.is_not(None)
    return select(fact.c.ci_id, fact.c.path_id, fact.c.val_id).where(which, now).subquery()


def _of_section(name: str) -> Any:
    return select(path.c.id).where(path.c.section == name)


async def installed(
    connection: AsyncConnection, ids: Sequence[int], moment: Moment | None
) -> dict[int, dict[int, str]]:
    """Return CI id → software CIs on it, id → name, now or at `moment`."""
    its = asof.cis(moment)
    statement = (
        select(relation.c.b, its.c.id, its.c.name)
        .join(its, its.c.id == relation.c.a)
        .where(relation.c.b.in_(ids), relation.c.kind.in_(SOFTWARE_KINDS), asof.related(moment))
        .where(its.c.ci_class.in_(("system_software", "application")))
        .order_by(its.c.name, its.c.id)
    )
    found: dict[int, dict[int, str]] = {}
    for host, software, name in await connection.execute(statement):
        found.setdefault(host, {})[software] = name
    return found


async def read_well(connection: AsyncConnection, ids: Sequence[int]) -> dict[int, Mapping[str, int]]:
    """Return CI id → section → when any source last gave it well (ms); what a source never gave is not there."""
    statement = (
        select(section.c.ci_id, section.c.name, section.c.status, section.c.last_ok, source.c.confirmed_at)
        .join(source, source.c.id == section.c.source_id)
        .where(section.c.ci_id.in_(ids), section.c.name.not_in(APART))
    )
    found: dict[int, dict[str, int]] = {}
    for ci_id, name, status, last_ok, confirmed_at in await connection.execute(statement):
        at = max(last_ok, confirmed_at) if status_of(status).speaks else last_ok
        if at:
            known = found.setdefault(ci_id, {})
            known[name] = max(known.get(name, 0), at)
    return dict(found)


async def counted_at(connection: AsyncConnection, ids: Sequence[int]) -> dict[int, int]:
    """Return CI id → when people last stood before it, in a round or a stock-take (ms); of each the last word."""
    mark = stocktake_mark.c
    last = select(func.max(mark.id)).where(mark.ci_id.in_(ids)).group_by(mark.stocktake_id, mark.ci_id)
    there = select(mark.ci_id, func.max(mark.at)).where(mark.id.in_(last), mark.outcome.in_(THERE))
    return {row[0]: row[1] for row in await connection.execute(there.group_by(mark.ci_id))}
