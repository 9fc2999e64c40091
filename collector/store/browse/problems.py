"""Problems as a list: what keeps coming back, on which CI, how often, and how far somebody is with it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.desk.problem import Problem
from collector.store.browse.page import AnyRow, Order, Page, Window, fetch
from collector.store.browse.ref import CiRef
from collector.store.browse.search import cis_matching
from collector.store.problems import problem_of
from collector.store.schema import ci, incident, problem, problem_incident


@dataclass(frozen=True, slots=True)
class ProblemQuery:
    """Which problems: by state, owner, one number, and number, title or CI (`q`)."""

    states: tuple[str, ...] = ()
    owner: str = ""
    q: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """One problem, its CI where it is about one, how many incidents it has, and when the last was opened (ms)."""

    problem: Problem
    ci: CiRef | None
    incidents: int
    last_at: int | None


_HAS = problem_incident.c.problem_id == problem.c.id
_COUNT = select(func.count()).select_from(problem_incident).where(_HAS).scalar_subquery()
_LAST = (
    select(func.max(incident.c.opened_at))
    .select_from(problem_incident.join(incident, incident.c.id == problem_incident.c.incident_id))
    .where(_HAS)
    .scalar_subquery()
)
_ORDER = Order((problem.c.id,), lambda row: (row.id,), lambda key: key, (int,), descending=True)


async def list_problems(connection: AsyncConnection, query: ProblemQuery, window: Window) -> Page[ProblemRow]:
    """Return one page of problems, newest first; raise `BadCursor`."""
    joined, where = problem.outerjoin(ci, ci.c.id == problem.c.ci_id), _where(query)
    count = (await connection.execute(select(func.count()).select_from(joined).where(*where))).scalar_one()
    place = (ci.c.uid, ci.c.name.label("ci_name"), ci.c.ci_class, ci.c.ci_type, ci.c.state.label("ci_state"))
    statement = select(problem, *place, _COUNT.label("incidents"), _LAST.label("last_at")).select_from(joined)
    page = await fetch(connection, statement.where(*where), _ORDER, window, count)
    return page.of([_row(row) for row in page.items])


async def incidents_of(connection: AsyncConnection, problem_id: int, limit: int) -> tuple[str, ...]:
    """Return the numbers of the incidents of a problem, the newest first."""
    joined = problem_incident.join(incident, incident.c.id == problem_incident.c.incident_id)
    wanted = select(incident.c.number).select_from(joined).where(problem_incident.c.problem_id == problem_id)
    return tuple((await connection.execute(wanted.order_by(incident.c.id.desc()).limit(limit))).scalars())


def _where(query: ProblemQuery) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if query.states:
        where.append(problem.c.state.in_(query.states))
    if query.number:
        where.append(problem.c.number == query.number)
    if query.owner:
        where.append(problem.c.owner == query.owner)
    if query.q:
        own = [column.icontains(query.q, autoescape=True) for column in (problem.c.number, problem.c.title)]
        where.append(or_(*own, cis_matching(query.q)))
    return where


def _row(row: AnyRow) -> ProblemRow:
    place = CiRef(row.uid, row.ci_name, row.ci_class, row.ci_type, row.ci_state) if row.uid else None
    return ProblemRow(problem_of(row), place, row.incidents, row.last_at)
