"""What the rules said last of each CI: the rows of an inspection."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import Value
from collector.store import alert_acks
from collector.store.alert_acks import Ack
from collector.store.browse.page import AnyRow, Key, Order, Page, Window, fetch
from collector.store.browse.ref import CiRef
from collector.store.browse.search import cis_matching
from collector.store.schema import alert, alert_ack, ci


@dataclass(frozen=True, slots=True)
class AlertQuery:
    """Which results: by outcome (PASS, PROBLEM, WAIVED, UNKNOWN, ERROR), rule, CIs that match `q`, one CI.

    `states`: of the alert; `reasons`: what holds it back; `is_seen`: somebody has said to have seen it, or nobody has
    and it fires and nothing holds it back (None: either).
    """

    outcomes: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    q: str = ""
    ci_id: int | None = None
    states: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    is_seen: bool | None = None


@dataclass(frozen=True, slots=True)
class AlertRow:
    """What one rule says of one instance of one CI, since when, with what it read (ms).

    `outcome`: WAIVED for a problem that is let off. `suppressed`: what holds the alert back; `held_by`: its names.
    `ack`: who has seen it, while it fires.
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
    ack: Ack | None = None


WAIVED = "WAIVED"
_WORST_FIRST = ("PROBLEM", "ERROR", "UNKNOWN", WAIVED, "PASS", "N/A")
_OUTCOME = case(((alert.c.outcome == "PROBLEM") & alert.c.suppressed.like("%waiver%"), WAIVED), else_=alert.c.outcome)
_SEEN = (alert_ack.c.at.label("seen_since"), alert_ack.c.who, alert_ack.c.reason.label("seen_because"))
_UNSEEN = alert_acks.FIRES & (alert.c.suppressed == "") & alert_ack.c.id.is_(None)
_RANK = case({outcome: rank for rank, outcome in enumerate(_WORST_FIRST)}, value=_OUTCOME, else_=len(_WORST_FIRST))


async def list_alerts(connection: AsyncConnection, query: AlertQuery, window: Window) -> Page[AlertRow]:
    """Return one page of results, the worst first, then by rule, CI and instance; raise `BadCursor`."""
    where = _where(query)
    named = alert.join(ci, ci.c.id == alert.c.ci_id)
    joined = named.outerjoin(alert_ack, alert_acks.is_of())
    counted = select(func.count()).select_from(named if query.is_seen is None else joined)
    count = (await connection.execute(counted.where(*where))).scalar_one()
    place = (ci.c.uid, ci.c.name, ci.c.ci_class, ci.c.ci_type, ci.c.state.label("ci_state"))
    statement = (
        select(alert, _OUTCOME.label("shown"), _RANK.label("rank"), *place, *_SEEN).select_from(joined).where(*where)
    )
    order = Order((_RANK, alert.c.rule, alert.c.ci_id, alert.c.instance), _key, _same, (int, str, int, str))
    page = await fetch(connection, statement, order, window, count)
    return page.of([_alert(row) for row in page.items])


async def by_outcome(connection: AsyncConnection) -> dict[tuple[str, str], int]:
    """Return (rule, outcome) → results."""
    shown = _OUTCOME.label("shown")
    statement = select(alert.c.rule, shown, func.count()).group_by(alert.c.rule, shown)
    return {(row[0], row[1]): row[2] for row in await connection.execute(statement)}


async def count_unseen(connection: AsyncConnection) -> int:
    """Return how many alerts fire, with nothing to hold them back, that nobody has seen."""
    joined = alert.outerjoin(alert_ack, alert_acks.is_of())
    return int((await connection.execute(select(func.count()).select_from(joined).where(_UNSEEN))).scalar_one())


def _where(query: AlertQuery) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if query.outcomes:
        where.append(_OUTCOME.in_(query.outcomes))
    if query.states:
        where.append(alert.c.state.in_(query.states))
    if query.reasons:
        where.append(or_(*(alert.c.suppressed.like(f"%{reason}%") for reason in query.reasons)))
    if query.is_seen is not None:
        where.append(alert_ack.c.id.isnot(None) if query.is_seen else _UNSEEN)
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
        Ack(row.seen_since, row.who, row.seen_because, row.episode) if row.who is not None else None,
    )  # fmt: skip
