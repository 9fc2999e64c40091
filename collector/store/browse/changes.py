"""Changes as a list shows them, and what waits for somebody among them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change.record import State
from collector.store import interning
from collector.store.browse.page import AnyRow, AnySelect, Key, Order, Page, Window, fetch
from collector.store.browse.ref import CiRef
from collector.store.browse.search import cis_matching
from collector.store.schema import change, change_ci, change_task, change_trail, ci, unverified
from collector.store.unverified import Owed, owed, stood


@dataclass(frozen=True, slots=True)
class ChangeQuery:
    """Which changes: of some types and states, somebody takes part in (`who`), on one CI, number or words (`q`).

    `unverified`: only those of which nobody saw something in time after the work.
    `at`: those there were then (ms), each in the state it was in; what it asks for is told as it is now.
    """

    types: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    who: str = ""
    q: str = ""
    ci_id: int | None = None
    at: int | None = None
    unverified: bool = False


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change of a list; times in ms. `cis`: how many it asks for, `first` one of them.

    `unverified`: what nobody saw in time after the work, None: nothing.
    """

    id: int
    number: str
    type: str
    state: str
    title: str
    initiator: str
    implementer: str
    window_start: int | None
    window_end: int | None
    created_at: int
    moved_at: int
    origin: str
    reference: str
    cis: int
    first: CiRef | None
    unverified: Owed | None = None


@dataclass(frozen=True, slots=True)
class TaskRow:
    """Work a helper has for a change, which is not done yet."""

    number: str
    title: str
    text: str
    moved_at: int


async def tasks_of(connection: AsyncConnection, who: str, limit: int) -> tuple[TaskRow, ...]:
    """Return the tasks somebody has in changes that have not ended, the oldest first."""
    wanted = (
        select(change.c.number, change.c.title, change_task.c.text, change.c.moved_at)
        .join(change_task, change_task.c.change_id == change.c.id)
        .where(change_task.c.assignee == who, change_task.c.done_at.is_(None), change.c.state.not_in(_ENDED))
        .order_by(change.c.id, change_task.c.place)
        .limit(limit)
    )
    return tuple(TaskRow(*row) for row in await connection.execute(wanted))


async def list_changes(connection: AsyncConnection, query: ChangeQuery, window: Window) -> Page[ChangeRow]:
    """Return one page of changes, newest first; raise `BadCursor`."""
    where = _where(query)
    count = (await connection.execute(select(func.count()).select_from(change).where(*where))).scalar_one()
    page = await fetch(connection, _statement(query.at).where(*where), _ORDER, window, count)
    first = await refs(connection, [row.first for row in page.items if row.first])
    missed = await owed(connection, [row.id for row in page.items], query.at)
    return page.of([_change(row, first, missed) for row in page.items])


async def refs(connection: AsyncConnection, ci_ids: Collection[int]) -> dict[int, CiRef]:
    """Return CI id → how it is named."""
    found: dict[int, CiRef] = {}
    for part in interning.chunks(sorted(set(ci_ids))):
        for row in await connection.execute(_REFS.where(ci.c.id.in_(part))):
            found[row.id] = CiRef(row.uid, row.name, row.ci_class, row.ci_type, row.state)
    return found


async def count_open(connection: AsyncConnection) -> int:
    """Return how many changes wait for a word or to be confirmed."""
    counted = select(func.count()).where(change.c.state.in_(_WAITING))
    return int((await connection.execute(counted)).scalar_one())


_ENDED = (State.CLOSED, State.CANCELLED)
_WAITING = (State.REQUESTED, State.PLANNED, State.CONFIRMING, State.IMPLEMENTED)
_REFS = select(ci.c.id, ci.c.uid, ci.c.name, ci.c.ci_class, ci.c.ci_type, ci.c.state)
_ASKED = select(change_ci.c.change_id, func.count().label("cis"), func.min(change_ci.c.ci_id).label("first")).group_by(
    change_ci.c.change_id
)


def _statement(at: int | None) -> AnySelect:
    asked = _ASKED.subquery()
    columns = [change.c[name] for name in _OWN if name not in _KEPT.values()]
    moved = [_then(name, at).label(kept) for name, kept in _KEPT.items()]
    return select(*columns, *moved, asked.c.cis, asked.c.first).outerjoin(asked, asked.c.change_id == change.c.id)


_OWN = tuple(name for name in ChangeRow.__slots__ if name not in ("cis", "first", "unverified"))
"""What a change says itself of what a row of the list has."""
_KEPT = {"state": "state", "at": "moved_at"}
"""What a step of the trail says → where a change says it now."""


def _then(name: str, at: int | None) -> ColumnElement[Any]:
    """Return what the last step until `at` (ms) says; for now, and of a change without steps, what the change says."""
    here = change.c[_KEPT[name]]
    if at is None:
        return here
    step = change_trail.c
    last = select(step[name]).where(step.change_id == change.c.id, step.at <= at).order_by(step.id.desc()).limit(1)
    return func.coalesce(last.correlate(change).scalar_subquery(), here)


def _where(query: ChangeQuery) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [] if query.at is None else [change.c.created_at <= query.at]
    if query.types:
        where.append(change.c.type.in_(query.types))
    if query.states:
        where.append(_then("state", query.at).in_(query.states))
    if query.who:
        helps = select(change_task.c.change_id).where(change_task.c.assignee == query.who)
        where.append(or_(change.c.initiator == query.who, change.c.implementer == query.who, change.c.id.in_(helps)))
    if query.ci_id is not None:
        where.append(change.c.id.in_(select(change_ci.c.change_id).where(change_ci.c.ci_id == query.ci_id)))
    if query.unverified:
        where.append(change.c.id.in_(select(unverified.c.change_id).where(stood(query.at))))
    if query.q:
        where.append(_said(query.q))
    return where


def _said(q: str) -> ColumnElement[bool]:
    on = select(change_ci.c.change_id).join(ci, ci.c.id == change_ci.c.ci_id).where(cis_matching(q))
    texts = (change.c.number, change.c.title, change.c.reference)
    return or_(*(text.icontains(q, autoescape=True) for text in texts), change.c.id.in_(on))


def _bound(key: Key) -> tuple[Any, ...]:
    return (key[0],)


_ORDER = Order((change.c.id,), lambda row: (row.id,), _bound, (int,), descending=True)


def _change(row: AnyRow, first: dict[int, CiRef], missed: dict[str, Owed]) -> ChangeRow:
    values = {name: getattr(row, name) for name in _OWN}
    return ChangeRow(**values, cis=row.cis or 0, first=first.get(row.first), unverified=missed.get(row.number))
