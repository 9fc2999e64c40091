"""Incidents and their numbers, and the causes they are made of; what happens is told in the same transaction."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, Row, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.incident.planning import CANCELLED, CAUSE, MERGED, NEW, REOPEN_WINDOW_MS, Held, Plan, key_of
from collector.model import Cause, Incident, Member, Value
from collector.store import interning, members, telling
from collector.store.engine import insert
from collector.store.schema import incident
from wire.sections import canonical

AnyRow = Row[tuple[object, ...]]


async def open_ones(connection: AsyncConnection, ci_ids: Collection[int]) -> list[Incident]:
    """Return the incidents of those CIs that are not resolved, the oldest first."""
    found: list[Incident] = []
    for part in interning.chunks(sorted(ci_ids)):
        found += await _select(connection, incident.c.resolved_at.is_(None), incident.c.ci_id.in_(part))
    return sorted(found, key=lambda each: each.id)


async def open_of_kind(connection: AsyncConnection, kind: str) -> list[Incident]:
    """Return the incidents of one kind that are not resolved, the oldest first."""
    return await _select(connection, incident.c.resolved_at.is_(None), incident.c.kind == kind)


async def held_of(connection: AsyncConnection, ci_ids: Collection[int], causes: Iterable[Cause], now: int) -> Held:
    """Return what `incident.plan` must know of these CIs, whose present causes are given."""
    return await _held(connection, await members.of_cis(connection, ci_ids), causes, now)


async def held_of_kind(connection: AsyncConnection, kind: str, causes: Iterable[Cause], now: int) -> Held:
    """Return the same for all causes of one kind, which are of no CI."""
    ids = [each.id for each in await open_of_kind(connection, kind)]
    return await _held(connection, await members.of_incidents(connection, ids), causes, now)


async def victims_of(connection: AsyncConnection, incident_ids: Collection[int]) -> set[int]:
    """Return the CIs that are victims in these incidents."""
    its = await members.of_incidents(connection, incident_ids)
    return {each.ci_id for each in its if each.role != CAUSE and each.ci_id is not None}


async def _held(connection: AsyncConnection, its: Sequence[Member], causes: Iterable[Cause], now: int) -> Held:
    """Incidents are locked until the end of the transaction: another collector may settle the same group."""
    keys = sorted({key_of(cause) for cause in causes})
    ids = sorted({each.incident_id for each in its})
    found: dict[int, Incident] = {}
    recent: list[Incident] = []
    for part in interning.chunks(ids):
        found |= {each.id: each for each in await _select(connection, incident.c.id.in_(part), _is_open())}
    for part in interning.chunks(keys):
        its_own = incident.c.cause_key.in_(part)
        found |= {each.id: each for each in await _select(connection, its_own, _is_open())}
        recent += await _select(
            connection, its_own, incident.c.resolved_at >= now - REOPEN_WINDOW_MS,
            incident.c.state.not_in((CANCELLED, MERGED)),
        )  # fmt: skip
    return Held(tuple(sorted(found.values(), key=lambda each: each.id)), tuple(its), tuple(recent))


async def _select(connection: AsyncConnection, *where: ColumnElement[bool]) -> list[Incident]:
    wanted = select(incident).where(*where).order_by(incident.c.id).with_for_update()
    return [_incident(row) for row in await connection.execute(wanted)]


def _is_open() -> ColumnElement[bool]:
    return incident.c.resolved_at.is_(None)


async def apply(connection: AsyncConnection, plan: Plan, now: int, destinations: Sequence[str]) -> list[str]:
    """Do what `plan` says in this transaction, told to every destination; return the numbers of new incidents.

    Applying a plan again opens nothing twice and tells nothing twice.
    """
    await members.leave(connection, plan.leave, now)
    opened = await _open(connection, plan.open, now)
    resolved = await _resolve(connection, plan.resolve, now)
    await _move(connection, (*plan.update, *plan.recover, *plan.reopen))
    await members.join(
        connection, await _homes(connection, [*plan.join, *((key_of(each), each) for each in plan.open)])
    )
    told = [(each, "opened") for each in opened] + [(each, "resolved") for each in resolved]
    await telling.tell(connection, told, now, destinations)
    return [each.number for each in opened]


async def _homes(connection: AsyncConnection, joining: Sequence[tuple[str, Cause]]) -> list[tuple[int, Cause]]:
    """Return the causes by the id of the open incident each key has."""
    ids: dict[str, int] = {}
    for part in interning.chunks(sorted({key for key, _ in joining})):
        wanted = select(incident.c.cause_key, incident.c.id).where(_is_open(), incident.c.cause_key.in_(part))
        ids |= {row.cause_key: row.id for row in await connection.execute(wanted)}
    return [(ids[key], cause) for key, cause in joining if key in ids]


async def _open(connection: AsyncConnection, causes: Sequence[Cause], now: int) -> list[Incident]:
    """Insert, then number by id: one statement each for any count. A cause that has an open incident keeps it."""
    if not causes:
        return []
    before = (await connection.execute(select(func.coalesce(func.max(incident.c.id), 0)))).scalar_one()
    fresh = insert(connection, incident).on_conflict_do_nothing(
        index_elements=["cause_key"], index_where=incident.c.resolved_at.is_(None)
    )
    await connection.execute(fresh, [_row(cause, now) for cause in causes])
    keys = {key_of(cause) for cause in causes}
    rows = (await connection.execute(select(incident).where(incident.c.id > before).order_by(incident.c.id))).all()
    numbers = {row.id: f"INC-{row.id:06d}" for row in rows if row.cause_key in keys and row.number == _unnumbered(row)}
    if numbers:
        numbered = update(incident).where(incident.c.id == bindparam("its_id"))
        await connection.execute(numbered, [{"its_id": key, "number": number} for key, number in numbers.items()])
    return [_incident(row, numbers[row.id]) for row in rows if row.id in numbers]


def _unnumbered(row: AnyRow) -> str:
    return f"new|{row.cause_key}"


def _row(cause: Cause, now: int) -> dict[str, object]:
    key = key_of(cause)
    return {
        "number": f"new|{key}", "cause_key": key, "ci_id": cause.ci_id, "kind": cause.kind,
        "severity": cause.severity, "state": NEW, "title": _json(cause.title), "detail": _json(cause.detail),
        "opened_at": now, "resolved_at": None, "category": cause.category, "urgency": cause.urgency,
        "line": cause.line or 1,
    }  # fmt: skip


async def _move(connection: AsyncConnection, moved: Sequence[Incident]) -> None:
    if moved:
        done = update(incident).where(incident.c.id == bindparam("its_id")).values(version=incident.c.version + 1)
        await connection.execute(done, [_moved(each) for each in moved])


def _moved(each: Incident) -> dict[str, object]:
    return {
        "its_id": each.id, "severity": each.severity, "title": _json(each.title), "detail": _json(each.detail),
        "state": each.state, "resolved_at": each.resolved_at, "resolution_code": each.resolution_code,
        "recovered_at": each.recovered_at, "reopened": each.reopened,
    }  # fmt: skip


async def _resolve(connection: AsyncConnection, incidents: Sequence[Incident], now: int) -> list[Incident]:
    """Resolve those that are open still, and let go of whatever member they have."""
    still: set[int] = set()
    for part in interning.chunks([each.id for each in incidents]):
        wanted = select(incident.c.id).where(_is_open(), incident.c.id.in_(part)).with_for_update()
        still |= set((await connection.execute(wanted)).scalars())
    resolved = [each for each in incidents if each.id in still]
    await _move(connection, resolved)
    await members.leave(connection, await members.of_incidents(connection, [each.id for each in resolved]), now)
    return resolved


def _json(value: Mapping[str, Value]) -> str:
    return canonical(dict(value)).decode()


def _incident(row: AnyRow, number: str = "") -> Incident:
    return Incident(
        row.id, number or row.number, row.cause_key, row.ci_id, row.kind, row.severity, row.state,
        json.loads(row.title), json.loads(row.detail), row.opened_at, row.resolved_at, row.causes, row.recovered_at,
        row.reopened, row.source, row.priority, row.category, row.line, row.assignee, row.reporter,
        row.resolution_code, row.version,
    )  # fmt: skip
