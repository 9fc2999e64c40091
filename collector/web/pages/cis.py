"""The list of CIs, and the same as CSV."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from collector.api.access import requires
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.services import cis
from collector.store.browse.cis import CiQuery, CiRow
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
)


def _query(asked: Listing) -> CiQuery:
    chosen = asked.chosen
    return CiQuery(chosen["class"], chosen["type"], chosen["state"], q=asked.q, sort=asked.sort)


@router.get("/cis")
async def cis_page(request: Request) -> Response:
    asked = read(SPEC, request)
    if shorter := asked.shorter(request):
        return RedirectResponse(shorter, 303)
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await cis.listed(connection, _query(asked), asked.window)
    return page(viewer, "cis.html", listing=asked.of(found))


@router.get("/cis.csv")
async def cis_csv(request: Request) -> Response:
    asked, texts = read(SPEC, request), texts_of(request, request.state.principal)
    names = [column.name for column in asked.columns]
    rows = everything(
        context_of(request).store,
        lambda connection, window: cis.listed(connection, _query(asked), window),
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
            return row.values.get(VALUES[name])


VALUES = {
    "address": "address",
    "os": "os.name",
    "model": "hardware.model",
    "serial": "hardware.serial",
    "cpu": "cpu.threads",
    "memory": "memory.total_bytes",
}
"""Columns that are a fact, and which."""
