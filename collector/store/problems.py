"""Problems as they are kept, the incidents of each, and how often the same came back."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.desk.problem import Problem, State
from collector.incident.planning import CANCELLED, GROUPED
from collector.store import interning
from collector.store.engine import insert
from collector.store.schema import incident, incident_step, problem, problem_incident, problem_step

REOPENINGS: Final = ("reopen", "still_there")
STANDS = problem.c.closed_at.is_(None)
COUNTS = (incident.c.state != CANCELLED) & (incident.c.resolution_code != GROUPED)
"""A false alarm is no time that it came, and what went on in the incident of its cause is told there."""


class Stale(Exception):
    """Somebody wrote the problem since it was read."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One step in the trail of a problem: when (ms), who, what, and what was said with it."""

    at: int
    who: str
    act: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class New:
    """A problem to be: of which key, its title by language, who raises it, and how often it came before."""

    cause_key: str
    ci_id: int | None
    title: Mapping[str, str]
    raised_by: str
    occurrences: int
    state: State


# --- how often it came


async def times(connection: AsyncConnection, keys: Collection[str], since: int) -> dict[str, list[int]]:
    """Return key → when it came from `since` (ms) on: incidents that were opened, and opened again."""
    found: dict[str, list[int]] = {}
    for part in interning.chunks(sorted(keys)):
        own = select(incident.c.cause_key, incident.c.opened_at.label("at")).where(
            incident.c.cause_key.in_(part), incident.c.opened_at >= since, COUNTS
        )
        again = (
            select(incident.c.cause_key, incident_step.c.at)
            .join(incident_step, incident_step.c.incident_id == incident.c.id)
            .where(
                incident.c.cause_key.in_(part),
                incident_step.c.at >= since,
                incident_step.c.act.in_(REOPENINGS),
                COUNTS,
            )
        )
        for row in await connection.execute(own.union_all(again)):
            found.setdefault(row.cause_key, []).append(row.at)
    return found


async def incidents_since(connection: AsyncConnection, key: str, since: int) -> list[int]:
    """Return the ids of the incidents of a key that were opened, or opened again, from `since` (ms) on."""
    again = select(incident_step.c.incident_id).where(incident_step.c.at >= since, incident_step.c.act.in_(REOPENINGS))
    came = (incident.c.opened_at >= since) | incident.c.id.in_(again)
    wanted = select(incident.c.id).where(incident.c.cause_key == key, COUNTS, came)
    return list((await connection.execute(wanted.order_by(incident.c.id))).scalars())


async def last_of(connection: AsyncConnection, keys: Collection[str]) -> dict[str, Problem]:
    """Return key → its last problem."""
    found: dict[str, Problem] = {}
    for part in interning.chunks(sorted(keys)):
        wanted = select(problem).where(problem.c.cause_key.in_(part)).order_by(problem.c.id)
        found |= {row.cause_key: problem_of(row) for row in await connection.execute(wanted)}
    return found


# --- written


async def add(tx: AsyncConnection, new: New, at: int) -> Problem | None:
    """Write a problem and give it its number; return None when one of its key stands already."""
    row = {
        "number": f"?{secrets.token_hex(8)}", "cause_key": new.cause_key, "ci_id": new.ci_id, "state": new.state,
        "title": json.dumps(dict(new.title), ensure_ascii=False), "raised_at": at, "raised_by": new.raised_by,
        "occurrences": new.occurrences,
    }  # fmt: skip
    once = insert(tx, problem).values(row).on_conflict_do_nothing(index_elements=["cause_key"], index_where=STANDS)
    row_id = (await tx.execute(once.returning(problem.c.id))).scalar()
    if row_id is None:
        return None
    number = f"PRB-{row_id:06d}"
    await tx.execute(update(problem).where(problem.c.id == row_id).values(number=number))
    return await find(tx, number)


async def save(tx: AsyncConnection, before: Problem, values: Mapping[str, Any]) -> None:
    """Write these columns of a problem, as long as it is as it was read; raise `Stale`."""
    its = (problem.c.id == before.id, problem.c.version == before.version)
    if isinstance(values.get("title"), Mapping):
        values = {**values, "title": json.dumps(values["title"], ensure_ascii=False)}
    done = await tx.execute(update(problem).where(*its).values(**values, version=before.version + 1))
    if done.rowcount != 1:
        raise Stale


async def link(tx: AsyncConnection, problem_id: int, incident_ids: Iterable[int], at: int, who: str) -> list[int]:
    """Let incidents belong to a problem; return those that did not."""
    rows = [{"problem_id": problem_id, "incident_id": each, "at": at, "who": who} for each in incident_ids]
    if not rows:
        return []
    once = insert(tx, problem_incident).on_conflict_do_nothing().returning(problem_incident.c.incident_id)
    return list((await tx.execute(once, rows)).scalars())


async def unlink(tx: AsyncConnection, problem_id: int, incident_id: int) -> bool:
    its = (problem_incident.c.problem_id == problem_id, problem_incident.c.incident_id == incident_id)
    return bool((await tx.execute(problem_incident.delete().where(*its))).rowcount)


async def note(tx: AsyncConnection, problem_id: int, mark: Mark) -> None:
    """Add a step to the trail of a problem."""
    row = {"problem_id": problem_id, "at": mark.at, "who": mark.who, "act": mark.act, "comment": mark.comment}
    await tx.execute(insert(tx, problem_step).values(row))


# --- read


async def find(connection: AsyncConnection, number: str) -> Problem | None:
    """Return the problem with that number, held until the end of the transaction."""
    return await _one(connection, problem.c.number == number, hold=True)


async def look(connection: AsyncConnection, number: str) -> Problem | None:
    """Return the problem with that number, to be looked at."""
    return await _one(connection, problem.c.number == number)


async def of_incident(connection: AsyncConnection, incident_id: int) -> Problem | None:
    """Return the last problem an incident belongs to."""
    mine = select(func.max(problem_incident.c.problem_id)).where(problem_incident.c.incident_id == incident_id)
    return await _one(connection, problem.c.id == mine.scalar_subquery())


async def trail(connection: AsyncConnection, problem_id: int) -> tuple[Mark, ...]:
    """Return the steps of a problem, the oldest first."""
    ordered = select(problem_step).where(problem_step.c.problem_id == problem_id).order_by(problem_step.c.id)
    return tuple(Mark(row.at, row.who, row.act, row.comment) for row in await connection.execute(ordered))


async def count(connection: AsyncConnection, state: State) -> int:
    """Return how many problems are in a state."""
    return int((await connection.execute(select(func.count()).where(problem.c.state == state))).scalar_one())


async def _one(connection: AsyncConnection, where: ColumnElement[bool], hold: bool = False) -> Problem | None:
    wanted = select(problem).where(where)
    row = (await connection.execute(wanted.with_for_update() if hold else wanted)).one_or_none()
    return problem_of(row) if row else None


def problem_of(row: Row[Any]) -> Problem:
    return Problem(
        row.id, row.number, row.cause_key, State(row.state), json.loads(row.title), row.owner, row.cause,
        row.workaround, row.solution, row.raised_at, row.raised_by, row.occurrences, row.decided_at, row.decided_by,
        row.reason, row.resolved_at, row.closed_at, row.version,
    )  # fmt: skip
