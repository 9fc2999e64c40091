"""Stock-takes as a list shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.stocktake import Outcome
from collector.store import rounds
from collector.store.browse.page import AnyRow, AnySelect, Key, Order, Page, Window, fetch
from collector.store.schema import stocktake, stocktake_due, stocktake_line, stocktake_mark, stocktake_person


@dataclass(frozen=True, slots=True)
class StocktakeQuery:
    """Which stock-takes: of some kinds and states (open, closed, cancelled), that somebody counts in.

    `q`: number or title; `overdue_at`: open longer than they may be at a time (ms); `plan_id`: that came by one plan.
    """

    kinds: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    who: str = ""
    q: str = ""
    overdue_at: int = 0
    plan_id: int = 0


@dataclass(frozen=True, slots=True)
class StocktakeRow:
    """One stock-take of a list; times in ms. `lines`: what is expected, `said`: of how many something was said.

    `due_at` and `assignee`: of one that came by a plan, 0 and empty of others.
    """

    id: int
    number: str
    kind: str
    title: str
    blind: bool
    opened_by: str
    opened_at: int
    closed_at: int | None
    closed_by: str
    cancelled: bool = False
    lines: int = 0
    said: int = 0
    people: tuple[str, ...] = ()
    due_at: int = 0
    assignee: str = ""

    @property
    def state(self) -> str:
        return state_of(self.closed_at, self.cancelled)

    def is_overdue(self, now: int) -> bool:
        """Return whether it is open longer than it may be at `now` (ms)."""
        return self.closed_at is None and 0 < self.due_at < now


def state_of(closed_at: int | None, cancelled: bool) -> str:
    """Return how a stock-take stands: open, closed, or cancelled: closed without being done."""
    return "open" if closed_at is None else "cancelled" if cancelled else "closed"


_IN_STATE = {
    "open": stocktake.c.closed_at.is_(None),
    "closed": stocktake.c.closed_at.is_not(None) & ~stocktake.c.cancelled, "cancelled": stocktake.c.cancelled,
}  # fmt: skip
_COLUMNS = (
    stocktake.c.id, stocktake.c.number, stocktake.c.kind, stocktake.c.title, stocktake.c.blind, stocktake.c.opened_by,
    stocktake.c.opened_at, stocktake.c.closed_at, stocktake.c.closed_by, stocktake.c.cancelled,
)  # fmt: skip


async def list_stocktakes(connection: AsyncConnection, query: StocktakeQuery, window: Window) -> Page[StocktakeRow]:
    """Return one page of stock-takes, newest first; raise `BadCursor`."""
    where = _where(query)
    count = (await connection.execute(select(func.count()).select_from(stocktake).where(*where))).scalar_one()
    page = await fetch(connection, select(*_COLUMNS).where(*where), _ORDER, window, count)
    return page.of(await _dressed(connection, page.items))


async def count_open(connection: AsyncConnection, who: str) -> int:
    """Return in how many open stock-takes somebody counts."""
    counted = select(func.count()).select_from(stocktake).where(*_where(StocktakeQuery(states=("open",), who=who)))
    return int((await connection.execute(counted)).scalar_one())


def _where(query: StocktakeQuery) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if query.kinds:
        where.append(stocktake.c.kind.in_(query.kinds))
    if asked := [_IN_STATE[each] for each in query.states if each in _IN_STATE]:
        where.append(or_(*asked))
    if query.who:
        counts = select(stocktake_person.c.stocktake_id).where(stocktake_person.c.account == query.who)
        where.append(stocktake.c.id.in_(counts))
    if query.overdue_at:
        late = (stocktake_due.c.due_at > 0, stocktake_due.c.due_at < query.overdue_at)
        where += [stocktake.c.closed_at.is_(None), stocktake.c.id.in_(_planned(*late))]
    if query.plan_id:
        where.append(stocktake.c.id.in_(_planned(stocktake_due.c.plan_id == query.plan_id)))
    if query.q:
        texts = (stocktake.c.number, stocktake.c.title)
        where.append(or_(*(text.icontains(query.q, autoescape=True) for text in texts)))
    return where


def _planned(*where: ColumnElement[bool]) -> AnySelect:
    return select(stocktake_due.c.stocktake_id).where(*where)


async def _dressed(connection: AsyncConnection, rows: tuple[AnyRow, ...]) -> tuple[StocktakeRow, ...]:
    ids = [row.id for row in rows]
    lines = await _counts(connection, select(stocktake_line.c.stocktake_id, func.count()).where(
        stocktake_line.c.stocktake_id.in_(ids)).group_by(stocktake_line.c.stocktake_id))  # fmt: skip
    said = await _counts(connection, _said(ids))
    people: dict[int, list[str]] = {}
    counts = select(stocktake_person).where(stocktake_person.c.stocktake_id.in_(ids))
    for each in await connection.execute(counts.order_by(stocktake_person.c.account)):
        people.setdefault(each.stocktake_id, []).append(each.account)
    due = await rounds.of_many(connection, ids)
    return tuple(
        StocktakeRow(
            **row._mapping, lines=lines.get(row.id, 0), said=said.get(row.id, 0),
            people=tuple(people.get(row.id, ())), due_at=due[row.id].due_at if row.id in due else 0,
            assignee=due[row.id].assignee if row.id in due else "",
        )
        for row in rows
    )  # fmt: skip


def _said(ids: list[int]) -> AnySelect:
    """Of how many lines the last word is none that takes back."""
    mark, line = stocktake_mark.c, stocktake_line.c
    last = (
        select(func.max(mark.id).label("id")).where(mark.stocktake_id.in_(ids)).group_by(mark.stocktake_id, mark.ci_id)
    ).subquery()
    expected = stocktake_mark.join(last, last.c.id == mark.id).join(
        stocktake_line, (line.stocktake_id == mark.stocktake_id) & (line.ci_id == mark.ci_id)
    )
    counted = select(mark.stocktake_id, func.count()).select_from(expected)
    return counted.where(mark.outcome != str(Outcome.WITHDRAWN)).group_by(mark.stocktake_id)


async def _counts(connection: AsyncConnection, statement: AnySelect) -> dict[int, int]:
    return {row[0]: row[1] for row in await connection.execute(statement)}


def _bound(key: Key) -> tuple[Any, ...]:
    return (key[0],)


_ORDER = Order((stocktake.c.id,), lambda row: (row.id,), _bound, (int,), descending=True)
