"""Alerts, incidents and messages counted, for /metrics: one grouped statement each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.schema import alert, incident, outbox


@dataclass(frozen=True, slots=True)
class DeskCounts:
    """`alerts`: (state, held back or not) → alerts that are not ok; `outcomes`: outcome → results.

    `incidents`: (priority, line, source, state) → open incidents; `late`: clock → open incidents past it.
    `messages`: (channel, state) → messages that wait or were given up.
    """

    alerts: Mapping[tuple[str, str], int]
    outcomes: Mapping[str, int]
    incidents: Mapping[tuple[str, str, str, str], int]
    late: Mapping[str, int]
    messages: Mapping[tuple[str, str], int]


async def read(connection: AsyncConnection, now: int) -> DeskCounts:
    """Return the counts at `now` (ms)."""
    return DeskCounts(
        await _alerts(connection), await _outcomes(connection), await _incidents(connection),
        await _late(connection, now), await _messages(connection),
    )  # fmt: skip


async def _alerts(connection: AsyncConnection) -> dict[tuple[str, str], int]:
    is_held = (alert.c.suppressed != "").label("held")
    asked = select(alert.c.state, is_held, func.count()).where(alert.c.state != "ok").group_by(alert.c.state, is_held)
    return {(state, "true" if held else "false"): count for state, held, count in await connection.execute(asked)}


async def _outcomes(connection: AsyncConnection) -> dict[str, int]:
    asked = select(alert.c.outcome, func.count()).group_by(alert.c.outcome)
    return {row[0]: row[1] for row in await connection.execute(asked)}


async def _incidents(connection: AsyncConnection) -> dict[tuple[str, str, str, str], int]:
    by = (incident.c.priority, incident.c.line, incident.c.source, incident.c.state)
    asked = select(*by, func.count()).where(incident.c.resolved_at.is_(None)).group_by(*by)
    rows = await connection.execute(asked)
    return {(priority, str(line), source, state): count for priority, line, source, state, count in rows}


async def _late(connection: AsyncConnection, now: int) -> dict[str, int]:
    late = {}
    for name, due in (("response", incident.c.response_due_at), ("resolution", incident.c.resolution_due_at)):
        asked = select(func.count()).where(incident.c.resolved_at.is_(None), due <= now)
        late[name] = int((await connection.execute(asked)).scalar_one())
    return late


async def _messages(connection: AsyncConnection) -> dict[tuple[str, str], int]:
    by = (outbox.c.destination, outbox.c.state)
    asked = select(*by, func.count()).where(outbox.c.state.in_(("waiting", "dead"))).group_by(*by)
    return {(channel, state): count for channel, state, count in await connection.execute(asked)}
