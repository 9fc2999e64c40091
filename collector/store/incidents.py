"""Incidents and their numbers; each opening and resolving is written to the outbox with it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Row, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.incident import OPEN, RESOLVED, Plan
from collector.model import Cause, Incident, Value
from collector.store import interning, telling
from collector.store.engine import insert
from collector.store.schema import incident
from wire.sections import canonical


async def open_ones(connection: AsyncConnection, ci_ids: Collection[int]) -> list[Incident]:
    """Return the incidents of those CIs that are not resolved, the oldest first."""
    found: list[Incident] = []
    for part in interning.chunks(sorted(ci_ids)):
        where = (incident.c.resolved_at.is_(None), incident.c.ci_id.in_(part))
        found += [_incident(row) for row in await connection.execute(select(incident).where(*where))]
    return sorted(found, key=lambda each: each.id)


async def open_of_kind(connection: AsyncConnection, kind: str) -> list[Incident]:
    """Return the incidents of one kind that are not resolved, the oldest first."""
    where = (incident.c.resolved_at.is_(None), incident.c.kind == kind)
    return [_incident(row) for row in await connection.execute(select(incident).where(*where).order_by(incident.c.id))]


async def apply(connection: AsyncConnection, plan: Plan, now: int, destinations: Sequence[str]) -> list[str]:
    """Do what `plan` says in this transaction, told to every destination; return the numbers of new incidents.

    Applying a plan again opens nothing twice and tells nothing twice.
    """
    opened = await _open(connection, plan.open, now)
    resolved = await _resolve(connection, plan.resolve)
    if plan.update:
        moved = update(incident).where(incident.c.id == bindparam("its_id"))
        await connection.execute(moved, [_moved(each) for each in plan.update])
    told = [(each, "opened") for each in opened] + [(each, "resolved") for each in resolved]
    await telling.tell(connection, told, now, destinations)
    return [each.number for each in opened]


async def _open(connection: AsyncConnection, causes: Sequence[Cause], now: int) -> list[Incident]:
    """Insert, then number by id: one statement each for any count. A cause that has an open incident keeps it."""
    if not causes:
        return []
    before = (await connection.execute(select(func.coalesce(func.max(incident.c.id), 0)))).scalar_one()
    fresh = insert(connection, incident).on_conflict_do_nothing(
        index_elements=["cause_key"], index_where=incident.c.resolved_at.is_(None)
    )
    await connection.execute(fresh, [_row(cause, now) for cause in causes])
    keys = {cause.key for cause in causes}
    rows = (await connection.execute(select(incident).where(incident.c.id > before).order_by(incident.c.id))).all()
    numbers = {row.id: f"INC-{row.id:06d}" for row in rows if row.cause_key in keys and row.number == _unnumbered(row)}
    if numbers:
        numbered = update(incident).where(incident.c.id == bindparam("its_id"))
        await connection.execute(numbered, [{"its_id": key, "number": number} for key, number in numbers.items()])
    return [_incident(row, numbers[row.id]) for row in rows if row.id in numbers]


def _unnumbered(row: Row[tuple[object, ...]]) -> str:
    return f"new|{row.cause_key}"


def _row(cause: Cause, now: int) -> dict[str, object]:
    return {
        "number": f"new|{cause.key}", "cause_key": cause.key, "ci_id": cause.ci_id, "kind": cause.kind,
        "severity": cause.severity, "state": OPEN, "title": _json(cause.title), "detail": _json(cause.detail),
        "opened_at": now, "resolved_at": None,
    }  # fmt: skip


def _moved(each: Incident) -> dict[str, object]:
    return {
        "its_id": each.id, "severity": each.severity, "title": _json(each.title), "detail": _json(each.detail),
    }  # fmt: skip


async def _resolve(connection: AsyncConnection, incidents: Sequence[Incident]) -> list[Incident]:
    if not incidents:
        return []
    still = select(incident.c.id).where(incident.c.resolved_at.is_(None)).with_for_update()
    ids = set((await connection.execute(still)).scalars())
    resolved = [each for each in incidents if each.id in ids]
    if resolved:
        done = update(incident).where(incident.c.id == bindparam("its_id")).values(state=RESOLVED)
        await connection.execute(done, [{"its_id": each.id, "resolved_at": each.resolved_at} for each in resolved])
    return resolved


def _json(value: Mapping[str, Value]) -> str:
    return canonical(dict(value)).decode()


def _incident(row: Row[tuple[object, ...]], number: str = "") -> Incident:
    return Incident(
        row.id, number or row.number, row.cause_key, row.ci_id, row.kind, row.severity, row.state,
        json.loads(row.title), json.loads(row.detail), row.opened_at, row.resolved_at,
    )  # fmt: skip
