"""Incidents as rows: what a row says, and what is written into it when its causes move or are gone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Row, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import Incident, Value
from collector.store import interning, members
from collector.store.schema import incident
from wire.sections import canonical

AnyRow = Row[tuple[object, ...]]


def incident_of(row: AnyRow, number: str = "") -> Incident:
    return Incident(
        row.id, number or row.number, row.cause_key, row.ci_id, row.kind, row.severity, row.state,
        json.loads(row.title), json.loads(row.detail), row.opened_at, row.resolved_at, row.causes, row.recovered_at,
        row.reopened, row.source, row.priority, row.category, row.line, row.assignee, row.reporter,
        row.resolution_code, row.version, row.due_at, tuple(json.loads(row.also_reported)),
        row.closed_at, row.score,
    )  # fmt: skip


def unresolved() -> ColumnElement[bool]:
    return incident.c.resolved_at.is_(None)


def as_text(value: Mapping[str, Value]) -> str:
    return canonical(dict(value)).decode()


async def move(connection: AsyncConnection, moved: Sequence[Incident], wake_at: int | None) -> None:
    """Write what the causes of incidents move; `wake_at`: when the clockwork is to look at their clocks anew."""
    if not moved:
        return
    done = update(incident).where(incident.c.id == bindparam("its_id")).values(version=incident.c.version + 1)
    clocks = {} if wake_at is None else {"wake_at": wake_at}
    await connection.execute(done, [_moved(each) | clocks for each in moved])


def _moved(each: Incident) -> dict[str, object]:
    return {
        "its_id": each.id, "severity": each.severity, "title": as_text(each.title), "detail": as_text(each.detail),
        "state": each.state, "resolved_at": each.resolved_at, "resolution_code": each.resolution_code,
        "recovered_at": each.recovered_at, "reopened": each.reopened,
    }  # fmt: skip


async def resolve(connection: AsyncConnection, incidents: Sequence[Incident], now: int) -> list[Incident]:
    """Resolve those that are open still, and let go of whatever member they have."""
    still: set[int] = set()
    for part in interning.chunks([each.id for each in incidents]):
        wanted = select(incident.c.id).where(unresolved(), incident.c.id.in_(part)).with_for_update()
        still |= set((await connection.execute(wanted)).scalars())
    resolved = [each for each in incidents if each.id in still]
    await move(connection, resolved, now)
    await members.leave(connection, await members.of_incidents(connection, [each.id for each in resolved]), now)
    return resolved
