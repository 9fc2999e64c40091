"""What the desk writes about incidents: steps, intervals, thresholds passed, links; and the incident itself."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.desk.clocks import Interval
from collector.model import Incident, Value
from collector.store import interning
from collector.store.engine import insert
from collector.store.schema import incident, incident_alarm, incident_interval, incident_link, incident_step
from wire.sections import canonical

COLLECTOR: Final = "collector"
"""Who did what nobody did: the program, of its own accord."""


class Stale(Exception):
    """Somebody wrote the incident since it was read."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One step in the trail of an incident: when (ms), who, what, what was said with it, and what it moved."""

    at: int
    who: str
    act: str
    comment: str = ""
    detail: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Link:
    """What an incident has to do with: `kind` ci, change, finding, request, knowledge or incident."""

    kind: str
    reference: str
    at: int
    who: str


async def save(tx: AsyncConnection, before: Incident, values: Mapping[str, Any]) -> None:
    """Write these columns of an incident, as long as it is as it was read; raise `Stale`."""
    its = (incident.c.id == before.id, incident.c.version == before.version)
    done = await tx.execute(update(incident).where(*its).values(**values, version=before.version + 1))
    if done.rowcount != 1:
        raise Stale


async def schedule(tx: AsyncConnection, moments: Mapping[int, Mapping[str, int | None]]) -> None:
    """Write when clocks of incidents (by id) pass what they pass next; that is no new version of them."""
    if moments:
        its = update(incident).where(incident.c.id == bindparam("its_id"))
        await tx.execute(its, [{"its_id": key, **moments[key]} for key in sorted(moments)])


async def turn(tx: AsyncConnection, moved: Iterable[Incident], at: int, reason: str = "") -> None:
    """End the interval each incident is in, and begin the one it is in now."""
    its = list(moved)
    for part in interning.chunks([each.id for each in its]):
        over = update(incident_interval).where(
            incident_interval.c.incident_id.in_(part), incident_interval.c.until.is_(None)
        )
        await tx.execute(over.values(until=at))
    if its:
        await tx.execute(insert(tx, incident_interval), [_interval_row(each, at, reason) for each in its])


def _interval_row(each: Incident, at: int, reason: str) -> dict[str, object]:
    return {
        "incident_id": each.id, "state": each.state, "reason": reason, "line": each.line, "assignee": each.assignee,
        "since": at, "until": None,
    }  # fmt: skip


async def intervals(connection: AsyncConnection, incident_ids: Collection[int]) -> dict[int, tuple[Interval, ...]]:
    """Return incident id → its intervals, the oldest first."""
    found: dict[int, list[Interval]] = {}
    table = incident_interval
    for part in interning.chunks(sorted(incident_ids)):
        rows = await connection.execute(select(table).where(table.c.incident_id.in_(part)).order_by(table.c.id))
        for row in rows:
            one = Interval(row.state, row.since, row.until, row.reason, row.line, row.assignee)
            found.setdefault(row.incident_id, []).append(one)
    return {key: tuple(its) for key, its in found.items()}


async def note(tx: AsyncConnection, marks: Sequence[tuple[int, Mark]]) -> None:
    """Add steps to the trails of incidents (by id)."""
    if marks:
        await tx.execute(insert(tx, incident_step), [_step_row(*each) for each in marks])


def _step_row(incident_id: int, mark: Mark) -> dict[str, object]:
    return {
        "incident_id": incident_id, "at": mark.at, "who": mark.who, "act": mark.act, "comment": mark.comment,
        "detail": canonical(dict(mark.detail)).decode(),
    }  # fmt: skip


async def trail(connection: AsyncConnection, incident_id: int) -> tuple[Mark, ...]:
    """Return the steps of an incident, the oldest first."""
    ordered = select(incident_step).where(incident_step.c.incident_id == incident_id).order_by(incident_step.c.id)
    return tuple(
        Mark(row.at, row.who, row.act, row.comment, json.loads(row.detail)) for row in await connection.execute(ordered)
    )


async def ring(tx: AsyncConnection, incident_id: int, clock: str, percent: int, at: int) -> bool:
    """Write down that a clock passed a threshold; return whether that is new."""
    fresh = insert(tx, incident_alarm).values(incident_id=incident_id, clock=clock, percent=percent, at=at)
    done = await tx.execute(fresh.on_conflict_do_nothing().returning(incident_alarm.c.percent))
    return done.one_or_none() is not None


async def rung(connection: AsyncConnection, incident_ids: Collection[int]) -> dict[int, dict[tuple[str, int], int]]:
    """Return incident id → (clock, percent) → when it was passed."""
    found: dict[int, dict[tuple[str, int], int]] = {}
    for part in interning.chunks(sorted(incident_ids)):
        for row in await connection.execute(select(incident_alarm).where(incident_alarm.c.incident_id.in_(part))):
            found.setdefault(row.incident_id, {})[row.clock, row.percent] = row.at
    return found


async def link(tx: AsyncConnection, incident_id: int, one: Link) -> bool:
    """Link an incident; return whether that is new."""
    fresh = insert(tx, incident_link).values(
        incident_id=incident_id, kind=one.kind, reference=one.reference, at=one.at, who=one.who
    )
    done = await tx.execute(fresh.on_conflict_do_nothing().returning(incident_link.c.kind))
    return done.one_or_none() is not None


async def unlink(tx: AsyncConnection, incident_id: int, kind: str, reference: str) -> bool:
    """Take a link of an incident away; return whether there was one."""
    where = (incident_link.c.incident_id == incident_id, incident_link.c.kind == kind)
    done = await tx.execute(delete(incident_link).where(*where, incident_link.c.reference == reference))
    return done.rowcount > 0


async def links(connection: AsyncConnection, incident_id: int) -> tuple[Link, ...]:
    ordered = select(incident_link).where(incident_link.c.incident_id == incident_id).order_by(incident_link.c.at)
    return tuple(Link(row.kind, row.reference, row.at, row.who) for row in await connection.execute(ordered))


async def linked(connection: AsyncConnection, kind: str, reference: str) -> tuple[int, ...]:
    """Return the ids of the incidents that are linked to this."""
    where = (incident_link.c.kind == kind, incident_link.c.reference == reference)
    return tuple((await connection.execute(select(incident_link.c.incident_id).where(*where))).scalars())


async def above(connection: AsyncConnection, number: str) -> list[str]:
    """Return the numbers of the incidents this one stands under, the nearest first."""
    found: list[str] = []
    while number and number not in found:
        parent = (await connection.execute(select(incident.c.parent).where(incident.c.number == number))).scalar()
        found.append(number)
        number = parent or ""
    return found[1:]
