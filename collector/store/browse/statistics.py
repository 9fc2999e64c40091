"""Figures of the whole: how far the pipeline is behind, what waits to be delivered, how the estate measures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.browse.facts import status_of
from collector.store.schema import ci, observation, outbox, section, source
from wire.observation import Status


@dataclass(frozen=True, slots=True)
class Backlog:
    """Observations on disk that the pipeline has not applied, and when the oldest came (ms; 0: none waits)."""

    pending: int
    oldest_at: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """Messages to deliver: waiting ones, given-up ones, and when the oldest that waits was written (ms; 0: none)."""

    waiting: int
    dead: int
    oldest_at: int


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measurement of one CI, as its agent took it."""

    uid: str
    metric: str
    instance: str
    value: float


async def backlog(connection: AsyncConnection) -> Backlog:
    """Return what waits for the pipeline: what each source sent behind the last that was applied."""
    behind = (observation.c.agent_id == source.c.agent_id) & (observation.c.id > source.c.applied_id)
    statement = select(func.count(), func.min(observation.c.received_at)).select_from(source.join(observation, behind))
    count, oldest = (await connection.execute(statement)).one()
    return Backlog(count, oldest or 0)


async def waiting(connection: AsyncConnection) -> Waiting:
    counted = select(outbox.c.state, func.count(), func.min(outbox.c.created_at)).group_by(outbox.c.state)
    rows = {row[0]: (row[1], row[2]) for row in await connection.execute(counted)}
    count, oldest = rows.get("waiting", (0, 0))
    return Waiting(count, rows.get("dead", (0, 0))[0], oldest)


async def sections_by_status(connection: AsyncConnection) -> dict[tuple[str, Status], int]:
    """Return (section, status) → how many CIs it stands so for."""
    statement = select(section.c.name, section.c.status, func.count()).group_by(section.c.name, section.c.status)
    rows = await connection.execute(statement)
    return {(row[0], status_of(row[1])): row[2] for row in rows}


async def measured(connection: AsyncConnection, since: int) -> tuple[tuple[str, bytes], ...]:
    """Return (CI uid, health body) of every CI whose measurements are not older than `since` (ms), oldest first."""
    statement = (
        select(ci.c.uid, section.c.body)
        .join(ci, ci.c.id == section.c.ci_id)
        .where(section.c.name == "health", section.c.last_ok >= since, section.c.body.is_not(None))
        .order_by(section.c.last_ok)
    )
    return tuple((row[0], row[1]) for row in await connection.execute(statement))


def measurements(bodies: Sequence[tuple[str, bytes]]) -> Iterator[Measurement]:
    """Yield the measurements in `bodies`; the newest body of a CI wins, rows that are none are left out."""
    for uid, body in dict(bodies).items():
        for row in _rows(body):
            metric, value = row.get("metric"), row.get("value")
            if isinstance(metric, str) and isinstance(value, int | float) and not isinstance(value, bool):
                yield Measurement(uid, metric, str(row.get("instance", "")), float(value))


def _rows(body: bytes) -> list[dict[str, Any]]:
    try:
        rows = json.loads(body)
    except ValueError:
        return []
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


async def known_cis(connection: AsyncConnection) -> tuple[tuple[str, str, str, str, int], ...]:
    """Return (uid, name, class, type, id) of every CI in service."""
    statement = (
        select(ci.c.uid, ci.c.name, ci.c.ci_class, ci.c.ci_type, ci.c.id)
        .where(ci.c.merged_into.is_(None), ci.c.state.not_in(("retired", "archived")))
        .order_by(ci.c.id)
    )
    return tuple((row[0], row[1], row[2], row[3], row[4]) for row in await connection.execute(statement))
