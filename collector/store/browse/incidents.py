"""Incidents: what a person must look at, on which CI, how far the desk is with it and when it is due."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import Value
from collector.store.browse.incident_query import ENDED, MOVING, IncidentQuery, as_it_was, conditions, overdue
from collector.store.browse.page import AnyRow, AnySelect, Key, Order, Page, Window, fetch
from collector.store.browse.ref import CiRef
from collector.store.schema import ci, incident, incident_cause


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
    where = conditions(query)
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
    return nobodys, (await connection.execute(counted.where(overdue(now)))).scalar_one()


async def newest(connection: AsyncConnection) -> int:
    """Return the id of the last incident that was opened, 0 when there is none."""
    return int((await connection.execute(select(func.coalesce(func.max(incident.c.id), 0)))).scalar_one())


async def count_after(connection: AsyncConnection, after: int) -> int:
    """Return how many incidents were opened after the one with this id."""
    counted = select(func.count()).select_from(incident).where(incident.c.id > after)
    return int((await connection.execute(counted)).scalar_one())


def _incidents(at: int | None = None) -> AnySelect:
    then = () if at is None else tuple(as_it_was(name, at).label(f"{name}_then") for name in MOVING)
    return select(
        incident, ci.c.uid, ci.c.name, ci.c.ci_class, ci.c.ci_type, ci.c.state.label("ci_state"), *then
    ).outerjoin(ci, ci.c.id == incident.c.ci_id)  # fmt: skip


def _bound(key: Key) -> tuple[Any, ...]:
    return (select(incident.c.opened_at).where(incident.c.id == key[0]).scalar_subquery(), key[0])


_ORDER = Order((incident.c.opened_at, incident.c.id), lambda row: (row.id,), _bound, (int,), descending=True)


def _incident(row: AnyRow) -> IncidentRow:
    place = CiRef(row.uid, row.name, row.ci_class, row.ci_type, row.ci_state) if row.uid else None
    read = {name: json.loads(getattr(row, name)) for name in ("title", "detail", "reckoning")}
    also = tuple(json.loads(row.also_reported))
    return IncidentRow(ci=place, also_reported=also, **read, **{name: getattr(row, name) for name in _PLAIN})
