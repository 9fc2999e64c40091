"""`POST /api/v1/imports`: a list of devices and relations, checked line by line, taken whole or not at all."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import IO, Annotated

import structlog
from fastapi import APIRouter, Query, Request
from pydantic import Field

from collector.api.access import requires
from collector.api.acting import acting
from collector.api.context import context_of
from collector.api.shapes import Shape
from collector.security.roles import Permission

log = structlog.get_logger(__name__)
router = APIRouter(tags=["cis"], dependencies=[requires(Permission.CIS_WRITE)])

IN_MEMORY = 1024 * 1024


class LineShape(Shape):
    """What comes of one line."""

    line: int = Field(validation_alias="number")
    outcome: str = Field(description="made, changed, same, ended or refused")
    name: str = Field(description="of a relation: the CI it begins at")
    ci: str = Field(description="id of the CI; of one that is made only when the list was taken")
    fields: list[str] = Field(description="values that move")
    why: str = Field(description="why it is refused, as a word")
    field: str = Field(description="the column that is about")
    detail: str
    relation: str = Field(description="of a line that is a relation: its kind")
    to: str = Field(description="of a relation: id of the CI it leads to")
    to_name: str


class ReportShape(Shape):
    """What comes of a list; the first 1,000 lines of each outcome are named, all are counted."""

    applied: bool
    format: str
    encoding: str
    rows: int
    counts: dict[str, int]
    columns: dict[str, str] = Field(description="heading → what it was taken for")
    ignored: list[str] = Field(description="headings nobody knows")
    lines: list[LineShape]


@asynccontextmanager
async def received(request: Request) -> AsyncIterator[IO[bytes]]:
    """The body as a file, on disk when it is large."""
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as file:
        async for piece in request.stream():
            file.write(piece)
        file.seek(0)
        yield file


@router.post("/imports", operation_id="importDevices", response_model=ReportShape)
async def import_devices(
    request: Request,
    name: Annotated[str, Query(min_length=1, max_length=60, description="what the source is called: import/NAME")],
    dry_run: Annotated[bool, Query(description="only tell what would come of it")] = False,
    take_back: Annotated[bool, Query(description="end what people said of the relations of the list")] = False,
) -> object:
    """Take a list (CSV, JSON, XML or XLSX as the body) if no line of it is refused.

    A line with `from`, `relation` and `to` is a relation between two CIs, each by its id, name, label, serial or asset
    number; every other one is a device.
    """
    principal, importer = request.state.principal, context_of(request).importer
    take = importer.take_back if take_back else importer.take
    async with received(request) as file, acting(request) as act:
        report = await take(act, principal.roles, name, file, dry_run)
    log.info("list read", name=name, rows=report.rows, applied=report.applied, back=take_back, by=principal.name)
    return report
