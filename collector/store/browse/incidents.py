"""Incidents: what a person must look at, on which CI, how far the desk is with it and when it is due."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.incident import alert_of
from collector.incident.planning import CANCELLED, CLOSED, MERGED, RESOLVED
from collector.model import Value
from collector.store.browse.page import AnyRow, AnySelect, Key, Order, Page, Window, fetch
from collector.store.browse.ref import CiRef
from collector.store.browse.search import cis_matching
from collector.store.schema import ci, incident, incident_alarm, incident_cause, incident_interval, outbox

ENDED: Final = (RESOLVED, CLOSED, CANCELLED, MERGED)
OPEN: Final = "open"
"""Stands for every state in which an incident is not resolved."""


@dataclass(frozen=True, slots=True)
class IncidentQuery:
    """Which incidents: by state (`open`: all that are not resolved), severity, kind, number, title or CI (`q`), one CI.

    `lines`: with which line; `assignee`: whose; `unassigned`: nobody's; `overdue_at`: whose clock ran out before (ms);
    `escalated`: whose clock ever did; `reporter`: who reported it, or what was merged into it; `classes`: of CIs.

    `at`: those there were then (ms), each in the state, with the line and with whom it was; all else is told as now.
    """

    states: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    q: str = ""
    ci_id: int | None = None
    priorities: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    lines: tuple[int, ...] = ()
    assignee: str = ""
    unassigned: bool = False
    overdue_at: int | None = None
    escalated: bool = False
    reporter: str = ""
    parent: str = ""
    at: int | None = None


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
    causes: int
    victims: int
    recovered_at: int | None
    reopened: int
    recurs: str
    source: str
    category: str
    impact: str
    urgency: str
    priority: str
    reckoning: Mapping[str, Value]
    major: bool
    description: str
    contact: str
    affected: str
    place: str
    line: int
    assignee: str
    reporter: str
    also_reported: tuple[str, ...]
    pending_reason: str
    resolution: str
    vendor_resolution: str
    resolution_code: str
    score: int | None
    score_comment: str
    closed_at: int | None
    parent: str
    merged_into: str
    response_due_at: int | None
    resolution_due_at: int | None
    version: int

    @property
    def reporters(self) -> tuple[str, ...]:
        """Everybody who has reported it: who waits for its end."""
        return tuple(each for each in (self.reporter, *self.also_reported) if each)

    @property
    def is_open(self) -> bool:
        return self.resolved_at is None

    @property
    def due_at(self) -> int | None:
        """When the next of its clocks runs out, ms; None: none is running."""
        due = [each for each in (self.response_due_at, self.resolution_due_at) if each is not None]
        return min(due, default=None)


_PLAIN: Final = tuple(
    name
    for name in IncidentRow.__dataclass_fields__
    if name not in {"ci", "title", "detail", "reckoning", "also_reported"}
)


async def list_incidents(connection: AsyncConnection, query: IncidentQuery, window: Window) -> Page[IncidentRow]:
    """Return one page of incidents, newest first; raise `BadCursor`."""
    where = _where(query)
    counted = select(func.count()).select_from(incident.outerjoin(ci, ci.c.id == incident.c.ci_id)).where(*where)
    count = (await connection.execute(counted)).scalar_one()
    page = await fetch(connection, _incidents(query.at).where(*where), _ORDER, window, count)
    rows = [_incident(row) for row in page.items]
    return page.of(
        rows if query.at is None else [_as_of(row, then) for row, then in zip(rows, page.items, strict=True)]
    )


def _as_of(row: IncidentRow, then: AnyRow) -> IncidentRow:
    """Return an incident as it was: nobody knew how it would end, and its clocks are those of now."""
    is_over = then.state_then in ENDED
    return replace(
        row, state=then.state_then, line=then.line_then, assignee=then.assignee_then or "",
        resolved_at=row.resolved_at if is_over else None, response_due_at=None, resolution_due_at=None,
    )  # fmt: skip


async def one_incident(connection: AsyncConnection, number: str) -> IncidentRow | None:
    row = (await connection.execute(_incidents().where(incident.c.number == number))).one_or_none()
    return _incident(row) if row else None


async def numbered(connection: AsyncConnection, numbers: Collection[str]) -> tuple[IncidentRow, ...]:
    """Return the incidents with these numbers, newest first."""
    wanted = _incidents().where(incident.c.number.in_(sorted(numbers))).order_by(incident.c.id.desc())
    return tuple(_incident(row) for row in await connection.execute(wanted))


async def of_cause(connection: AsyncConnection, ci_id: int, cause_keys: tuple[str, ...]) -> tuple[IncidentRow, ...]:
    """Return the incidents of a CI that have, or had, one of these causes, newest first."""
    joined = exists().where(incident_cause.c.incident_id == incident.c.id, incident_cause.c.cause_key.in_(cause_keys))
    its_own = and_(incident.c.ci_id == ci_id, incident.c.cause_key.in_(cause_keys))
    statement = _incidents().where(or_(its_own, joined))
    return tuple(_incident(row) for row in await connection.execute(statement.order_by(incident.c.id.desc())))


async def count_open(connection: AsyncConnection) -> dict[str, int]:
    """Return severity → open incidents."""
    counted = select(incident.c.severity, func.count()).where(incident.c.resolved_at.is_(None))
    return {row[0]: row[1] for row in await connection.execute(counted.group_by(incident.c.severity))}


async def count_waiting(connection: AsyncConnection, now: int) -> tuple[int, int]:
    """Return how many open incidents are nobody's, and of how many a clock has run out."""
    counted = select(func.count()).where(incident.c.resolved_at.is_(None))
    nobodys = (await connection.execute(counted.where(incident.c.assignee == ""))).scalar_one()
    return nobodys, (await connection.execute(counted.where(_overdue(now)))).scalar_one()


