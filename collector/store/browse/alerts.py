"""What the rules said last of each CI: the rows of an inspection."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import Value
from collector.store.browse.page import AnyRow, Key, Order, Page, Window, fetch
from collector.store.browse.ref import CiRef
from collector.store.browse.search import cis_matching
from collector.store.schema import alert, ci


@dataclass(frozen=True, slots=True)
class AlertQuery:
    """Which results: by outcome (PASS, PROBLEM, WAIVED, UNKNOWN, ERROR), rule, CIs that match `q`, one CI.

    `states`: of the alert; `reasons`: what holds it back.
    """

    outcomes: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    q: str = ""
    ci_id: int | None = None
    states: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AlertRow:
    """What one rule says of one instance of one CI, since when, with what it read (ms).

    `outcome`: WAIVED for a problem that is let off. `suppressed`: what holds the alert back; `held_by`: its names.
    """

    rule: str
    ci: CiRef
    instance: str
    state: str
    outcome: str
    since: int
    changed_at: int
    evidence: Mapping[str, Value]
    reason: str
    suppressed: tuple[str, ...] = ()
    held_by: tuple[str, ...] = ()
    flapping: bool = False
    lowered: str = ""
    episode: int = 0


WAIVED = "WAIVED"
_WORST_FIRST = ("PROBLEM", "ERROR", "UNKNOWN", WAIVED, "PASS", "N/A")
_OUTCOME = case(((alert.c.outcome == "PROBLEM") & alert.c.suppressed.like("%waiver%"), WAIVED), else_=alert.c.outcome)
_RANK = case({outcome: rank for rank, outcome in enumerate(_WORST_FIRST)}, value=_OUTCOME, else_=len(_WORST_FIRST))


async def list_alerts(connection: AsyncConnection, query: AlertQuery, window: Window) -> Page[AlertRow]:
    """Return one page of results, the worst first, then by rule, CI and instance; raise `BadCursor`."""
    where = _where(query)
    joined = alert.join(ci, ci.c.id == alert.c.ci_id)
    count = (await connection.execute(select(func.count()).select_from(joined).where(*where))).scalar_one()
    place = (ci.c.uid, ci.c.name, ci.c.ci_class, ci.c.ci_type, ci.c.state.label("ci_state"))
    statement = (
        select(alert, _OUTCOME.label("shown"), _RANK.label("rank"), *place)
        .join(ci, ci.c.id == alert.c.ci_id)
        .where(*where)
    )
    order = Order((_RANK, alert.c.rule, alert.c.ci_id, alert.c.instance), _key, _same, (int, str, int, str))
    page = await fetch(connection, statement, order, window, count)
    return page.of([_alert(row) for row in page.items])


async def by_outcome(connection: AsyncConnection) -> dict[tuple[str, str], int]:
    """Return (rule, outcome) → results."""
    shown = _OUTCOME.label("shown")
    statement = select(alert.c.rule, shown, func.count()).group_by(alert.c.rule, shown)
    return {(row[0], row[1]): row[2] for row in await connection.execute(statement)}


def _where(query: AlertQuery) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if query.outcomes:
        where.append(_OUTCOME.in_(query.outcomes))
    if query.states:
        where.append(alert.c.state.in_(query.states))
    if query.reasons:
        where.append(or_(*(alert.c.suppressed.like(f"%{reason}%") for reason in query.reasons)))
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
        row.rule, place, row.instance, row.state, row.shown, row.since, row.changed_at,
        json.loads(row.evidence), row.reason, tuple(row.suppressed.split()), tuple(row.held_by.split()),
        bool(row.flapping), row.lowered, row.episode,
    )  # fmt: skip
