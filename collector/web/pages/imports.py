"""Import: a list is sent, looked at line by line, and then taken."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

import structlog
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from collector.api.access import requires
from collector.api.acting import acting
from collector.api.context import context_of
from collector.record import FIELDS
from collector.relations import KINDS
from collector.security.roles import Permission
from collector.services.imports import BadTable, Report, kept, ties
from collector.services.refused import Refused
from collector.web.render import page
from collector.web.viewer import viewer_of

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False)
_WRITE = [requires(Permission.CIS_WRITE)]
COLUMNS = ("type", *FIELDS, "vendor", "model", "serial", "hostname", "address", "mac", "id")
"""What a list may say, in the order the page names it."""
LINES = 200


@dataclass(frozen=True, slots=True)
class _Sent:
    """A list that was sent: the key it is kept under, its name, whether its relations are to be taken back."""

    key: str = ""
    name: str = ""
    is_back: bool = False


async def _show(
    request: Request, sent: _Sent, report: Report | None = None, error: str = "", detail: str = ""
) -> Response:
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
    return page(
        viewer, "import.html", 400 if error else 200, report=report, sent=sent, error=error, detail=detail,
        columns=COLUMNS, relation_columns=ties.FIELDS, kinds=KINDS, most=LINES,
    )  # fmt: skip


@router.get("/import", dependencies=_WRITE)
async def import_page(request: Request) -> Response:
    return await _show(request, _Sent())


@router.post("/import", dependencies=[requires(Permission.CIS_WRITE, files=1)])
async def look(request: Request) -> Response:
    """Keep the list that was sent and tell what would come of it; nothing is changed."""
    context = context_of(request)
    async with request.form(max_files=1, max_fields=100) as form:
        sent = form.get("file")
        if not isinstance(sent, UploadFile) or not sent.filename:
            return await _show(request, _Sent(), error="import.no_file")
        key = await run_in_threadpool(kept.keep, context.settings.data, sent.file, context.clock())
        is_back = form.get("back") == "yes"
    return await _take(request, _Sent(key, _name(sent.filename), is_back), dry=True)


@router.post("/import/{key}", dependencies=_WRITE)
async def take(request: Request, key: str) -> Response:
    """Take a list that was looked at."""
    form = await request.form()
    return await _take(request, _Sent(key, _name(str(form.get("name", ""))), form.get("back") == "yes"), dry=False)


async def _take(request: Request, sent: _Sent, dry: bool) -> Response:
    context, principal = context_of(request), request.state.principal
    file = kept.opened(context.settings.data, sent.key, context.clock())
    if file is None:
        return await _show(request, _Sent(), error="import.gone")
    take = context.importer.take_back if sent.is_back else context.importer.take
    try:
        with file:
            async with acting(request) as act:
                report = await take(act, principal.roles, sent.name, file, dry)
    except (BadTable, Refused) as error:
        return await _show(request, _Sent(), error="import.bad_table", detail=str(error))
    log.info("list read", name=sent.name, rows=report.rows, applied=report.applied, by=principal.name)
    return await _show(request, sent, report)


def _name(filename: str) -> str:
    """Return what the source is called: the file's name without its folder and ending, printable."""
    stem = PurePath(filename.replace("\\", "/")).stem
    return "".join(each for each in stem if each.isprintable())[:60].strip() or "list"
