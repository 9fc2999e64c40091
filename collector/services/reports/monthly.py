"""The service report of a month, or of any time: incidents and how they were handled, availability, maintenance, rules.

What is counted by source, class and so on was opened in the period; what is said of answers speaks of those too; what
is said of solutions, of those solved in the period. Incidents that were merged into others are not counted.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.desk.table import HOUR_MS
from collector.desk.table import Table as DeskTable
from collector.report.value import Cell, Column, Figure, Kind, Report, Row, Table, standing
from collector.services import rule_health, waivers
from collector.services.reports import handling, months
from collector.services.reports.asked import Asked
from collector.services.reports.handling import Judged, Tally
from collector.services.waivers import ACTIVE, WaiverRow
from collector.store import availability, desk
from collector.store.availability import Availability
from collector.store.browse import inspections, monthly
from collector.store.browse.monthly import Handled
from collector.store.browse.ref import CiRef
from collector.store.browse.report_moves import Period

AT_ONCE: Final = 500
"""Incidents whose intervals are in memory at once."""
MOST: Final = 200
"""Rows of the tables that list the worst."""
UNAPPROVED: Final = "unapproved"
_RESULTS: Final = (
    Column("opened_count", Kind.NUMBER, wide=1), Column("resolved_count", Kind.NUMBER, wide=1),
    Column("answered", Kind.RATIO, wide=1), Column("solved", Kind.RATIO, wide=1),
    Column("hours", Kind.NUMBER, wide=1),
)  # fmt: skip
_MONTH: Final = Column("month")
TREND: Final = (
    _MONTH, Column("opened_count", Kind.NUMBER), Column("resolved_count", Kind.NUMBER), Column("hours", Kind.NUMBER),
)  # fmt: skip
HANDLERS: Final = (Column("handler"), *_RESULTS, Column("score", Kind.NUMBER, wide=1))
CLASSES: Final = (
    Column("class", Kind.WORD, "class"), Column("count", Kind.NUMBER, wide=1),
    Column("availability", Kind.RATIO, wide=1), Column("down_hours", Kind.NUMBER, wide=1),
)  # fmt: skip
CIS: Final = (
    Column("ci", wide=3, link=("/cis/", "id")), Column("class", Kind.WORD, "class"),
    Column("availability", Kind.RATIO, wide=1), Column("down_hours", Kind.NUMBER, wide=1),
    Column("unknown_hours", Kind.NUMBER, wide=1), Column("id", hidden=True),
)  # fmt: skip
MAINTENANCE: Final = (
    Column("handler"),
    *(Column(name, Kind.NUMBER, wide=1) for name in ("runs", "done", "in_time", "overdue", "items", "problems")),
)  # fmt: skip
RULES: Final = (
    Column("rule", wide=3, link=("/rules/", "rule")), Column("fired", Kind.NUMBER, wide=1),
    Column("cis", Kind.NUMBER, wide=1),
)  # fmt: skip
UNWELL: Final = (
    Column("rule", wide=3, link=("/rules/", "rule")), Column("trouble", Kind.WORD, "rule_trouble"),
    Column("count", Kind.NUMBER, wide=1),
)  # fmt: skip
WAIVERS: Final = (
    Column("reference"), Column("rule", wide=2), Column("state", Kind.WORD, "waiver_state"), Column("ended", Kind.TIME),
    Column("who"), Column("granted_by"), Column("why", wide=4), Column("met", Kind.TIME),
)  # fmt: skip


def period_of(asked: Asked) -> Period:
    """Return the time that is asked for: the last whole month where none is."""
    if asked.since is None and asked.until is None:
        return months.last_whole(asked.when, asked.desk.calendar)
    until = asked.when + 1 if asked.until is None else asked.until
    if asked.since is not None:
        return Period(asked.since, max(asked.since, until))
    return Period(months.period(months.name(until - 1, asked.desk.calendar), asked.desk.calendar).since, until)


async def make(connection: AsyncConnection, asked: Asked) -> Report:
    """Return the report of the period, as far as it is known now."""
    period = period_of(asked)
    judged = await _judged(connection, asked, period)
    total = handling.tally(judged)
    left = await monthly.standing_open(connection, period.until, asked.classes)
    tables = [
        await _trend(connection, asked, period), *_groups(judged, asked.desk), _handlers(judged),
        *await _availability(connection, asked, period), await _maintenance(connection, asked, period),
        await _unapproved(connection, asked, period), *await _rules(connection, asked, period),
    ]  # fmt: skip
    parameters = (
        Figure("since", period.since, Kind.TIME), Figure("until", period.until, Kind.TIME),
        Figure("zone", months.zone(asked.desk.calendar), Kind.TEXT),
    )  # fmt: skip
    classes = (Figure("classes", asked.classes, Kind.WORDS, "class"),) if asked.classes else ()
    return Report("monthly", asked.now, (*parameters, *classes), _figures(total, left), tuple(tables))


async def _judged(connection: AsyncConnection, asked: Asked, period: Period) -> list[Judged]:
    found = await monthly.handled(connection, period.since, period.until, asked.classes)
    judged: list[Judged] = []
    now = min(asked.now, period.until)
    for start in range(0, len(found), AT_ONCE):
        part = found[start : start + AT_ONCE]
        intervals = await desk.intervals(connection, [each.id for each in part])
        judged += [handling.judge(each, intervals.get(each.id, ()), period, asked.desk, now) for each in part]
        await asyncio.sleep(0)  # others are let in between
    return judged


def _figures(total: Tally, left: int) -> tuple[Figure, ...]:
    return (
        Figure("incidents_opened", total.opened), Figure("incidents_resolved", total.resolved),
        Figure("incidents_left", left),
        Figure("answered", total.share("answered"), Kind.RATIO), Figure("solved", total.share("solved"), Kind.RATIO),
        Figure("first_line", total.share("first_line"), Kind.RATIO), Figure("reopened", total.again, Kind.RATIO),
        Figure("hours", total.hours), Figure("score", total.score), Figure("scored", len(total.scores)),
    )  # fmt: skip


# --- incidents


async def _trend(connection: AsyncConnection, asked: Asked, period: Period) -> Table:
    calendar = asked.desk.calendar
    names = months.up_to(period.until, calendar)
    since = months.period(names[0], calendar).since
    opened, resolved, spans = Counter[str](), Counter[str](), Counter[str]()
    for at, ended in await monthly.course(connection, since, period.until, asked.classes):
        opened[months.name(at, calendar)] += 1
        if ended is not None and ended < period.until:
            resolved[month := months.name(ended, calendar)] += 1
            spans[month] += ended - at
    rows = [(name, opened[name], resolved[name], _mean_hours(spans[name], resolved[name])) for name in names]
    return Table("trend", TREND, standing(rows))


def _mean_hours(span: int, count: int) -> float | None:
    return round(span / count / HOUR_MS, 1) if count else None


def _groups(judged: Sequence[Judged], table: DeskTable) -> list[Table]:
    keys: Sequence[tuple[Column, Callable[[Handled], Cell]]] = (
        (Column("source", Kind.WORD, "incident_source"), lambda each: each.source),
        (Column("priority", Kind.WORD, "priority"), lambda each: each.priority),
        (Column("line", Kind.WORD, "incident_line"), lambda each: str(each.line)),
        (Column("class", Kind.WORD), lambda each: f"class.{each.ci_class}" if each.ci_class else "report_group.no_ci"),
        (Column("category", Kind.OWN), lambda each: each.category),
    )
    return [_group(judged, column, key, table) for column, key in keys]


def _group(judged: Sequence[Judged], column: Column, key: Callable[[Handled], Cell], table: DeskTable) -> Table:
    rows = [(_said(column, name, table), *_results(each)) for name, each in handling.grouped(judged, key).items()]
    return Table(f"by_{column.name}", (column, *_RESULTS), standing(rows), "opened_count")


def _said(column: Column, name: Hashable, table: DeskTable) -> Cell:
    """Return what stands for a group: of a category the words of the desk."""
    if column.name != "category":
        return name
    known = table.categories.get(str(name))
    return dict(known.text) if known else name or "–"


def _results(each: Tally) -> Row:
    return each.opened, each.resolved, each.share("answered"), each.share("solved"), each.hours


def _handlers(judged: Sequence[Judged]) -> Table:
    found = handling.grouped([each for each in judged if each.its.assignee], lambda each: each.assignee)
    rows = [(name, *_results(each), each.score) for name, each in found.items()]
    return Table("by_handler", HANDLERS, standing(rows))


# --- availability and maintenance


async def _availability(connection: AsyncConnection, asked: Asked, period: Period) -> list[Table]:
    """Return the availability of classes, and of the CIs that could be reached least."""
    counts, classes = Counter[str](), defaultdict[str, Availability](Availability)
    worst: list[tuple[int, int, CiRef, Availability]] = []
    end = min(period.until, asked.now)  # what is to come is not counted
    async for head, its in availability.of_all(connection, asked.classes, period.since, end):
        if its.share is None:
            continue
        counts[head.ci_class] += 1
        classes[head.ci_class] += its
        if its.unreachable:
            entry = (its.unreachable, -counts.total(), head, its)  # of those alike the first one
            heapq.heappush(worst, entry) if len(worst) < MOST else heapq.heappushpop(worst, entry)
    by_class: list[Row] = [
        (name, counts[name], its.share, _hours(its.unreachable)) for name, its in sorted(classes.items())
    ]
    by_ci: list[Row] = [
        (head.name, head.ci_class, its.share, _hours(its.unreachable), _hours(its.unknown), head.uid)
        for _, _, head, its in sorted(worst, reverse=True, key=lambda each: each[:2])
    ]
    return [
        Table("availability", CLASSES, standing(by_class), "availability"),
        Table("unreachable", CIS, standing(by_ci)),
    ]


def _hours(ms: int) -> float:
    return round(ms / HOUR_MS, 1)


async def _maintenance(connection: AsyncConnection, asked: Asked, period: Period) -> Table:
    found = await inspections.by_handler(connection, period.since, period.until, asked.now)
    names = [column.name for column in MAINTENANCE[1:]]
    rows = [(each.who or "–", *(getattr(each, name) for name in names)) for each in found]
    return Table("inspections", MAINTENANCE, standing(rows))


# --- changes and rules


async def _unapproved(connection: AsyncConnection, asked: Asked, period: Period) -> Table:
    calendar = asked.desk.calendar
    names = months.up_to(period.until, calendar)
    since = months.period(names[0], calendar).since
    every, unapproved, missed = Counter[str](), Counter[str](), Counter[str]()
    for at, verdict in await monthly.findings(connection, since, period.until, asked.classes):
        every[month := months.name(at, calendar)] += 1
        unapproved[month] += verdict == UNAPPROVED
    for at in await monthly.missed(connection, since, period.until, asked.classes):
        missed[months.name(at, calendar)] += 1
    columns = (_MONTH, *(Column(each, Kind.NUMBER) for each in ("findings", "unapproved", "unverified")))
    rows = [(name, every[name], unapproved[name], missed[name]) for name in names]
    return Table("unapproved", columns, standing(rows))


async def _rules(connection: AsyncConnection, asked: Asked, period: Period) -> list[Table]:
    """Return which rules fired, which are not well, and which waivers were in force or waited in the period."""
    fired: list[Row] = list(await monthly.fired(connection, period.since, period.until, MOST))
    rows = await waivers.listed(connection, asked.rules, asked.now)
    held: list[Row] = [_waiver(each) for each in rows if _was_held(each, period)]
    return [
        Table("rules", RULES, standing(fired), "fired"),
        Table("rules_unwell", UNWELL, standing(await _unwell(connection, asked))),
        Table("waivers", WAIVERS, standing(held)),
    ]


async def _unwell(connection: AsyncConnection, asked: Asked) -> list[Row]:
    """Return the rules that fail, and those that can be answered nowhere though there are CIs for them; as of now."""
    found: list[Row] = []
    for each in await rule_health.examined(connection, asked.rules, asked.meter):
        if each.errors:
            found.append((each.rule, "fails", each.errors))
        elif each.is_dead and each.cis:
            found.append((each.rule, "blind", each.cis))
    return found


def _was_held(each: WaiverRow, period: Period) -> bool:
    its = each.waiver
    return (
        each.stand in (ACTIVE, "expired", "ended", "asked") and its.starts < period.until and its.expires > period.since
    )


def _waiver(each: WaiverRow) -> Row:
    its = each.waiver
    return (
        its.number, its.rule, each.stand, its.expires, its.requested_by, its.decided_by or None, its.reason,
        its.matched_at or None,
    )  # fmt: skip


def headline(report: Report) -> Mapping[str, Cell]:
    """Return the figures of a report by name, for a message that tells of it."""
    return {each.name: each.value for each in report.figures}
