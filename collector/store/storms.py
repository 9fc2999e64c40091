"""What opens at once: how many incidents began of late and where, which storms are open and who is in them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store import interning
from collector.store.schema import incident, incident_cause

MONITORING = "monitoring"
_open = incident.c.resolved_at.is_(None)
_present = incident_cause.c.ended_at.is_(None)


async def known(connection: AsyncConnection, keys: Collection[str]) -> set[str]:
    """Return those of these keys of incidents that are open."""
    found: set[str] = set()
    for part in interning.chunks(sorted(keys)):
        found |= set(
            (
                await connection.execute(select(incident.c.cause_key).where(_open, incident.c.cause_key.in_(part)))
            ).scalars()
        )
    return found


async def opened_since(connection: AsyncConnection, since: int, kinds: Collection[str]) -> list[tuple[int | None, str]]:
    """Return the CI and the priority of each incident of these kinds that monitoring opened after `since` (ms)."""
    counted = (incident.c.source == MONITORING, incident.c.opened_at > since, incident.c.kind.in_(kinds))
    rows = await connection.execute(select(incident.c.ci_id, incident.c.priority).where(*counted))
    return [(row.ci_id, row.priority) for row in rows]


@dataclass(frozen=True, slots=True)
class Storm:
    """An open storm: its incident, when that opened and when the newest cause in it began (ms), how many they are."""

    id: int
    key: str
    opened_at: int
    newest: int
    size: int


async def storms(connection: AsyncConnection, kind: str) -> dict[str, Storm]:
    """Return key → open storm."""
    columns = (incident.c.id, incident.c.cause_key, incident.c.opened_at)
    counted = (
        select(*columns, func.coalesce(func.max(incident_cause.c.since), 0), func.count(incident_cause.c.ci_id))
        .outerjoin(incident_cause, (incident_cause.c.incident_id == incident.c.id) & _present)
        .where(_open, incident.c.kind == kind)
        .group_by(*columns)
    )
    return {row[1]: Storm(*row) for row in await connection.execute(counted)}


async def homes(connection: AsyncConnection, keys: Iterable[str], prefix: str) -> dict[str, str]:
    """Return cause → key of its open incident, of those causes whose incident's key begins so."""
    found: dict[str, str] = {}
    wanted = (
        select(incident_cause.c.cause_key, incident.c.cause_key)
        .join(incident, incident.c.id == incident_cause.c.incident_id)
        .where(_open, _present, incident.c.cause_key.startswith(prefix, autoescape=True))
    )
    for part in interning.chunks(sorted(set(keys))):
        found |= {
            row[0]: row[1] for row in await connection.execute(wanted.where(incident_cause.c.cause_key.in_(part)))
        }
    return found


async def is_stormy(connection: AsyncConnection, prefix: str) -> bool:
    """Return whether any incident whose key begins so is open."""
    wanted = select(incident.c.id).where(_open, incident.c.cause_key.startswith(prefix, autoescape=True)).limit(1)
    return (await connection.execute(wanted)).first() is not None
