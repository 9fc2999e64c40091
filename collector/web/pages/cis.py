"""The list of CIs, and the same as CSV."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.api.access import requires
from collector.api.context import context_of
from collector.record import ENVIRONMENTS
from collector.security.roles import Permission
from collector.services import cis
from collector.services.lookback.moments import moment_of
from collector.store.browse.cis import CiQuery, CiRow
from collector.store.browse.facts import Moment
from collector.web import units
from collector.web.catalogue import Texts
from collector.web.list_page import ListPage
from collector.web.listing import Column, Listing, Spec
from collector.web.viewer import Viewer
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


def _query(request: Request, asked: Listing) -> CiQuery:
    chosen, moment = asked.chosen, _moment(asked, context_of(request).clock())
    return CiQuery(chosen["class"], chosen["type"], chosen["state"], q=asked.q, sort=asked.sort, moment=moment)


def _moment(asked: Listing, now: int) -> Moment | None:
    """The times that were picked; none for now, and none for what is no time."""
    return moment_of(asked.at, asked.known_at, now)


VALUES = {
    "address": ("address",),
    "os": ("os.name", "device.os"),
    "model": ("hardware.model", "device.model"),
    "serial": ("hardware.serial", "device.serial"),
    "cpu": ("cpu.threads",),
    "memory": ("memory.total_bytes",),
}
"""Columns that are a fact, and which: what the machine says of itself before what a sweep says of it."""


def _cells(row: CiRow, texts: Texts) -> dict[str, object]:
    told = {name: next((row.values[path] for path in paths if path in row.values), None)
            for name, paths in VALUES.items()}  # fmt: skip
    return told | {
        "name": row.name, "class": texts.label("class", row.ci_class), "type": texts.label("type", row.ci_type),
        "state": texts.label("state", row.state), "environment": row.environment,
        "troubles": row.findings + row.incidents, "id": row.uid,
        "last_seen": units.exact(row.last_seen) if row.last_seen else "",
        "created": units.exact(row.created_at) if row.created_at else "",
    }  # fmt: skip


LIST = ListPage(SPEC, _query, cis.listed, _cells, also=("id",))


async def _beside(_: AsyncConnection, viewer: Viewer, listing: Listing) -> dict[str, Any]:
    return {"paths": VALUES, "moment": _moment(listing, viewer.now), "environments": ENVIRONMENTS}


@router.get("/cis")
async def cis_page(request: Request) -> Response:
    return await LIST.page(request, "cis.html", _beside)


@router.get("/cis.csv")
async def cis_csv(request: Request) -> Response:
    return LIST.csv(request)
