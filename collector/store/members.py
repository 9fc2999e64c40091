"""The causes an incident is made of: who joined when, who left when, and how many are there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.incident.planning import CAUSE
from collector.model import Cause, Member
from collector.store import interning
from collector.store.engine import insert
from collector.store.schema import incident, incident_cause
from wire.sections import canonical

_PRESENT = incident_cause.c.ended_at.is_(None)


async def of_cis(connection: AsyncConnection, ci_ids: Collection[int]) -> list[Member]:
    """Return the members of those CIs that have not left."""
    return await _select(connection, incident_cause.c.ci_id, ci_ids)


async def of_incidents(connection: AsyncConnection, incident_ids: Collection[int]) -> list[Member]:
    """Return the members of those incidents that have not left."""
    return await _select(connection, incident_cause.c.incident_id, incident_ids)


async def cis_in(connection: AsyncConnection, incident_ids: Collection[int]) -> dict[int, int]:
    """Return incident id → how many CIs have a cause in it."""
    found: dict[int, int] = {}
    for part in interning.chunks(sorted(incident_ids)):
        counted = select(incident_cause.c.incident_id, func.count(incident_cause.c.ci_id.distinct())).where(
            _PRESENT, incident_cause.c.role == CAUSE, incident_cause.c.incident_id.in_(part)
        )
        rows = await connection.execute(counted.group_by(incident_cause.c.incident_id))
        found |= {row[0]: row[1] for row in rows}
    return found


async def of_causes(connection: AsyncConnection, keys: Collection[str]) -> list[Member]:
    """Return the members that these causes are and that have not left."""
    return await _select(connection, incident_cause.c.cause_key, keys)


async def of_kind(connection: AsyncConnection, kind: str) -> list[Member]:
    """Return the members of incidents of one kind that have not left, of those that people resolved too."""
    wanted = select(incident_cause).join(incident, incident.c.id == incident_cause.c.incident_id)
    rows = await connection.execute(wanted.where(_PRESENT, incident.c.kind == kind).order_by(incident_cause.c.id))
    return [_member(row) for row in rows]


async def _select(connection: AsyncConnection, column: ColumnElement[Any], ids: Collection[Any]) -> list[Member]:
    found: list[Member] = []
    for part in interning.chunks(sorted(ids)):
        rows = await connection.execute(select(incident_cause).where(_PRESENT, column.in_(part)))
        found += [_member(row) for row in rows]
    return sorted(found, key=lambda each: each.id)


def _member(row: Any) -> Member:
    return Member(row.id, row.incident_id, row.cause_key, row.ci_id, row.role, row.severity)


async def join(connection: AsyncConnection, joining: Sequence[tuple[int, Cause]]) -> None:
    """Make each cause a member of the incident with that id; one that is a member of any stays there."""
    if not joining:
        return
    fresh = insert(connection, incident_cause).on_conflict_do_nothing(
        index_elements=["cause_key"], index_where=_PRESENT
    )
    done = await connection.execute(
        fresh.returning(incident_cause.c.incident_id, incident_cause.c.role), [_row(*each) for each in joining]
    )
    await _count(connection, done, 1)


def _row(incident_id: int, cause: Cause) -> dict[str, object]:
    return {
        "incident_id": incident_id, "cause_key": cause.key, "ci_id": cause.ci_id, "role": cause.role,
        "title": canonical(dict(cause.title)).decode(), "severity": cause.severity, "since": cause.since,
        "ended_at": None,
    }  # fmt: skip


async def leave(connection: AsyncConnection, leaving: Iterable[Member], now: int) -> None:
    """End these members; one that has left already stays as it is."""
    for part in interning.chunks([each.id for each in leaving]):
        over = update(incident_cause).where(_PRESENT, incident_cause.c.id.in_(part)).values(ended_at=now)
        done = await connection.execute(over.returning(incident_cause.c.incident_id, incident_cause.c.role))
        await _count(connection, done, -1)


async def move(connection: AsyncConnection, from_id: int, to_id: int) -> None:
    """Give the members of one incident that are there to another."""
    moved = update(incident_cause).where(_PRESENT, incident_cause.c.incident_id == from_id).values(incident_id=to_id)
    done = await connection.execute(moved.returning(incident_cause.c.role))
    roles = [row.role for row in done]
    causes = roles.count(CAUSE)
    for incident_id, sign in ((from_id, -1), (to_id, 1)):
        by = {"causes": incident.c.causes + sign * causes, "victims": incident.c.victims + sign * (len(roles) - causes)}
        await connection.execute(update(incident).where(incident.c.id == incident_id).values(**by))


async def _count(connection: AsyncConnection, moved: Iterable[Any], sign: int) -> None:
    """Keep the numbers of causes and victims beside the incident: no storm is counted again for each of its alarms."""
    counted = Counter((row.incident_id, row.role == CAUSE) for row in moved)
    if not counted:
        return
    by = update(incident).where(incident.c.id == bindparam("its_id")).values(
        causes=incident.c.causes + bindparam("more"), victims=incident.c.victims + bindparam("hit")
    )  # fmt: skip
    rows = [
        {"its_id": each, "more": sign * counted[each, True], "hit": sign * counted[each, False]}
        for each in sorted({incident_id for incident_id, _ in counted})
    ]
    await connection.execute(by, rows)
