"""Incidents as a list: what a person must look at, since when, and how much of it there is."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.browse import incidents
from collector.store.browse.incident_query import IncidentQuery
from collector.store.browse.incidents import IncidentRow
from collector.store.browse.page import Page, Window


async def listed(connection: AsyncConnection, query: IncidentQuery, window: Window) -> Page[IncidentRow]:
    """Return one page of incidents, newest first; raise `BadCursor`."""
    return await incidents.list_incidents(connection, query, window)


async def newest(connection: AsyncConnection) -> int:
    """Return the id of the last incident that was opened, 0 when there is none."""
    return await incidents.newest(connection)


async def counts(connection: AsyncConnection, after: int, now: int) -> dict[str, int]:
    """Return how many incidents are open, nobody's, overdue at `now` (ms), and opened after the one with id `after`."""
    by_severity = await incidents.count_open(connection)
    nobodys, overdue = await incidents.count_waiting(connection, now)
    fresh = await incidents.count_after(connection, after)
    return {"open": sum(by_severity.values()), "unassigned": nobodys, "overdue": overdue, "fresh": fresh}
