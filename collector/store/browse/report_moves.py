"""What moved on many CIs in a time, and what stood open at a moment, as reports list it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import Value
from collector.store import asof
from collector.store.browse.findings import then
from collector.store.browse.page import AnyRow, Key, Order, Page, Window, fetch
from collector.store.browse.reports import Scope, counted, near, of_scope
from collector.store.schema import finding, finding_item, path, val


@dataclass(frozen=True, slots=True)
class Period:
    """A time from `since` up to `until`, not including it (ms)."""

    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Moved:
    """One controlled value that moved: first seen new at `at` (ms), and what is held of it."""

    uid: str
    name: str
    at: int
    section: str
    key: str
    field: str
    old: Value
    new: Value
    verdict: str
    change: str
    finding_id: int
    actor: str


@dataclass(frozen=True, slots=True)
class Standing:
    """One finding that was open; times in ms."""

    finding_id: int
    uid: str
    name: str
    verdict: str
    opened_at: int
    due_at: int | None
    items: int


def _within(period: Period) -> ColumnElement[bool]:
    return (finding_item.c.hi >= period.since) & (finding_item.c.hi < period.until)


async def count_moved(connection: AsyncConnection, ids: Sequence[int], period: Period) -> dict[int, int]:
    """Return CI id → how many controlled values of it moved in the period."""
    statement = (
        select(finding.c.ci_id, func.count())
        .join(finding_item, finding_item.c.finding_id == finding.c.id)
        .where(finding.c.ci_id.in_(ids), _within(period))
        .group_by(finding.c.ci_id)
    )
    return {row[0]: row[1] for row in await connection.execute(statement)}


async def count_open(connection: AsyncConnection, ids: Sequence[int], at: int) -> dict[int, int]:
    """Return CI id → how many findings of it were open at a time (ms)."""
    statement = select(finding.c.ci_id, func.count()).where(finding.c.ci_id.in_(ids), then(at).is_open)
    return {row[0]: row[1] for row in await connection.execute(statement.group_by(finding.c.ci_id))}


async def by_verdict(connection: AsyncConnection, scope: Scope, period: Period) -> dict[str, int]:
    """Return verdict → how many controlled values moved in the period with it."""
    its = asof.cis(scope.moment)
    statement = (
        select(finding_item.c.verdict, func.count())
        .join(finding, finding.c.id == finding_item.c.finding_id)
        .join(its, its.c.id == finding.c.ci_id)
        .where(_within(period), *of_scope(scope, its))
        .group_by(finding_item.c.verdict)
    )
    return {row[0]: row[1] for row in await connection.execute(statement)}


_BEFORE, _AFTER = val.alias("before"), val.alias("after")
_MOVED = (
    select(
        finding_item.c.finding_id, finding_item.c.path_id, finding_item.c.field, finding_item.c.hi,
        finding_item.c.source_id, finding_item.c.verdict, finding_item.c.change, finding_item.c.actor,
        path.c.section, path.c.key, _BEFORE.c.text.label("before"), _AFTER.c.text.label("after"),
    )
    .join(finding, finding.c.id == finding_item.c.finding_id)
    .join(path, path.c.id == finding_item.c.path_id)
    .outerjoin(_BEFORE, _BEFORE.c.id == finding_item.c.old_val_id)
    .outerjoin(_AFTER, _AFTER.c.id == finding_item.c.new_val_id)
)  # fmt: skip
_MOVED_ORDER = Order(
    (
        finding_item.c.finding_id, finding_item.c.path_id, finding_item.c.field, finding_item.c.hi,
        finding_item.c.source_id,
    ),
    lambda row: (row.finding_id, row.path_id, row.field, row.hi, row.source_id), lambda key: key,
    (int, int, str, int, int),
)  # fmt: skip


async def moved(connection: AsyncConnection, scope: Scope, period: Period, window: Window) -> Page[Moved]:
    """Return one page of what moved in the period, in the order in which it was found; raise `BadCursor`."""
    its = asof.cis(scope.moment)
    on, where = its.c.id == finding.c.ci_id, [_within(period), *of_scope(scope, its)]
    joined = finding_item.join(finding, finding.c.id == finding_item.c.finding_id).join(its, on)
    count = await counted(connection, select(func.count()).select_from(joined).where(*where), window)
    told = _MOVED.add_columns(its.c.uid, its.c.name).join(its, on).where(*where, *near(_MOVED_ORDER, window))
    page = await fetch(connection, told, _MOVED_ORDER, window, count)
    return page.of([_moved(row) for row in page.items])


def _moved(row: AnyRow) -> Moved:
    old, new = (None if text is None else json.loads(text) for text in (row.before, row.after))
    return Moved(
        row.uid, row.name, row.hi, row.section, row.key, row.field, old, new, row.verdict, row.change, row.finding_id,
        row.actor,
    )  # fmt: skip


def _same(key: Key) -> Key:
    return key


_OPEN_ORDER = Order((finding.c.id,), lambda row: (row.id,), _same, (int,))
_ITEMS = (
    select(func.count())
    .select_from(finding_item)
    .where(finding_item.c.finding_id == finding.c.id)
    .correlate(finding)
    .scalar_subquery()
)


async def open_findings(connection: AsyncConnection, scope: Scope, at: int, window: Window) -> Page[Standing]:
    """Return one page of the findings that were open at a time (ms), with the verdict known then, oldest first.

    Raise `BadCursor`.
    """
    stood = then(at)
    its = asof.cis(scope.moment)
    where = [stood.is_open, *of_scope(scope, its)]
    joined = finding.join(its, its.c.id == finding.c.ci_id)
    statement = select(
        finding.c.id, its.c.uid, its.c.name, stood.verdict, finding.c.opened_at, finding.c.due_at, _ITEMS.label("items")
    ).select_from(joined)
    count = await counted(connection, select(func.count()).select_from(joined).where(*where), window)
    page = await fetch(connection, statement.where(*where, *near(_OPEN_ORDER, window)), _OPEN_ORDER, window, count)
    return page.of([Standing(*row) for row in page.items])
