"""The clocks of incidents: thresholds are passed once each, what nobody objects to closes, a missing year is told.

When an incident is to be looked at next stands in its row (`wake_at`), so a look reads what is due and nothing else.
What a row says is worked out from the intervals each time: nothing is lost over a restart, and nothing is counted on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from collector import incident as planning
from collector.desk import clocks, flow, handing
from collector.desk.clocks import FULL, Interval, Reading
from collector.desk.flow import State
from collector.desk.table import RESOLUTION, RESPONSE, Table
from collector.model import Cause, Incident
from collector.services.incidents import admitting
from collector.services.problems import proposing
from collector.store import admissions, desk, incidents, telling
from collector.store.desk import COLLECTOR, Mark

log = structlog.get_logger(__name__)

PORTION: Final = 200
"""Incidents looked at in one transaction."""
CALENDAR: Final = "calendar"
SAID: Final = {
    RESPONSE: "响应时限已用 {0}% / {0} % of the time to respond is used",
    RESOLUTION: "解决时限已用 {0}% / {0} % of the time to resolve is used",
}
"""What is told when a clock passes a threshold, by clock."""
NOT_TAKEN: Final = "支持线 {0} 无人受理，转下一线 / nobody of line {0} has taken it: it goes to the next"
Rung = Mapping[tuple[str, int], int]


@dataclass(frozen=True, slots=True)
class Look:
    """One incident with all its clocks go by."""

    incident: Incident
    intervals: tuple[Interval, ...]
    rung: Rung


async def tick(tx: AsyncConnection, table: Table, now: int) -> int:
    """Do what is due by `now` for some incidents; return how many: as many as `PORTION`, and there may be more."""
    its = await incidents.awake(tx, now, PORTION)
    await _admit(tx, its, table)
    looks = await looked(tx, [each.id for each in its])
    told: list[tuple[Incident, str, str]] = []
    for look in looks:
        told += await _step(tx, look, table, now)
    await telling.tell(tx, told, now)
    await proposing.propose(tx, await incidents.by_ids(tx, [each.id for each in its]), now)
    await schedule(tx, [each.id for each in its], table, now)
    return len(its)


async def looked(tx: AsyncConnection, incident_ids: Iterable[int]) -> list[Look]:
    """Return incidents with what their clocks go by."""
    ids = list(incident_ids)
    intervals, rung = await desk.intervals(tx, ids), await desk.rung(tx, ids)
    return [Look(each, intervals.get(each.id, ()), rung.get(each.id, {})) for each in await incidents.by_ids(tx, ids)]


async def schedule(tx: AsyncConnection, incident_ids: Iterable[int], table: Table, now: int) -> None:
    """Write into each incident when its clocks are due, and when to look at it next."""
    looks = await looked(tx, incident_ids)
    await desk.schedule(tx, {look.incident.id: moments(look, table, now) for look in looks})


def moments(look: Look, table: Table, now: int) -> dict[str, int | None]:
    """Return when an incident is due, by column; None: that clock does not run."""
    state = look.incident.state
    readings = clocks.read(look.intervals, look.incident.priority, table, now, look.incident.due_at)
    due = {each.clock: each.due_at if each.state == "running" else None for each in readings}
    ahead = [at for reading in readings for _, at in _ahead(reading, look.rung, table)]
    if (leaving := _leaves_at(look, table)) is not None:
        ahead.append(leaving)
    if state == State.RESOLVED:
        ahead = [table.calendar.after(look.incident.resolved_at or now, table.close_after_ms)]
    return {
        "response_due_at": due.get(RESPONSE), "resolution_due_at": due.get(RESOLUTION),
        "wake_at": min(ahead, default=None) if state not in flow.ENDED else None,
    }  # fmt: skip


def _ahead(reading: Reading, rung: Rung, table: Table) -> list[tuple[int, int]]:
    """Return the thresholds a clock passes, or has passed, that nobody was told of: percent and when."""
    thresholds = ((table.warn_percent, reading.warn_at), (FULL, reading.due_at))
    return [(percent, at) for percent, at in thresholds if at is not None and (reading.clock, percent) not in rung]


def _leaves_at(look: Look, table: Table) -> int | None:
    """Return when an incident goes to the next line by itself: once from each."""
    if _left(look.incident.line) in look.rung:
        return None
    return handing.leaves_at(look.incident, look.intervals, table)


def _left(line: int) -> tuple[str, int]:
    """Return how it is written down that an incident left a line by itself: no percent, it is no clock."""
    return f"line {line}", 0


async def _step(tx: AsyncConnection, look: Look, table: Table, now: int) -> list[tuple[Incident, str, str]]:
    one = look.incident
    if one.state == State.RESOLVED:
        return await _end(tx, look, table, now)
    told: list[tuple[Incident, str, str]] = []
    for reading in clocks.read(look.intervals, one.priority, table, now, one.due_at):
        for percent, at in _ahead(reading, look.rung, table):
            if at <= now and await desk.ring(tx, one.id, reading.clock, percent, at):
                act = "escalate" if percent == FULL else "warn"
                detail = {"clock": reading.clock, "percent": percent, "at": at, "allowed": reading.allowed}
                await desk.note(tx, [(one.id, Mark(now, COLLECTOR, act, detail=detail))])
                log.info("incident clock", incident=one.number, clock=reading.clock, percent=percent)
                if reading.state != "done":
                    event = "escalated" if percent == FULL else "warned"
                    told.append((one, event, SAID[reading.clock].format(percent)))
    return told + await _hand_on(tx, look, table, now)


async def _hand_on(tx: AsyncConnection, look: Look, table: Table, now: int) -> list[tuple[Incident, str, str]]:
    """Give what nobody has taken to the next line; its state and its clocks go on."""
    one, at = look.incident, _leaves_at(look, table)
    if at is None or at > now or not await desk.ring(tx, one.id, *_left(one.line), at):
        return []
    moved = replace(one, line=one.line + 1)
    said = NOT_TAKEN.format(one.line)
    await desk.save(tx, one, {"line": moved.line})
    await desk.turn(tx, [moved], now)
    mark = Mark(now, COLLECTOR, flow.Deed.HAND_ON, said, {"line": [one.line, moved.line]})
    await desk.note(tx, [(one.id, mark)])
    log.info("incident handed on", incident=one.number, line=moved.line)
    return [(moved, "updated", said)]


async def _end(tx: AsyncConnection, look: Look, table: Table, now: int) -> list[tuple[Incident, str, str]]:
    """Close what was resolved and nobody has objected to; what still fires was not solved, so it opens again."""
    one = look.incident
    if table.calendar.after(one.resolved_at or now, table.close_after_ms) > now:
        return []
    if one.causes > 0:
        values: dict[str, object] = {
            "state": State.ASSIGNED if one.assignee else State.NEW, "resolved_at": None, "resolution_code": "",
            "reopened": one.reopened + 1,
        }  # fmt: skip
        if await incidents.is_open(tx, one.cause_key):
            return []
    else:
        values = {"state": State.CLOSED, "closed_at": now}
    moved = replace(one, state=str(values["state"]), reopened=int(str(values.get("reopened", one.reopened))))
    event = "reopened" if one.causes > 0 else "closed"
    await desk.save(tx, one, values)
    await desk.turn(tx, [moved], now)
    act = "still_there" if one.causes > 0 else "close"
    await desk.note(tx, [(one.id, Mark(now, COLLECTOR, act))])
    return [(moved, event, "")]


async def _admit(tx: AsyncConnection, its: Sequence[Incident], table: Table) -> None:
    """Reckon the priority of incidents that came in where the desk's table is not known."""
    waiting = await admissions.unreckoned(tx, [each.id for each in its])
    if waiting:
        known = await admitting.admit(tx, waiting.values(), table)
        await admissions.fill(tx, {key: known[cause.key] for key, cause in waiting.items()})


async def mind_the_calendar(tx: AsyncConnection, table: Table, now: int) -> None:
    """Keep an incident open while the days of a year that has come, or comes next, are not written down."""
    year = table.calendar.missing_year(now)
    causes = [] if year is None else [_calendar_cause(year, now)]
    plan = planning.plan(await incidents.held_of_kind(tx, CALENDAR, causes, now), causes, now)
    if not plan.is_empty:
        await incidents.apply(tx, plan, now, await admitting.admit(tx, plan.open, table))


def _calendar_cause(year: int, now: int) -> Cause:
    return Cause(
        key=f"{CALENDAR}|{year}",
        ci_id=None,
        kind=CALENDAR,
        severity="warning",
        title={
            "zh": f"缺少 {year} 年的工作日历：时限按普通周计算，节假日和调休未计入",
            "en": f"The working calendar of {year} is missing: clocks count plain weeks, without holidays",
        },
        detail={"year": year, "file": "rules/calendars/cn.yaml"},
        since=now,
        category="maintenance",
    )
