"""The list of CIs, and the same as CSV."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from collector.api.access import requires
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.services import cis
from collector.services.lookback.moments import moment_of
from collector.store.browse.cis import CiQuery, CiRow
from collector.store.browse.facts import Moment
from collector.web import csvfile, units
from collector.web.catalogue import Texts
from collector.web.listing import Column, Listing, Spec, everything, read
from collector.web.render import page
from collector.web.viewer import texts_of, viewer_of
from collector.web.words import ALL_TYPES, CLASSES, STATES

router = APIRouter(include_in_schema=False, dependencies=[requires(Permission.CIS_READ)])

SPEC = Spec(
    "/cis",
    (
        Column("name", "name"),
        Column("class", "class", shown=False),
        Column("type", "type"),
        Column("state", "state"),
        Column("address"),
        Column("os"),
        Column("model"),
        Column("serial"),
        Column("cpu", numeric=True, shown=False),
        Column("memory", numeric=True, shown=False),
        Column("environment", shown=False),
        Column("troubles"),
        Column("last_seen"),
        Column("created", "created", shown=False),
    ),
    {"class": CLASSES, "type": ALL_TYPES, "state": STATES},
    "name",
    moments=True,
)


def _query(asked: Listing, now: int) -> CiQuery:
    chosen, moment = asked.chosen, _moment(asked, now)
    return CiQuery(chosen["class"], chosen["type"], chosen["state"], q=asked.q, sort=asked.sort, moment=moment)


def _moment(asked: Listing, now: int) -> Moment | None:
    """The times that were picked; none for now, and none for what is no time."""
    at, known_at = (units.read_field(asked.moment.get(name, "")) for name in ("at", "known_at"))
    return moment_of(at, known_at, now)


@router.get("/cis")
async def cis_page(request: Request) -> Response:
    asked = read(SPEC, request)
    if shorter := asked.shorter(request):
        return RedirectResponse(shorter, 303)
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await cis.listed(connection, _query(asked, viewer.now), asked.window)
    return page(viewer, "cis.html", listing=asked.of(found), paths=VALUES, moment=_moment(asked, viewer.now))


@router.get("/cis.csv")
async def cis_csv(request: Request) -> Response:
    asked, texts = read(SPEC, request), texts_of(request, request.state.principal)
    names, now = [column.name for column in asked.columns], context_of(request).clock()
    rows = everything(
        context_of(request).store,
        lambda connection, window: cis.listed(connection, _query(asked, now), window),
        lambda row: [*(_cell(row, name, texts) for name in names), row.uid],
    )
    return csvfile.answer("cis", [*asked.head(texts), "id"], rows)


def _cell(row: CiRow, name: str, texts: Texts) -> object:
    """Return what the list shows of a CI in one column, for a spreadsheet."""
    match name:
        case "name" | "environment":
            return getattr(row, name)
        case "class":
            return texts.label("class", row.ci_class)
        case "type":
            return texts.label("type", row.ci_type)
        case "state":
            return texts.label("state", row.state)
        case "troubles":
            return row.findings + row.incidents
        case "last_seen" | "created":
            at = row.last_seen if name == "last_seen" else row.created_at
            return units.exact(at) if at else ""
        case _:
            return next((row.values[path] for path in VALUES[name] if path in row.values), None)


VALUES = {
    "address": ("address",),
    "os": ("os.name", "device.os"),
    "model": ("hardware.model", "device.model"),
    "serial": ("hardware.serial", "device.serial"),
    "cpu": ("cpu.threads",),
    "memory": ("memory.total_bytes",),
}
"""Columns that are a fact, and which: what the machine says of itself before what a sweep says of it."""