async def newest(connection: AsyncConnection) -> int:
    """Return the id of the last incident that was opened, 0 when there is none."""
    return int((await connection.execute(select(func.coalesce(func.max(incident.c.id), 0)))).scalar_one())


async def count_after(connection: AsyncConnection, after: int) -> int:
    """Return how many incidents were opened after the one with this id."""
    counted = select(func.count()).select_from(incident).where(incident.c.id > after)
    return int((await connection.execute(counted)).scalar_one())


def _incidents(at: int | None = None) -> AnySelect:
    then = () if at is None else tuple(_then(name, at).label(f"{name}_then") for name in MOVING)
    return select(
        incident, ci.c.uid, ci.c.name, ci.c.ci_class, ci.c.ci_type, ci.c.state.label("ci_state"), *then
    ).outerjoin(ci, ci.c.id == incident.c.ci_id)  # fmt: skip


MOVING: Final = ("state", "line", "assignee")
"""What the intervals of an incident keep."""


def _then(name: str, at: int | None) -> ColumnElement[Any]:
    """Return what it was at a time (ms), as it is where nothing was kept; None: now."""
    here, its = incident.c[name], incident_interval.c
    if at is None:
        return here
    last = select(its[name]).where(its.incident_id == incident.c.id, its.since <= at).order_by(its.id.desc()).limit(1)
    return func.coalesce(last.correlate(incident).scalar_subquery(), here)


def _is_open(at: int | None) -> ColumnElement[bool]:
    return incident.c.resolved_at.is_(None) if at is None else _then("state", at).not_in(ENDED)


