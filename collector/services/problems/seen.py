"""Problems as pages and REST show them: the list, and one with its incidents, its trail and what is next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.desk.problem import STEPS, Deed, Problem, State
from collector.services.missing import NotFound
from collector.store import problems
from collector.store.browse import incidents as kept_incidents
from collector.store.browse import problems as kept
from collector.store.browse.incidents import IncidentRow
from collector.store.browse.page import Page, Window
from collector.store.browse.problems import ProblemQuery, ProblemRow
from collector.store.problems import Mark

MAX_INCIDENTS: Final = 100
"""Incidents that are listed; all are counted."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One problem, the incidents it has (the newest first), what was done, and what can be done now."""

    row: ProblemRow
    incidents: tuple[IncidentRow, ...]
    trail: tuple[Mark, ...]
    offers: tuple[Deed, ...]

    @property
    def problem(self) -> Problem:
        return self.row.problem


async def listed(connection: AsyncConnection, query: ProblemQuery, window: Window) -> Page[ProblemRow]:
    """Return one page of problems, newest first; raise `BadCursor`."""
    return await kept.list_problems(connection, query, window)


async def proposed(connection: AsyncConnection) -> int:
    """Return how many problems wait for somebody to accept or decline them."""
    return await problems.count(connection, State.PROPOSED)


async def of_incident(connection: AsyncConnection, incident_id: int) -> Problem | None:
    """Return the problem an incident belongs to."""
    return await problems.of_incident(connection, incident_id)


async def one(connection: AsyncConnection, number: str, manages: bool) -> Seen:
    """Return a problem; `manages`: whoever looks may decide on it. Raise `NotFound`."""
    found = await kept.list_problems(connection, ProblemQuery(number=number), Window(1))
    if not found.items:
        raise NotFound("problem", number)
    row = found.items[0]
    numbers = await kept.incidents_of(connection, row.problem.id, MAX_INCIDENTS)
    return Seen(
        row, await kept_incidents.numbered(connection, numbers), await problems.trail(connection, row.problem.id),
        offers(row.problem, manages),
    )  # fmt: skip


def offers(problem: Problem, manages: bool) -> tuple[Deed, ...]:
    return tuple(
        act for act, step in STEPS.items() if problem.state in step.before and (manages or not step.managed)
    )  # fmt: skip
