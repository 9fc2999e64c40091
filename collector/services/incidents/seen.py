"""One incident with all a person needs to work on it: clocks, why it is so urgent, what it touches, what is next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change import record as changed
from collector.desk import clocks, lifecycle
from collector.desk.clocks import Interval, Reading
from collector.desk.flow import LINES, STEPS, Deed, State
from collector.desk.lifecycle import Person, Why
from collector.desk.problem import Problem
from collector.model import Incident
from collector.services.incidents import planned
from collector.services.incidents.desk import ServiceDesk
from collector.services.missing import NotFound
from collector.store import accounts, alert_acks, desk, problems
from collector.store.alert_acks import Ack
from collector.store.browse import changes, incident_deliveries, incident_members, incidents
from collector.store.browse.changes import ChangeQuery, ChangeRow
from collector.store.browse.incident_deliveries import DeliveryRow
from collector.store.browse.incident_members import MemberRow
from collector.store.browse.incident_query import IncidentQuery
from collector.store.browse.incidents import IncidentRow
from collector.store.browse.page import Window
from collector.store.desk import Link, Mark
from collector.store.incidents import look

MAX_MEMBERS: Final = 200
"""Causes that are listed; all are counted."""
RECENT_CHANGES: Final = 5
APPROVED: Final = (
    changed.State.APPROVED, changed.State.IMPLEMENTING, changed.State.IMPLEMENTED, changed.State.CLOSED
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Offer:
    """An act that exists in this state, and every reason why the one who looks may not do it; none: they may."""

    act: Deed
    denied: tuple[Why, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """An incident at one moment, for one person."""

    row: IncidentRow
    clocks: tuple[Reading, ...]
    intervals: tuple[Interval, ...]
    escalated: bool
    offers: tuple[Offer, ...]
    members: tuple[MemberRow, ...]
    trail: tuple[Mark, ...]
    links: tuple[Link, ...]
    children: tuple[IncidentRow, ...]
    changes: tuple[ChangeRow, ...]
    told: tuple[DeliveryRow, ...]
    acks: Mapping[str, Ack]
    """Which of its causes somebody has seen, by key."""
    problem: Problem | None
    without_holidays: bool
    """The working calendar of this year is missing."""

    @property
    def stays(self) -> str:
        """Why it stayed open when the one it stands under was resolved (a word of `Stays`), "" for no such reason."""
        last = next((mark for mark in reversed(self.trail) if mark.act == "stays_open"), None)
        is_said = last is not None and self.row.is_open and last.detail.get("parent") == self.row.parent
        return str(last.detail.get("why", "")) if last is not None and is_said else ""

    @property
    def may(self) -> frozenset[str]:
        """The acts whoever looks may do."""
        return frozenset(str(each.act) for each in self.offers if not each.denied)


async def one(connection: AsyncConnection, service: ServiceDesk, number: str, who: Person, now: int) -> Seen:
    """Return an incident as `who` sees it at `now` (ms); raise `NotFound`."""
    row, kept = await incidents.one_incident(connection, number), await look(connection, number)
    if row is None or kept is None:
        raise NotFound("incident", number)
    intervals = (await desk.intervals(connection, [row.id])).get(row.id, ())
    rung = (await desk.rung(connection, [row.id])).get(row.id, {})
    children = await incidents.list_incidents(connection, IncidentQuery(parent=number), Window(MAX_MEMBERS))
    its = await incident_members.members(connection, row.id, MAX_MEMBERS)
    return Seen(
        row,
        clocks.read(intervals, row.priority, service.table, now, kept.due_at),
        intervals,
        any(percent == clocks.FULL for _, percent in rung),
        offers(kept, who, service, now, await planned.barred(connection, kept)),
        its,
        await desk.trail(connection, row.id),
        await desk.links(connection, row.id),
        children.items,
        await _changes(connection, kept.ci_id),
        await incident_deliveries.deliveries(connection, number),
        await alert_acks.of_cis(connection, {each.ci.uid for each in its if each.ci}),
        await problems.of_incident(connection, row.id),
        service.table.calendar.lacks(service.table.calendar.day_of(now)) and bool(service.table.targets),
    )


def offers(
    kept: Incident, who: Person, service: ServiceDesk, now: int, barred: Mapping[Deed, Why]
) -> tuple[Offer, ...]:  # fmt: skip
    """Return what may be done at `now`, and why not; `barred`: what nobody does, for what it is the incident of."""
    found = ((act, lifecycle.refusals(kept, act, who, service.table, now)) for act in STEPS)
    return tuple(
        Offer(act, (*denied, barred[act]) if act in barred else denied)
        for act, denied in found
        if Why.NOT_IN_THIS_STATE not in denied
    )


async def _changes(connection: AsyncConnection, ci_id: int | None) -> tuple[ChangeRow, ...]:
    """Return the last approved changes on the CI: what somebody did is the first thing to ask about."""
    if ci_id is None:
        return ()
    wanted = ChangeQuery(states=APPROVED, ci_id=ci_id)
    return (await changes.list_changes(connection, wanted, Window(RECENT_CHANGES))).items


async def people(connection: AsyncConnection) -> tuple[tuple[str, int], ...]:
    """Return whom an incident can be given to: account and line."""
    found = []
    for each in await accounts.everyone(connection):
        person = Person(each.name, frozenset(role.partition(":")[0] for role in each.roles))
        lines = lifecycle.lines_of(person)
        if each.state == accounts.ACTIVE and lines:
            found.append((each.name, min(lines)))
    return tuple(sorted(found, key=lambda one: (one[1], one[0])))


def my_lines(who: Person) -> tuple[int, ...]:
    return tuple(line for line, role in LINES.items() if role in who.roles)


def is_over(row: IncidentRow) -> bool:
    return row.state in {State.CLOSED, State.CANCELLED, State.MERGED}