def _where(query: IncidentQuery) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [
        column.in_(values)
        for column, values in (
            (incident.c.severity, query.severities), (incident.c.kind, query.kinds),
            (incident.c.priority, query.priorities), (incident.c.source, query.sources),
            (_then("line", query.at), query.lines), (ci.c.ci_class, query.classes),
        )
        if values
    ]  # fmt: skip
    where += [
        column == value
        for column, value in (
            (_then("assignee", query.at), query.assignee), (incident.c.parent, query.parent),
        )
        if value
    ]  # fmt: skip
    if query.reporter:
        where.append(_reported(query.reporter))
    where += _standing(query)
    if query.ci_id is not None:
        where.append(incident.c.ci_id == query.ci_id)
    if query.q:
        number = incident.c.number.icontains(query.q, autoescape=True)
        title = incident.c.title.icontains(query.q, autoescape=True)
        where.append(or_(number, title, cis_matching(query.q)))
    return where


def _reported(name: str) -> ColumnElement[bool]:
    """Return that somebody reported it, or what was merged into it."""
    theirs = incident.alias("theirs")
    into = select(theirs.c.merged_into).where(theirs.c.reporter == name, theirs.c.merged_into != "")
    return or_(incident.c.reporter == name, incident.c.number.in_(into))


def _standing(query: IncidentQuery) -> list[ColumnElement[bool]]:
    """Return what is asked of how far the desk is with it."""
    where: list[ColumnElement[bool]] = [] if query.at is None else [incident.c.opened_at <= query.at]
    if query.states:
        states = _then("state", query.at).in_([each for each in query.states if each != OPEN])
        where.append(or_(_is_open(query.at), states) if OPEN in query.states else states)
    if query.unassigned:
        where.append(and_(_is_open(query.at), _then("assignee", query.at) == ""))
    if query.overdue_at is not None:
        where.append(_overdue(query.overdue_at))
    if query.escalated:
        where.append(exists().where(incident_alarm.c.incident_id == incident.c.id, incident_alarm.c.percent == 100))
    return where


def _overdue(now: int) -> ColumnElement[bool]:
    return and_(
        incident.c.resolved_at.is_(None),
        or_(incident.c.response_due_at <= now, incident.c.resolution_due_at <= now),
    )


def _bound(key: Key) -> tuple[Any, ...]:
    return (select(incident.c.opened_at).where(incident.c.id == key[0]).scalar_subquery(), key[0])


_ORDER = Order((incident.c.opened_at, incident.c.id), lambda row: (row.id,), _bound, (int,), descending=True)


def _incident(row: AnyRow) -> IncidentRow:
    place = CiRef(row.uid, row.name, row.ci_class, row.ci_type, row.ci_state) if row.uid else None
    read = {name: json.loads(getattr(row, name)) for name in ("title", "detail", "reckoning")}
    also = tuple(json.loads(row.also_reported))
    return IncidentRow(ci=place, also_reported=also, **read, **{name: getattr(row, name) for name in _PLAIN})


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One cause an incident has, or had: which CI, in which role, since when, until when (ms; None: still)."""

    ci: CiRef | None
    cause_key: str
    role: str
    title: Mapping[str, str]
    severity: str
    since: int
    ended_at: int | None

    @property
    def alert(self) -> tuple[str, str, str] | None:
        """Rule, CI and instance of the alert it is; None where it is none."""
        return alert_of(self.cause_key)


async def members(connection: AsyncConnection, incident_id: int, limit: int) -> tuple[MemberRow, ...]:
    """Return the causes of an incident: those that are there first, causes before victims."""
    table = incident_cause
    wanted = (
        select(table, ci.c.uid, ci.c.name, ci.c.ci_class, ci.c.ci_type, ci.c.state)
        .outerjoin(ci, ci.c.id == table.c.ci_id)
        .where(table.c.incident_id == incident_id)
        .order_by(table.c.ended_at.isnot(None), table.c.role, table.c.id)
    )
    return tuple(_member(row) for row in await connection.execute(wanted.limit(limit)))


def _member(row: AnyRow) -> MemberRow:
    place = CiRef(row.uid, row.name, row.ci_class, row.ci_type, row.state) if row.uid else None
    return MemberRow(
        place, row.cause_key, row.role, json.loads(row.title), row.severity, row.since, row.ended_at
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
