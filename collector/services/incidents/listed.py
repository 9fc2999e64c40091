"""Incidents: what a person must look at, since when, and who was told."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.services.missing import NotFound
from collector.store.browse import incidents
from collector.store.browse.incidents import DeliveryRow, IncidentQuery, IncidentRow
from collector.store.browse.page import Page, Window


async def listed(connection: AsyncConnection, query: IncidentQuery, window: Window) -> Page[IncidentRow]:
    """Return one page of incidents, newest first; raise `BadCursor`."""
    return await incidents.list_incidents(connection, query, window)


async def one(connection: AsyncConnection, number: str) -> IncidentRow:
    """Return the incident with that number; raise `NotFound`."""
    found = await incidents.one_incident(connection, number)
    if found is None:
        raise NotFound("incident", number)
    return found


async def told(connection: AsyncConnection, incident: IncidentRow) -> tuple[DeliveryRow, ...]:
    """Return the messages about an incident, oldest first."""
    return await incidents.deliveries(connection, incident.number)
