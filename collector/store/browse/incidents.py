"""Incidents: what a person must look at, and on which CI."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import Value
from collector.store.browse.page import AnyRow, AnySelect, Key, Order, Page, Window, fetch
from collector.store.browse.ref import CiRef
from collector.store.browse.search import cis_matching
from collector.store.schema import ci, incident, outbox


@dataclass(frozen=True, slots=True)
class IncidentQuery:
    """Which incidents: by severity, open or resolved, kind of cause, number, title or CI (`q`), one CI."""

    states: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    q: str = ""
    ci_id: int | None = None


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """One incident; `title` by language; times in ms. `ci` None: it is about none."""

    id: int
    number: str
    cause_key: str
    ci: CiRef | None
    kind: str
    severity: str
    state: str
    title: Mapping[str, str]
    detail: Mapping[str, Value]
    opened_at: int
    resolved_at: int | None

    @property
    def is_open(self) -> bool:
        return self.resolved_at is None


async def list_incidents(connection: AsyncConnection, query: IncidentQuery, window: Window) -> Page[IncidentRow]:
    """Return one page of incidents, newest first; raise `BadCursor`."""
    where = _where(query)
    counted = select(func.count()).select_from(incident.outerjoin(ci, ci.c.id == incident.c.ci_id)).where(*where)
    count = (await connection.execute(counted)).scalar_one()
    page = await fetch(connection, _incidents().where(*where), _ORDER, window, count)
    return page.of([_incident(row) for row in page.items])


async def one_incident(connection: AsyncConnection, number: str) -> IncidentRow | None:
    row = (await connection.execute(_incidents().where(incident.c.number == number))).one_or_none()
    return _incident(row) if row else None


async def of_cause(connection: AsyncConnection, ci_id: int, cause_keys: tuple[str, ...]) -> tuple[IncidentRow, ...]:
    """Return the incidents of a CI that have one of these causes, newest first."""
    statement = _incidents().where(incident.c.ci_id == ci_id, incident.c.cause_key.in_(cause_keys))
    return tuple(_incident(row) for row in await connection.execute(statement.order_by(incident.c.id.desc())))


async def count_open(connection: AsyncConnection) -> dict[str, int]:
    """Return severity → open incidents."""
    counted = select(incident.c.severity, func.count()).where(incident.c.resolved_at.is_(None))
    return {row[0]: row[1] for row in await connection.execute(counted.group_by(incident.c.severity))}


def _incidents() -> AnySelect:
    return select(
        incident, ci.c.uid, ci.c.name, ci.c.ci_class, ci.c.ci_type, ci.c.state.label("ci_state")
    ).outerjoin(ci, ci.c.id == incident.c.ci_id)  # fmt: skip


def _where(query: IncidentQuery) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if len(set(query.states)) == 1:
        is_open = incident.c.resolved_at.is_(None)
        where.append(is_open if query.states[0] == "open" else ~is_open)
    if query.severities:
        where.append(incident.c.severity.in_(query.severities))
    if query.kinds:
        where.append(incident.c.kind.in_(query.kinds))
    if query.ci_id is not None:
        where.append(incident.c.ci_id == query.ci_id)
    if query.q:
        number = incident.c.number.icontains(query.q, autoescape=True)
        where.append(or_(number, incident.c.title.icontains(query.q, autoescape=True), cis_matching(query.q)))
    return where


def _bound(key: Key) -> tuple[Any, ...]:
    return (select(incident.c.opened_at).where(incident.c.id == key[0]).scalar_subquery(), key[0])


_ORDER = Order((incident.c.opened_at, incident.c.id), lambda row: (row.id,), _bound, (int,), descending=True)


def _incident(row: AnyRow) -> IncidentRow:
    place = CiRef(row.uid, row.name, row.ci_class, row.ci_type, row.ci_state) if row.uid else None
    return IncidentRow(
        row.id, row.number, row.cause_key, place, row.kind, row.severity, row.state,
        json.loads(row.title), json.loads(row.detail), row.opened_at, row.resolved_at,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One message about an incident on its way: waiting, sent or dead; times in ms."""

    event: str
    destination: str
    state: str
    attempts: int
    created_at: int
    sent_at: int | None
    error: str


async def deliveries(connection: AsyncConnection, number: str) -> tuple[DeliveryRow, ...]:
    """Return what was or will be told of an incident, oldest first."""
    prefix = f"incident|{number}|"
    statement = select(outbox).where(outbox.c.key.startswith(prefix, autoescape=True)).order_by(outbox.c.id)
    return tuple(
        DeliveryRow(
            row.key[len(prefix) :].partition("@")[0], row.destination, row.state, row.attempts, row.created_at,
            row.sent_at, row.error,
        )
        for row in await connection.execute(statement)
    )  # fmt: skip
