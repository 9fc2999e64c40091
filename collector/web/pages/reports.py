"""The reports as pages, and as files to keep."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from collector.api.access import requires
from collector.api.context import context_of
from collector.api.files import kept_as
from collector.report.value import Report, Table
from collector.report.words import title
from collector.security.roles import Permission
from collector.services import reports
from collector.services.exports import FORMATS
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.services.reports import months
from collector.services.reports.asked import Asked
from collector.services.reports.files import Order, opened
from collector.store.browse.page import MAX_LIMIT
from collector.store.browse.report_moves import Period
from collector.web import units
from collector.web.catalogue import Texts
from collector.web.chart import Chart, charted
from collector.web.render import page
from collector.web.tabled import ShownTable, figured, tabled
from collector.web.viewer import texts_of, viewer_of
from collector.web.words import CLASSES

router = APIRouter(include_in_schema=False, dependencies=[requires(Permission.CIS_READ)])

PREVIEW: Final = 25
"""Rows of each table the whole report shows."""
ROWS: Final = 100
TIMES: Final = ("at", "since", "until")
ASKS: Final = {
    "monthly": ("month", "since", "until", "class"),
    "status": ("at", "since", "until", "class"),
    "statistics": ("at", "class"),
    "health": ("class",),
    "maintenance": ("since", "until"),
}
"""Report → what its form offers."""
CHARTS: Final = {"monthly": (("trend", ("opened_count", "resolved_count")), ("unapproved", ("findings", "unapproved")))}
"""Report → what of its tables is drawn over months."""
NOTES: Final = {
    "monthly": "report.month_counted",
    "status": "report.state_now",
    "statistics": "report.state_now",
    "health": "report.scored_now",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks, as it stands there; what a report does not offer is not asked."""

    name: str
    asked: Asked
    pairs: tuple[tuple[str, str], ...]
    table: str
    cursor: str | None

    def url(self, path: str = "", **more: str) -> str:
        query = urlencode([*self.pairs, *((name, value) for name, value in more.items() if value)])
        return f"/reports/{self.name}{path}" + (f"?{query}" if query else "")

    def part(self, table: str, cursor: str) -> str:
        return self.url(table=table, cursor=cursor)


def _wanted(request: Request, name: str) -> Wanted:
    if name not in reports.REPORTS:
        raise NotFound("report", name)
    context, given = context_of(request), request.query_params
    times = {each: units.read_field(given.get(each, "")) if each in ASKS[name] else None for each in TIMES}
    classes = tuple(each for each in CLASSES if each in given.getlist("class")) if "class" in ASKS[name] else ()
    ci, table = given.get("ci", "")[:64] if name == "maintenance" else "", given.get("table", "")[:64]
    kept = [(each, units.field_text(at)) for each, at in times.items() if at is not None]
    if "month" in ASKS[name] and (its := _month(request)):
        times |= {"since": its.since, "until": its.until}
        kept = [("month", given["month"])]
    pairs = (*kept, *(("class", each) for each in classes), *([("ci", ci)] if ci else []))
    asked = Asked(
        context.clock(), times["at"], None, times["since"], times["until"], classes, ci, context.needs,
        ROWS if table else PREVIEW, desk=context.service_desk.table, rules=context.rulebook.rules,
        meter=context.rule_meter,
    )  # fmt: skip
    return Wanted(name, asked, pairs, table, given.get("cursor") or None)


def _month(request: Request) -> Period | None:
    """Return the month the form names; None where it names none there is."""
    try:
        return months.period(request.query_params.get("month", ""), context_of(request).service_desk.table.calendar)
    except Refused:
        return None


@router.get("/reports")
async def reports_page(request: Request) -> HTMLResponse:
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
    return page(viewer, "reports.html", names=tuple(reports.REPORTS), formats=tuple(FORMATS))


@router.get("/reports/{name}")
async def report_page(request: Request, name: str) -> HTMLResponse:
    wanted = _wanted(request, name)
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        report = await reports.make(connection, name, wanted.asked)
        tables = [await _shown(report, each, wanted, viewer.texts) for each in _of(report, wanted)]
        charts = [] if wanted.table else await _charts(report, viewer.texts)
    return page(
        viewer, "report.html", name=name, heading=title(viewer.texts, name), wanted=wanted, tables=tables,
        figures=figured(report.figures, viewer.texts), parameters=figured(report.parameters, viewer.texts),
        asks=ASKS[name], times=TIMES, classes=CLASSES, formats=tuple(FORMATS), note=NOTES.get(name),
        charts=charts,
    )  # fmt: skip


async def _charts(report: Report, texts: Texts) -> list[Chart]:
    found = [(table, names) for name, names in CHARTS.get(report.name, ()) if (table := report.table(name))]
    return [charted(report, table, await table.fetch(None), names, texts) for table, names in found]


def _of(report: Report, wanted: Wanted) -> tuple[Table, ...]:
    if not wanted.table:
        return report.tables
    table = report.table(wanted.table)
    if table is None:
        raise NotFound("table", wanted.table)
    return (table,)


async def _shown(report: Report, table: Table, wanted: Wanted, texts: Texts) -> ShownTable:
    part = await table.fetch(wanted.cursor if wanted.table else None)
    if not wanted.table and not table.bar and len(part.rows) > PREVIEW:
        part = replace(part, rows=part.rows[:PREVIEW], next="more")
    return tabled(report, table, part, texts, wanted.part)


@router.get("/reports/{name}/{kind}")
async def report_file(request: Request, name: str, kind: str) -> StreamingResponse:
    wanted = _wanted(request, name)
    order = Order(name, kind, replace(wanted.asked, limit=MAX_LIMIT), wanted.table)
    pieces = await opened(context_of(request).store, order, texts_of(request, request.state.principal))
    return StreamingResponse(pieces, media_type=order.media_type, headers=kept_as(order.file_name))
