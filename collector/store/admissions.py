"""What the desk knows of an incident when it comes in, and of those that came in where its table is not known."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.desk.flow import OPEN
from collector.desk.priority import Reckoning
from collector.model import Cause, Value
from collector.store import interning
from collector.store.schema import incident
from wire.sections import canonical


@dataclass(frozen=True, slots=True)
class Admission:
    """What the desk knows of an incident when it comes in: its priority, with whom it begins, whom and where it is.

    `due_at` (ms): until when it is planned to be done, where it does not go by its priority.
    """

    reckoning: Reckoning
    line: int = 1
    source: str = "monitoring"
    category: str = ""
    contact: str = ""
    affected: str = ""
    place: str = ""
    site: str = ""
    assignee: str = ""
    reporter: str = ""
    description: str = ""
    due_at: int | None = None


@dataclass(frozen=True, slots=True)
class Reckoned:
    """A priority that was reckoned anew, and the one before it."""

    before: str
    reckoning: Reckoning


def sited(detail: Mapping[str, Value], known: Admission | None) -> Mapping[str, Value]:
    """Return the detail with the site beside the CI, where the desk knows it: who is told may be told by site."""
    its = detail.get("ci")
    return (
        {**detail, "ci": {**its, "site": known.site}} if known and known.site and isinstance(its, Mapping) else detail
    )


async def burdens(connection: AsyncConnection) -> dict[str, int]:
    """Return who has incidents that are not over → how many."""
    its = incident.c
    held = (its.assignee != "") & its.state.in_(sorted(OPEN))
    rows = await connection.execute(select(its.assignee, func.count()).where(held).group_by(its.assignee))
    return {name: number for name, number in rows}  # noqa: C416  rows are no pairs to mypy


def columns(known: Admission | None) -> dict[str, object]:
    """Return the columns the desk fills; all rows of one statement have the same."""
    said = known or Admission(Reckoning("P3", "", ""))
    its = said.reckoning
    reckoning = _as_text(its) if known else "{}"
    kept: dict[str, object] = {
        "priority": its.priority, "impact": its.impact, "reckoning": reckoning,
        "source": said.source, "contact": said.contact, "affected": said.affected, "place": said.place,
        "assignee": said.assignee, "reporter": said.reporter, "description": said.description,
        "due_at": said.due_at,
    }  # fmt: skip
    return kept | ({"urgency": its.urgency, "line": said.line, "category": said.category} if known else {})


def _as_text(its: Reckoning) -> str:
    return canonical(dict(its.as_value())).decode()


async def reckoning(connection: AsyncConnection, incident_id: int) -> dict[str, Value]:
    """Return how the priority of an incident was come to."""
    return (await reckonings(connection, [incident_id]))[incident_id]


async def reckonings(connection: AsyncConnection, ids: Collection[int]) -> dict[int, dict[str, Value]]:
    """Return incident id → how its priority was come to, nothing where nobody has worked it out yet."""
    found: dict[int, dict[str, Value]] = {}
    for part in interning.chunks(sorted(ids)):
        wanted = select(incident.c.id, incident.c.reckoning).where(incident.c.id.in_(part))
        found |= {row.id: json.loads(row.reckoning) for row in await connection.execute(wanted)}
    return found


async def urgencies(connection: AsyncConnection, ids: Collection[int]) -> dict[int, str]:
    """Return incident id → how urgent it is."""
    found: dict[int, str] = {}
    for part in interning.chunks(sorted(ids)):
        rows = await connection.execute(select(incident.c.id, incident.c.urgency).where(incident.c.id.in_(part)))
        found |= {row.id: row.urgency for row in rows}
    return found


async def reckon(connection: AsyncConnection, moved: Mapping[int, Reckoned]) -> None:
    """Write priorities of incidents (by id) that were reckoned anew, and how they were come to."""
    rows = [
        {"its_id": key, "priority": its.priority, "impact": its.impact, "urgency": its.urgency,
         "reckoning": _as_text(its)}
        for key, its in sorted((key, each.reckoning) for key, each in moved.items())
    ]  # fmt: skip
    if rows:
        await connection.execute(update(incident).where(incident.c.id == bindparam("its_id")), rows)


async def unreckoned(connection: AsyncConnection, ids: Collection[int]) -> dict[int, Cause]:
    """Return incident id → what opened it, of those whose priority nobody has worked out yet."""
    found: dict[int, Cause] = {}
    for part in interning.chunks(sorted(ids)):
        wanted = select(incident).where(
            incident.c.id.in_(part), incident.c.reckoning == "{}", incident.c.resolved_at.is_(None)
        )
        for row in await connection.execute(wanted):
            found[row.id] = Cause(
                row.cause_key, row.ci_id, row.kind, row.severity, {}, {}, row.opened_at, category=row.category,
                urgency=row.urgency, line=row.line if row.line > 1 else 0,
            )  # fmt: skip
    return found


async def fill(connection: AsyncConnection, known: Mapping[int, Admission]) -> None:
    """Write what the desk knows of incidents (by id) that came in without it; what they have already stays."""
    if not known:
        return
    its = update(incident).where(incident.c.id == bindparam("its_id"))
    names = ("priority", "impact", "urgency", "reckoning", "line", "category", "contact", "affected", "place")
    rows = [{"its_id": key, **{name: columns(each)[name] for name in names}} for key, each in sorted(known.items())]
    await connection.execute(its, rows)
