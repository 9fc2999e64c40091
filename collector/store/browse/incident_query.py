"""Which incidents are asked for, and what that is in SQL: of now, or of how they stood at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from collector.incident.planning import CANCELLED, CLOSED, MERGED, RESOLVED
from collector.store.browse.search import cis_matching
from collector.store.schema import ci, incident, incident_alarm, incident_interval

ENDED: Final = (RESOLVED, CLOSED, CANCELLED, MERGED)
OPEN: Final = "open"
"""Stands for every state in which an incident is not resolved."""


@dataclass(frozen=True, slots=True)
class IncidentQuery:
    """Which incidents: by state (`open`: all that are not resolved), severity, kind, number, title or CI (`q`), one CI.

    `lines`: with which line; `assignee`: whose; `unassigned`: nobody's; `overdue_at`: whose clock ran out before (ms);
    `escalated`: whose clock ever did; `reporter`: who reported it, or what was merged into it; `classes`: of CIs.

    `at`: those there were then (ms), each in the state, with the line and with whom it was; all else is told as now.
    """

    states: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    q: str = ""
    ci_id: int | None = None
    priorities: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    lines: tuple[int, ...] = ()
    assignee: str = ""
    unassigned: bool = False
    overdue_at: int | None = None
    escalated: bool = False
    reporter: str = ""
    parent: str = ""
    at: int | None = None


MOVING: Final = ("state", "line", "assignee")
"""What the intervals of an incident keep."""


def as_it_was(name: str, at: int | None) -> ColumnElement[Any]:
    """Return what it was at a time (ms), as it is where nothing was kept; None: now."""
    here, its = incident.c[name], incident_interval.c
    if at is None:
        return here
    last = select(its[name]).where(its.incident_id == incident.c.id, its.since <= at).order_by(its.id.desc()).limit(1)
    return func.coalesce(last.correlate(incident).scalar_subquery(), here)


def _is_open(at: int | None) -> ColumnElement[bool]:
    return incident.c.resolved_at.is_(None) if at is None else as_it_was("state", at).not_in(ENDED)


def conditions(query: IncidentQuery) -> list[ColumnElement[bool]]:
    """Return what holds of an incident that is asked for; of its CI, too, which is joined."""
    where: list[ColumnElement[bool]] = [
        column.in_(values)
        for column, values in (
            (incident.c.severity, query.severities), (incident.c.kind, query.kinds),
            (incident.c.priority, query.priorities), (incident.c.source, query.sources),
            (as_it_was("line", query.at), query.lines), (ci.c.ci_class, query.classes),
        )
        if values
    ]  # fmt: skip
    where += [
        column == value
        for column, value in (
            (as_it_was("assignee", query.at), query.assignee), (incident.c.parent, query.parent),
        )
        if value
    ]  # fmt: skip
    if query.reporter:
        where.append(_reported(query.reporter))
    where += _standing(query)
    if query.ci_id is not None:
        where.append(incident.c.ci_id == query.ci_id)
    if query.q:
        number = incident.c.number.icontains(query.q, autoescape=True)
        title = incident.c.title.icontains(query.q, autoescape=True)
        where.append(or_(number, title, cis_matching(query.q)))
    return where


def _reported(name: str) -> ColumnElement[bool]:
    """Return that somebody reported it, or what was merged into it."""
    theirs = incident.alias("theirs")
    into = select(theirs.c.merged_into).where(theirs.c.reporter == name, theirs.c.merged_into != "")
    return or_(incident.c.reporter == name, incident.c.number.in_(into))


def _standing(query: IncidentQuery) -> list[ColumnElement[bool]]:
    """Return what is asked of how far the desk is with it."""
    where: list[ColumnElement[bool]] = [] if query.at is None else [incident.c.opened_at <= query.at]
    if query.states:
        states = as_it_was("state", query.at).in_([each for each in query.states if each != OPEN])
        where.append(or_(_is_open(query.at), states) if OPEN in query.states else states)
    if query.unassigned:
        where.append(and_(_is_open(query.at), as_it_was("assignee", query.at) == ""))
    if query.overdue_at is not None:
        where.append(overdue(query.overdue_at))
    if query.escalated:
        where.append(exists().where(incident_alarm.c.incident_id == incident.c.id, incident_alarm.c.percent == 100))
    return where


def overdue(now: int) -> ColumnElement[bool]:
    """Return that one of its clocks has run out at `now` (ms)."""
    return and_(
        incident.c.resolved_at.is_(None),
        or_(incident.c.response_due_at <= now, incident.c.resolution_due_at <= now),
    )
