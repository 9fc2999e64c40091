"""Alerts of other systems that stand, as a list: of no CI anybody knows, or of all."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.incident.foreign import FIRING
from collector.store.browse.page import AnyRow, Order, Page, Window, fetch
from collector.store.browse.ref import CiRef
from collector.store.foreign_alerts import Kept, kept_of
from collector.store.schema import ci, foreign_alert


@dataclass(frozen=True, slots=True)
class ForeignQuery:
    """Which alerts: of these severities, of one source, bound to a CI or not (None: all), whose words hold `q`."""

    severities: tuple[str, ...] = ()
    source: str = ""
    bound: bool | None = None
    q: str = ""


@dataclass(frozen=True, slots=True)
class ForeignRow:
    """One alert with its CI, where it is known."""

    kept: Kept
    ci: CiRef | None


_ORDER = Order((foreign_alert.c.id,), lambda row: (row.id,), lambda key: key, (int,), descending=True)
_CI = (ci.c.uid, ci.c.name, ci.c.ci_class, ci.c.ci_type, ci.c.state)
_WHOLE = select(foreign_alert, *(each.label(f"of_{each.name}") for each in _CI)).select_from(
    foreign_alert.outerjoin(ci, ci.c.id == foreign_alert.c.ci_id)
)


async def list_foreign(connection: AsyncConnection, query: ForeignQuery, window: Window) -> Page[ForeignRow]:
    """Return one page, the newest first; raise `BadCursor`."""
    where = _where(query)
    count = (await connection.execute(select(func.count()).select_from(foreign_alert).where(*where))).scalar_one()
    page = await fetch(connection, _WHOLE.where(*where), _ORDER, window, count)
    return page.of([_row(row) for row in page.items])


async def look(connection: AsyncConnection, number: int) -> ForeignRow | None:
    """Return one alert, also one that is over."""
    row = (await connection.execute(_WHOLE.where(foreign_alert.c.id == number))).first()
    return _row(row) if row else None


def _where(query: ForeignQuery) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [foreign_alert.c.state == FIRING]
    if query.severities:
        where.append(foreign_alert.c.severity.in_(query.severities))
    if query.source:
        where.append(foreign_alert.c.source == query.source)
    if query.bound is not None:
        where.append(foreign_alert.c.ci_id.is_not(None) if query.bound else foreign_alert.c.ci_id.is_(None))
    if query.q:
        said = (foreign_alert.c.source, foreign_alert.c.name, foreign_alert.c.title, foreign_alert.c.names)
        where.append(or_(*(column.icontains(query.q, autoescape=True) for column in said)))
    return where


def _row(row: AnyRow) -> ForeignRow:
    place = CiRef(*(getattr(row, f"of_{each.name}") for each in _CI)) if row.of_uid else None
    return ForeignRow(kept_of(row), place)
