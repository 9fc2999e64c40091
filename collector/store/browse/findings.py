"""Findings with their items: what moved, between when and when, against what was authorised."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, case, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import Value
from collector.reverting import Revert
from collector.store import interning, reverts
from collector.store.browse.page import AnyRow, AnySelect, Key, Order, Page, Window, fetch
from collector.store.browse.ref import CiRef
from collector.store.browse.search import cis_matching
from collector.store.schema import ci, finding, finding_item, finding_past, path, revert, source, val

STATES = ("open", "closed")


@dataclass(frozen=True, slots=True)
class FindingQuery:
    """Which findings: open or closed ones (empty: both), of some verdicts, of CIs that match `q`, of one CI.

    `to_put_back`: what somebody is to put back; `assignee`: who; `overdue_at`: should have before (ms).

    `at`: as they stood then (ms): those there were, open or closed, with the verdict known then, or, where it is
    given, at `known_at`. How one stood is kept since there is `finding_past`; before that it is told as it stood first.
    """

    states: tuple[str, ...] = ()
    verdicts: tuple[str, ...] = ()
    q: str = ""
    ci_id: int | None = None
    to_put_back: bool = False
    assignee: str = ""
    overdue_at: int | None = None
    at: int | None = None
    known_at: int | None = None


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One value, or one field of it, that drifted inside [lo, hi] (ms); None: absent.

    `change` explains it, or comes nearest; `refused`: (change, reason, what it lacks, how late in ms) of the others.
    """

    section: str
    key: str
    field: str
    authorised: Value
    old: Value
    new: Value
    lo: int
    hi: int
    verdict: str
    change: str
    flags: tuple[str, ...]
    refused: tuple[tuple[str, str, str, int], ...]
    late_ms: int
    due_at: int | None
    closed_at: int | None
    actor: str
    claimed: bool
    source: str

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One finding; times in ms."""

    id: int
    ci: CiRef
    verdict: str
    lo: int
    hi: int
    opened_at: int
    closed_at: int | None
    source: str
    items: tuple[ItemRow, ...] = ()
    ci_id: int = 0
    due_at: int | None = None
    waived_until: int | None = None
    revert: Revert | None = None
    """The task to put it back that stands."""

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def sources(self) -> tuple[str, ...]:
        """Who showed it, each once, as they are called."""
        return tuple(dict.fromkeys(item.source for item in self.items)) or (self.source,)

    @property
    def moved(self) -> tuple[tuple[str, str], ...]:
        """Section and key of each value that moved, once, also where it moved several times."""
        return tuple(dict.fromkeys((item.section, item.key) for item in self.items))


async def list_findings(connection: AsyncConnection, query: FindingQuery, window: Window) -> Page[FindingRow]:
    """Return one page of findings with their items, newest first; raise `BadCursor`."""
    where = _where(query)
    counted = select(func.count()).select_from(finding.join(ci, ci.c.id == finding.c.ci_id)).where(*where)
    count = (await connection.execute(counted)).scalar_one()
    page = await fetch(connection, _findings(_then(query)).where(*where), _ORDER, window, count)
    rows = await _dressed(connection, page.items)
    return page.of(rows if query.at is None else tuple(_as_of(row, query.at) for row in rows))


def _as_of(row: FindingRow, at: int) -> FindingRow:
    """Return a finding with what had moved by then, and without what is to be done about it now."""
    items = tuple(item for item in row.items if item.hi <= at)
    closed_at = None if row.closed_at is None or row.closed_at > at else row.closed_at
    return replace(row, items=items, closed_at=closed_at, due_at=None, waived_until=None, revert=None)


async def one_finding(connection: AsyncConnection, number: int) -> FindingRow | None:
    rows = (await connection.execute(_findings().where(finding.c.id == number))).all()
    found = await _dressed(connection, rows)
    return found[0] if found else None


async def some_findings(connection: AsyncConnection, numbers: Collection[int]) -> tuple[FindingRow, ...]:
    """Return the findings with those numbers, in the order of their numbers."""
    found: list[FindingRow] = []
    for part in interning.chunks(sorted(numbers)):
        rows = (await connection.execute(_findings().where(finding.c.id.in_(part)).order_by(finding.c.id))).all()
        found += await _dressed(connection, rows)
    return tuple(found)


async def count_open(connection: AsyncConnection) -> dict[str, int]:
    """Return verdict → open findings."""
    statement = select(finding.c.verdict, func.count()).where(finding.c.closed_at.is_(None)).group_by(finding.c.verdict)
    return {row[0]: row[1] for row in await connection.execute(statement)}


@dataclass(frozen=True, slots=True)
class Then:
    """Verdict and end of a finding, and whether it was there and open: as they are, or as they were."""

    verdict: ColumnElement[Any]
    closed_at: ColumnElement[Any]
    is_open: ColumnElement[bool]


_NOW: Final = Then(finding.c.verdict, finding.c.closed_at, finding.c.closed_at.is_(None))


def then(at: int, known_at: int | None = None) -> Then:
    """Return how findings stood at a time (ms), with the verdict of then or of `known_at`.

    That is the first that was kept after it, else as they stand now.
    """
    is_kept = exists().where(finding_past.c.finding_id == finding.c.id, finding_past.c.until > at)
    closed_at = case((is_kept, _kept(at, "closed_at")), else_=finding.c.closed_at)
    verdict = func.coalesce(_kept(at if known_at is None else known_at, "verdict"), finding.c.verdict)
    is_open = (finding.c.opened_at <= at) & or_(closed_at.is_(None), closed_at > at)
    return Then(verdict.label("verdict"), closed_at.label("closed_at"), is_open)


def _then(query: FindingQuery) -> Then:
    return _NOW if query.at is None else then(query.at, query.known_at)


def _kept(at: int, name: str) -> ColumnElement[Any]:
    past = finding_past.c
    wanted = select(past[name]).where(past.finding_id == finding.c.id, past.until > at)
    return wanted.order_by(past.until).limit(1).correlate(finding).scalar_subquery()


def _findings(stood: Then = _NOW) -> AnySelect:
    return (
        select(
            finding.c.id, stood.verdict, finding.c.lo, finding.c.hi, finding.c.opened_at, stood.closed_at,
            finding.c.ci_id, source.c.code, finding.c.due_at, finding.c.waived_until,
            ci.c.uid, ci.c.name, ci.c.ci_class, ci.c.ci_type, ci.c.state,
        )
        .join(ci, ci.c.id == finding.c.ci_id)
        .join(source, source.c.id == finding.c.source_id)
    )  # fmt: skip


def _where(query: FindingQuery) -> list[ColumnElement[bool]]:
    stood = _then(query)
    where: list[ColumnElement[bool]] = [] if query.at is None else [finding.c.opened_at <= query.at]
    if len(set(query.states)) == 1:
        where.append(stood.is_open if query.states[0] == "open" else ~stood.is_open)
    if query.verdicts:
        where.append(stood.verdict.in_(query.verdicts))
    if query.ci_id is not None:
        where.append(finding.c.ci_id == query.ci_id)
    if query.to_put_back or query.assignee or query.overdue_at is not None:
        where.append(finding.c.id.in_(_tasks(query)))
    if query.q:
        where.append(cis_matching(query.q))
    return where


def _tasks(query: FindingQuery) -> AnySelect:
    """Return the findings somebody is to put back, as far as these are asked for."""
    its = select(revert.c.finding_id).where(revert.c.ended_at.is_(None))
    its = its.where(revert.c.assignee == query.assignee) if query.assignee else its
    return its if query.overdue_at is None else its.where(revert.c.due_at <= query.overdue_at)


def _bound(key: Key) -> tuple[Any, ...]:
    return (select(finding.c.opened_at).where(finding.c.id == key[0]).scalar_subquery(), key[0])


_ORDER = Order((finding.c.opened_at, finding.c.id), lambda row: (row.id,), _bound, (int,), descending=True)


async def _dressed(connection: AsyncConnection, rows: Sequence[AnyRow]) -> tuple[FindingRow, ...]:
    ids = [row.id for row in rows]
    items, tasks = await _items(connection, ids), await reverts.of_findings(connection, ids)
    return tuple(
        FindingRow(
            row.id, CiRef(*row[10:15]), row.verdict, row.lo, row.hi, row.opened_at, row.closed_at, row.code,
            items.get(row.id, ()), row.ci_id, row.due_at, row.waived_until, tasks.get(row.id),
        )
        for row in rows
    )  # fmt: skip


async def _items(connection: AsyncConnection, ids: Sequence[int]) -> dict[int, tuple[ItemRow, ...]]:
    authorised, old, new = val.alias("authorised"), val.alias("old"), val.alias("new")
    statement = (
        select(
            finding_item, source.c.code, path.c.section, path.c.key, authorised.c.text.label("a"),
            old.c.text.label("o"), new.c.text.label("n"),
        )
        .join(path, path.c.id == finding_item.c.path_id)
        .join(source, source.c.id == finding_item.c.source_id)
        .outerjoin(authorised, authorised.c.id == finding_item.c.auth_val_id)
        .outerjoin(old, old.c.id == finding_item.c.old_val_id)
        .outerjoin(new, new.c.id == finding_item.c.new_val_id)
        .where(finding_item.c.finding_id.in_(ids))
        .order_by(path.c.section, path.c.key, finding_item.c.field, finding_item.c.hi, source.c.code)
    )  # fmt: skip
    found: dict[int, tuple[ItemRow, ...]] = {}
    for row in await connection.execute(statement):
        found[row.finding_id] = (*found.get(row.finding_id, ()), _item(row))
    return found


def _item(row: AnyRow) -> ItemRow:
    authorised, old, new = (None if text is None else json.loads(text) for text in (row.a, row.o, row.n))
    refused = tuple(
        (change, reason, ".".join(gap or ()), late_ms) for change, reason, gap, late_ms in json.loads(row.refused)
    )
    return ItemRow(
        row.section, row.key, row.field, authorised, old, new, row.lo, row.hi, row.verdict, row.change,
        tuple(json.loads(row.flags)), refused, row.late_ms, row.due_at, row.closed_at, row.actor, bool(row.claimed),
        row.code,
    )  # fmt: skip
