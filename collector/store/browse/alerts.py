"""What the rules said last of each CI: the rows of an inspection."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import Value
from collector.store.browse.page import AnyRow, Key, Order, Page, Window, fetch
from collector.store.browse.ref import CiRef
from collector.store.browse.search import cis_matching
from collector.store.schema import alert, ci


@dataclass(frozen=True, slots=True)
class AlertQuery:
    """Which results: by outcome (PASS, PROBLEM, UNKNOWN, ERROR), rule, CIs that match `q`, one CI."""

    outcomes: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    q: str = ""
    ci_id: int | None = None


@dataclass(frozen=True, slots=True)
class AlertRow:
    """What one rule says of one instance of one CI, since when, with what it read (ms)."""

    rule: str
    ci: CiRef
    instance: str
    state: str
    outcome: str
    since: int
    changed_at: int
    evidence: Mapping[str, Value]
    reason: str


_WORST_FIRST = ("PROBLEM", "ERROR", "UNKNOWN", "PASS", "N/A")
_RANK = case(
    {outcome: rank for rank, outcome in enumerate(_WORST_FIRST)}, value=alert.c.outcome, else_=len(_WORST_FIRST)
)


async def list_alerts(connection: AsyncConnection, query: AlertQuery, window: Window) -> Page[AlertRow]:
    """Return one page of results, the worst first, then by rule, CI and instance; raise `BadCursor`."""
    where = _where(query)
    joined = alert.join(ci, ci.c.id == alert.c.ci_id)
    count = (await connection.execute(select(func.count()).select_from(joined).where(*where))).scalar_one()
    statement = (
        select(
            alert, _RANK.label("rank"), ci.c.uid, ci.c.name, ci.c.ci_class, ci.c.ci_type, ci.c.state.label("ci_state")
        )
        .join(ci, ci.c.id == alert.c.ci_id)
        .where(*where)
    )
    order = Order((_RANK, alert.c.rule, alert.c.ci_id, alert.c.instance), _key, _same, (int, str, int, str))
    page = await fetch(connection, statement, order, window, count)
    return page.of([_alert(row) for row in page.items])


async def by_outcome(connection: AsyncConnection) -> dict[tuple[str, str], int]:
    """Return (rule, outcome) → results."""
    statement = select(alert.c.rule, alert.c.outcome, func.count()).group_by(alert.c.rule, alert.c.outcome)
    return {(row[0], row[1]): row[2] for row in await connection.execute(statement)}


def _where(query: AlertQuery) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if query.outcomes:
        where.append(alert.c.outcome.in_(query.outcomes))
    if query.rules:
        where.append(alert.c.rule.in_(query.rules))
    if query.ci_id is not None:
        where.append(alert.c.ci_id == query.ci_id)
    if query.q:
        where.append(cis_matching(query.q))
    return where


def _key(row: AnyRow) -> Key:
    return (row.rank, row.rule, row.ci_id, row.instance)


def _same(key: Key) -> Key:
    return key


def _alert(row: AnyRow) -> AlertRow:
    place = CiRef(row.uid, row.name, row.ci_class, row.ci_type, row.ci_state)
    return AlertRow(
        row.rule, place, row.instance, row.state, row.outcome, row.since, row.changed_at,
        json.loads(row.evidence), row.reason,
    )  # fmt: skip
