"""Runs of periodic maintenance as a list shows them, and what each handler has done of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.inspecting.line import State
from collector.store.browse.page import Key, Order, Page, Window, fetch
from collector.store.inspection_runs import CANCELLED, DONE, OPEN, SIGNED, UNFINISHED, Run, run_of
from collector.store.schema import inspection_answer, inspection_run

_run = inspection_run.c
OVERDUE = "overdue"
STATES = (OPEN, SIGNED, DONE, CANCELLED)


@dataclass(frozen=True, slots=True)
class RunQuery:
    """Which runs: in some states, of one plan, somebody's (`who`), overdue at a time (ms), number or title (`q`)."""

    states: tuple[str, ...] = ()
    who: str = ""
    overdue_at: int = 0
    q: str = ""
    plan_id: int = 0


@dataclass(frozen=True, slots=True)
class HandlerRow:
    """What somebody did of the maintenance due in a span: runs given to them, done, done in time, overdue; items
    filled in, and problems those runs told of."""

    who: str
    runs: int
    done: int
    in_time: int
    overdue: int
    items: int
    problems: int


async def list_runs(connection: AsyncConnection, query: RunQuery, window: Window) -> Page[Run]:
    """Return one page of runs, newest first; raise `BadCursor`."""
    where = _where(query)
    count = (await connection.execute(select(func.count()).select_from(inspection_run).where(*where))).scalar_one()
    page = await fetch(connection, select(inspection_run).where(*where), _ORDER, window, count)
    return page.of([run_of(row) for row in page.items])


async def count_waiting(connection: AsyncConnection, who: str) -> int:
    """Return how many runs wait for somebody to fill them in."""
    where = _where(RunQuery((OPEN,), who))
    return int((await connection.execute(select(func.count()).select_from(inspection_run).where(*where))).scalar_one())


async def count_states(connection: AsyncConnection, now: int) -> dict[str, int]:
    """Return state → runs, those overdue at `now` (ms) beside them."""
    rows = await connection.execute(select(_run.state, func.count()).group_by(_run.state))
    found = {row[0]: row[1] for row in rows}
    late = select(func.count()).select_from(inspection_run).where(*_where(RunQuery(overdue_at=now)))
    return {**found, OVERDUE: (await connection.execute(late)).scalar_one()}


def _where(query: RunQuery) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if query.states:
        where.append(_run.state.in_(query.states))
    if query.plan_id:
        where.append(_run.plan_id == query.plan_id)
    if query.who:
        where.append(or_(_run.assignee == query.who, _run.deputy == query.who))
    if query.overdue_at:
        where += [_run.state.in_(UNFINISHED), _run.due_at > 0, _run.due_at < query.overdue_at]
    if query.q:
        texts = (_run.number, _run.title, _run.incident)
        where.append(or_(*(text.icontains(query.q, autoescape=True) for text in texts)))
    return where


async def by_handler(connection: AsyncConnection, since: int, until: int, now: int) -> list[HandlerRow]:
    """Return what each handler did of the runs due for [since, until) (ms), as it stands at `now`; by name.

    A run is whose signature it has, else whom it was given to.
    """
    within = (_run.scheduled_for >= since, _run.scheduled_for < until)
    answered = (
        select(inspection_answer.c.who, inspection_answer.c.run_id, inspection_answer.c.item)
        .join(inspection_run, _run.id == inspection_answer.c.run_id).where(*within).distinct().subquery()
    )  # fmt: skip
    filled = select(answered.c.who, func.count()).group_by(answered.c.who)
    items = {row[0]: row[1] for row in await connection.execute(filled)}
    runs = [run_of(row) for row in await connection.execute(select(inspection_run).where(*within))]
    counts = {name: Counter[str]() for name in items}
    for run in runs:
        counts.setdefault(run.signed_by or run.new.assignee, Counter()).update(_figures(run, now))
    return [
        HandlerRow(who, each["runs"], each["done"], each["in_time"], each["overdue"], items.get(who, 0),
                   each["problems"]) for who, each in sorted(counts.items())
    ]  # fmt: skip


def _figures(run: Run, now: int) -> dict[str, int]:
    is_done, is_late = run.signed_at is not None, 0 < run.new.due_at < (run.signed_at or now)
    return {
        "runs": 1, "done": int(is_done), "in_time": int(is_done and not is_late), "overdue": int(is_late),
        "problems": run.coverage.states.get(str(State.PROBLEM), 0),
    }  # fmt: skip


def _bound(key: Key) -> tuple[Any, ...]:
    return (key[0],)


_ORDER = Order((_run.id,), lambda row: (row.id,), _bound, (int,), descending=True)
