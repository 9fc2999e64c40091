"""The maintenance history of one device: incidents, changes, findings and parts exchanged, on one line of time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import Value
from collector.report.value import Cell, Column, Figure, Kind, Report, Row, Table, standing
from collector.services.missing import NotFound
from collector.services.reports.asked import Asked
from collector.store.browse import changes, cis, findings, incidents, steps
from collector.store.browse.changes import ChangeQuery
from collector.store.browse.cis import CiRow
from collector.store.browse.findings import FindingQuery
from collector.store.browse.incident_query import IncidentQuery
from collector.store.browse.page import MAX_LIMIT, Page, Window
from collector.store.browse.steps import StepQuery, StepRow

T = TypeVar("T")
MOST: Final = 5_000
"""Entries of one kind; the newest are told."""
PARTS: Final = (
    "hardware", "cpu", "memory_modules", "disks", "storage_controllers", "components", "members", "optics", "firmware",
)  # fmt: skip
"""Sections that move when a part is put in, taken out or exchanged, or its firmware is."""
COLUMNS = (
    Column("at", Kind.TIME),
    Column("happened", Kind.WORD, "report_event"),
    Column("reference", wide=2, link=("/", "path")),
    Column("what", Kind.OWN, wide=4),
    Column("section", Kind.WORD, "section"),
    Column("before", Kind.VALUE, wide=3),
    Column("after", Kind.VALUE, wide=3),
    Column("state", Kind.WORD),
    Column("ended", Kind.TIME),
    Column("who", wide=1),
    Column("path", hidden=True),
)
KINDS = (Column("happened", Kind.WORD, "report_event"), Column("count", Kind.NUMBER))


async def make(connection: AsyncConnection, asked: Asked) -> Report:
    """Return the history of the CI `asked.ci`, newest first; raise `NotFound` when there is none of that id."""
    ci = await cis.one(connection, asked.ci)
    if ci is None:
        raise NotFound("CI", asked.ci)
    told = [*await _incidents(connection, ci), *await _changes(connection, ci), *await _findings(connection, ci)]
    told += await _parts(connection, ci)
    since, until = asked.since or 0, asked.until or asked.when + 1
    rows = [each.row for each in sorted(told, key=lambda each: -each.at) if since <= each.at < until]
    parameters = (Figure("ci", ci.name, Kind.TEXT), Figure("id", ci.uid, Kind.TEXT), *asked.told)
    figures = tuple(Figure(each, sum(row[1] == each for row in rows)) for each in ("incident", "change", "part"))
    events = Table("events", COLUMNS, standing(rows))
    return Report("maintenance", asked.now, parameters, figures, (_kinds(rows), events))


def _kinds(rows: list[Row]) -> Table:
    counts: dict[str, int] = {}
    for row in rows:
        counts[row[1]] = counts.get(row[1], 0) + 1
    return Table("kinds", KINDS, standing(sorted(counts.items(), key=lambda each: -each[1])), "count")


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened at `at` (ms): a row of the time line, its fields in the order of `COLUMNS`."""

    at: int
    happened: str
    reference: str | None = None
    what: Cell = None
    section: str | None = None
    before: Value = None
    after: Value = None
    state: str | None = None
    ended: int | None = None
    who: str | None = None
    path: str | None = None

    @property
    def row(self) -> Row:
        return tuple(getattr(self, column.name) for column in COLUMNS)


async def _incidents(connection: AsyncConnection, ci: CiRow) -> list[Event]:
    query = IncidentQuery(ci_id=ci.id)
    return [
        Event(
            each.opened_at, "incident", each.number, each.title, state=f"incident_state.{each.state}",
            ended=each.resolved_at, path=f"incidents/{each.number}",
        )
        async for each in _all(lambda window: incidents.list_incidents(connection, query, window))
    ]  # fmt: skip


async def _changes(connection: AsyncConnection, ci: CiRow) -> list[Event]:
    query = ChangeQuery(ci_id=ci.id)
    return [
        Event(
            each.window_start or each.created_at, "change", each.number, each.title,
            state=f"change_state.{each.state}", ended=each.window_end, who=each.implementer or None,
            path=f"changes/{each.number}",
        )
        async for each in _all(lambda window: changes.list_changes(connection, query, window))
    ]  # fmt: skip


async def _findings(connection: AsyncConnection, ci: CiRow) -> list[Event]:
    query = FindingQuery(ci_id=ci.id)
    return [
        Event(
            each.opened_at, "finding", str(each.id), [f"{item.section}.{item.key}" for item in each.items],
            state=f"verdict.{each.verdict}", ended=each.closed_at, path=f"findings/{each.id}",
        )
        async for each in _all(lambda window: findings.list_findings(connection, query, window))
    ]  # fmt: skip


async def _parts(connection: AsyncConnection, ci: CiRow) -> list[Event]:
    return [
        Event(each.at, "part", None, each.key, each.section, each.old, each.new, who=each.source)
        for section in PARTS
        for each in await _moved(connection, StepQuery(ci.id, section, arrival=False))
    ]


async def _moved(connection: AsyncConnection, query: StepQuery) -> list[StepRow]:
    return [each async for each in _all(lambda window: steps.list_steps(connection, query, window))]


async def _all(read: Callable[[Window], Awaitable[Page[T]]]) -> AsyncIterator[T]:
    cursor, left = None, MOST
    while left > 0:
        page = await read(Window(min(left, MAX_LIMIT), cursor))
        for each in page.items:
            yield each
        left -= len(page.items)
        cursor = page.next
        if cursor is None:
            return
