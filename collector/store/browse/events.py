"""Events as people look at them: of everything, of one CI, of an address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.browse.page import AnyRow, Key, Order, Page, Window, fetch
from collector.store.browse.ref import CiRef
from collector.store.schema import ci, event


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Which events: of one CI, of some kinds and severities, from an address, in a time (ms), whose text holds `q`."""

    ci_id: int | None = None
    kinds: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    address: str = ""
    since: int | None = None
    until: int | None = None
    q: str = ""


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event, as `collector.model.Event`; `ci` None: nobody knows yet what stands at `address` of `zone`."""

    id: int
    ci: CiRef | None
    zone: str
    address: str
    at: int
    until: int
    count: int
    kind: str
    severity: str
    object: str
    actor: str
    origin: str
    message: str
    source: str
    oid: str
    authentic: bool


_OWN = tuple(name for name in EventRow.__slots__ if name != "ci")
_CI = (ci.c.uid, ci.c.name, ci.c.ci_class, ci.c.ci_type, ci.c.state)


async def list_events(connection: AsyncConnection, query: EventQuery, window: Window) -> Page[EventRow]:
    """Return one page of events, newest first; raise `BadCursor`."""
    where = _where(query)
    count = (await connection.execute(select(func.count()).select_from(event).where(*where))).scalar_one()
    whole = select(*(event.c[name] for name in _OWN), *(each.label(f"ci_{each.name}") for each in _CI))
    joined = whole.select_from(event.outerjoin(ci, ci.c.id == event.c.ci_id)).where(*where)
    page = await fetch(connection, joined, _ORDER, window, count)
    return page.of([_event(row) for row in page.items])


def _where(query: EventQuery) -> list[ColumnElement[bool]]:
    columns = event.c
    where: list[ColumnElement[bool]] = []
    if query.ci_id is not None:
        where.append(columns.ci_id == query.ci_id)
    if query.kinds:
        where.append(columns.kind.in_(query.kinds))
    if query.severities:
        where.append(columns.severity.in_(query.severities))
    if query.address:
        where.append(columns.address == query.address)
    if query.since is not None:
        where.append(columns.at >= query.since)
    if query.until is not None:
        where.append(columns.at < query.until)
    if query.q:
        held = (columns.message, columns.object, columns.actor, columns.origin, columns.address)
        where.append(or_(*(each.icontains(query.q, autoescape=True) for each in held)))
    return where


def _bound(key: Key) -> tuple[Any, ...]:
    return (select(event.c.at).where(event.c.id == key[0]).scalar_subquery(), key[0])


_ORDER = Order((event.c.at, event.c.id), lambda row: (row.id,), _bound, (int,), descending=True)


def _event(row: AnyRow) -> EventRow:
    said = row._mapping
    own = {name: said[name] for name in _OWN}
    known = CiRef(*(said[f"ci_{each.name}"] for each in _CI)) if said["ci_uid"] else None
    return EventRow(**own, ci=known)
