"""What a month's report counts: incidents as they were handled, findings, and rules that fired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.browse.page import AnySelect
from collector.store.schema import alert_move, ci, finding, incident, unverified

_incident, _finding, _move, _unverified = incident.c, finding.c, alert_move.c, unverified.c
FIRING: Final = "firing"
MERGED: Final = "merged"
"""An incident that is told in another one is not counted twice."""


@dataclass(frozen=True, slots=True)
class Handled:
    """One incident; times in ms; `ci_class` "": it is about no CI; `score`: of 5, None: nobody said.

    `due_at`: until when it was planned to be done, None where that goes by its priority.
    """

    id: int
    opened_at: int
    resolved_at: int | None
    state: str
    source: str
    ci_class: str
    category: str
    priority: str
    line: int
    assignee: str
    reopened: int
    score: int | None
    code: str
    due_at: int | None


async def handled(connection: AsyncConnection, since: int, until: int, classes: Sequence[str]) -> list[Handled]:
    """Return the incidents opened or resolved within [since, until) (ms), the oldest first."""
    plain = (_incident.id, _incident.opened_at, _incident.resolved_at, _incident.state, _incident.source)
    rest = (_incident.category, _incident.priority, _incident.line, _incident.assignee, _incident.reopened)
    ends = (_incident.score, _incident.resolution_code, _incident.due_at)
    wanted = select(*plain, func.coalesce(ci.c.ci_class, ""), *rest, *ends)
    rows = await connection.execute(_within(wanted, since, until, classes).order_by(_incident.id))
    return [Handled(*row) for row in rows]


async def course(
    connection: AsyncConnection, since: int, until: int, classes: Sequence[str]
) -> list[tuple[int, int | None]]:
    """Return (opened, resolved) (ms) of the incidents opened or resolved within [since, until)."""
    wanted = select(_incident.opened_at, _incident.resolved_at)
    return [(row[0], row[1]) for row in await connection.execute(_within(wanted, since, until, classes))]


def _within(wanted: AnySelect, since: int, until: int, classes: Sequence[str]) -> AnySelect:
    opened = and_(_incident.opened_at >= since, _incident.opened_at < until)
    resolved = and_(_incident.resolved_at >= since, _incident.resolved_at < until)
    found = wanted.select_from(incident.outerjoin(ci)).where(_incident.state != MERGED, or_(opened, resolved))
    return found.where(ci.c.ci_class.in_(classes)) if classes else found


async def standing_open(connection: AsyncConnection, at: int, classes: Sequence[str]) -> int:
    """Return how many incidents were open at `at` (ms)."""
    was = (_incident.opened_at < at, or_(_incident.resolved_at.is_(None), _incident.resolved_at >= at))
    found = select(func.count()).select_from(incident.outerjoin(ci)).where(_incident.state != MERGED, *was)
    return int((await connection.execute(found.where(ci.c.ci_class.in_(classes)) if classes else found)).scalar_one())


async def findings(
    connection: AsyncConnection, since: int, until: int, classes: Sequence[str]
) -> list[tuple[int, str]]:
    """Return (opened at, verdict) of the findings opened within [since, until) (ms)."""
    found = select(_finding.opened_at, _finding.verdict).join(ci, ci.c.id == _finding.ci_id)
    found = found.where(_finding.opened_at >= since, _finding.opened_at < until)
    rows = await connection.execute(found.where(ci.c.ci_class.in_(classes)) if classes else found)
    return [(row[0], row[1]) for row in rows]


async def missed(connection: AsyncConnection, since: int, until: int, classes: Sequence[str]) -> list[int]:
    """Return when (ms, within [since, until)) changes were found to have lines nobody had seen, each change once."""
    first = func.min(_unverified.opened_at)
    found = select(first).join(ci, ci.c.id == _unverified.ci_id).group_by(_unverified.change_id)
    found = found.having(first >= since, first < until)
    rows = await connection.execute(found.where(ci.c.ci_class.in_(classes)) if classes else found)
    return list(rows.scalars())


async def fired(connection: AsyncConnection, since: int, until: int, limit: int) -> list[tuple[str, int, int]]:
    """Return (rule, how often it began to fire, on how many CIs) within [since, until) (ms), the most first."""
    once = (
        select(_move.rule, _move.ci_id, _move.instance, _move.episode)
        .where(_move.state == FIRING, _move.at >= since, _move.at < until).distinct().subquery()
    )  # fmt: skip
    often = func.count().label("often")
    counted = select(once.c.rule, often, func.count(once.c.ci_id.distinct())).group_by(once.c.rule)
    rows = await connection.execute(counted.order_by(often.desc(), once.c.rule).limit(limit))
    return [(row[0], row[1], row[2]) for row in rows]
