"""Import: a list is sent, looked at line by line, and then taken."""

from __future__ import annotations

from pathlib import PurePath

import structlog
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from collector.api.access import requires
from collector.api.acting import acting
from collector.api.context import context_of
from collector.record import FIELDS
from collector.security.roles import Permission
from collector.services.imports import BadTable, Report, kept
from collector.services.refused import Refused
from collector.web.render import page
from collector.web.viewer import viewer_of

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False)
_WRITE = [requires(Permission.CIS_WRITE)]
COLUMNS = ("type", *FIELDS, "vendor", "model", "serial", "hostname", "address", "mac", "id")
"""What a list may say, in the order the page names it."""
LINES = 200


async def _show(
    request: Request, report: Report | None = None, key: str = "", name: str = "", error: str = "", detail: str = ""
) -> Response:
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
    return page(
        viewer, "import.html", 400 if error else 200, report=report, key=key, name=name, error=error, detail=detail,
        columns=COLUMNS, most=LINES,
    )  # fmt: skip


@router.get("/import", dependencies=_WRITE)
async def import_page(request: Request) -> Response:
    return await _show(request)


@router.post("/import", dependencies=[requires(Permission.CIS_WRITE, files=1)])
async def look(request: Request) -> Response:
    """Keep the list that was sent and tell what would come of it; nothing is changed."""
    context = context_of(request)
    async with request.form(max_files=1, max_fields=100) as form:
        sent = form.get("file")
        if not isinstance(sent, UploadFile) or not sent.filename:
            return await _show(request, error="import.no_file")
        key = await run_in_threadpool(kept.keep, context.settings.data, sent.file, context.clock())
    return await _take(request, key, _name(sent.filename), dry=True)


@router.post("/import/{key}", dependencies=_WRITE)
async def take(request: Request, key: str) -> Response:
    """Take a list that was looked at."""
    return await _take(request, key, _name(str((await request.form()).get("name", ""))), dry=False)


async def _take(request: Request, key: str, name: str, dry: bool) -> Response:
    context, principal = context_of(request), request.state.principal
    file = kept.opened(context.settings.data, key, context.clock())
    if file is None:
        return await _show(request, error="import.gone")
    try:
        with file:
            async with acting(request) as act:
                report = await context.importer.take(act, principal.roles, name, file, dry)
    except BadTable as error:
        return await _show(request, error="import.bad_table", detail=str(error))
    except Refused as error:
        return await _show(request, error="import.bad_table", detail=str(error))
    log.info("list read", name=name, rows=report.rows, applied=report.applied, by=principal.name)
    return await _show(request, report, key, name)


def _name(filename: str) -> str:
    """Return what the source is called: the file's name without its folder and ending, printable."""
    stem = PurePath(filename.replace("\\", "/")).stem
    return "".join(each for each in stem if each.isprintable())[:60].strip() or "list"
