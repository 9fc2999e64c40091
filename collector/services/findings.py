"""Findings: what moved without cover, and the incident that was raised for it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change import sessions
from collector.change.sessions import Session
from collector.services.element import FieldChange, moved_fields
from collector.services.missing import NotFound
from collector.store import acceptances, known
from collector.store.acceptances import Mark
from collector.store.browse import findings, incidents
from collector.store.browse.findings import FindingQuery, FindingRow, ItemRow
from collector.store.browse.incidents import IncidentRow
from collector.store.browse.page import Page, Window


async def listed(connection: AsyncConnection, query: FindingQuery, window: Window) -> Page[FindingRow]:
    """Return one page of findings, newest first; raise `BadCursor`."""
    return await findings.list_findings(connection, query, window)


async def one(connection: AsyncConnection, number: int) -> FindingRow:
    """Return the finding with that number; raise `NotFound`."""
    found = await findings.one_finding(connection, number)
    if found is None:
        raise NotFound("finding", str(number))
    return found


async def incident_of(connection: AsyncConnection, finding: FindingRow) -> IncidentRow | None:
    """Return the newest incident raised for a finding."""
    found = await incidents.of_cause(connection, finding.ci_id, (f"finding|{finding.id}",))
    return found[0] if found else None


async def marks(connection: AsyncConnection, number: int) -> tuple[Mark, ...]:
    """Return what people did with a finding, the oldest first."""
    return await acceptances.marks(connection, number)


async def present(connection: AsyncConnection, finding: FindingRow) -> list[Session]:
    """Return the sessions that were on on its host while it moved, as far back as the host still tells of them."""
    _, bodies = await known.read(connection, {finding.ci_id: (sessions.SECTION,)})
    body = bodies.get((finding.ci_id, sessions.SECTION), b"[]")
    return sessions.between(json.loads(body), finding.lo, finding.hi)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a before → after table."""

    item: ItemRow
    fields: tuple[FieldChange, ...]


def rows(finding: FindingRow) -> tuple[Row, ...]:
    """Return the items of a finding with the fields that moved."""
    return tuple(Row(item, _fields(item)) for item in finding.items)


def _fields(item: ItemRow) -> tuple[FieldChange, ...]:
    if item.field:
        return (FieldChange(item.field, item.old, item.new),)
    return moved_fields(item.section, item.old, item.new)
