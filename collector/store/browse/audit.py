"""The audit log as people look through it: newest first, by who, what, on what, when, or a word in it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.audit import AuditRow
from collector.store.browse.page import Order, Page, Window, fetch
from collector.store.schema import audit


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which rows. `actions`: whole (`plan.create`) or their first word (`plan`). Times in epoch ms, `until` beyond."""

    actor: str = ""
    actions: tuple[str, ...] = ()
    object: str = ""
    since: int | None = None
    until: int | None = None
    q: str = ""


async def list_audit(connection: AsyncConnection, query: AuditQuery, window: Window) -> Page[AuditRow]:
    """Return one page of rows, newest first; raise `BadCursor`."""
    where = _where(query)
    count = (await connection.execute(select(func.count()).select_from(audit).where(*where))).scalar_one()
    statement = select(*(audit.c[name] for name in AuditRow.__slots__)).where(*where)
    page = await fetch(connection, statement, _ORDER, window, count)
    return page.of([AuditRow(*row) for row in page.items])


def _where(query: AuditQuery) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if query.actor:
        where.append(audit.c.actor == query.actor)
    if query.object:
        where.append(audit.c.object == query.object)
    if query.actions:
        where.append(or_(*(_is(each) for each in query.actions)))
    if query.since is not None:
        where.append(audit.c.at >= query.since)
    if query.until is not None:
        where.append(audit.c.at < query.until)
    if query.q:
        words = (audit.c.actor, audit.c.object, audit.c.origin, audit.c.details)
        where.append(or_(*(each.icontains(query.q, autoescape=True) for each in words)))
    return where


def _is(action: str) -> ColumnElement[bool]:
    return audit.c.action == action if "." in action else audit.c.action.startswith(f"{action}.", autoescape=True)


_ORDER = Order((audit.c.seq,), lambda row: (row.seq,), lambda key: key, (int,), descending=True)
