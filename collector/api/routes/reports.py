"""`/api/v1/reports`: which reports there are, and each of them as a file."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from collector.api import report_asking
from collector.api.access import requires
from collector.api.context import context_of
from collector.api.files import FILES, is_kept, kept_as, words_of
from collector.report.words import title
from collector.security.roles import Permission
from collector.services.exports import FORMATS
from collector.services.reports import REPORTS
from collector.services.reports.files import Order, opened

router = APIRouter(tags=["reports"], dependencies=[requires(Permission.CIS_READ)])


@router.get("/reports", operation_id="listReports", response_model=list[report_asking.Report])
async def list_reports(request: Request) -> object:
    """List the reports there are."""
    words = words_of(request, None)
    return [
        {"name": name, "title": title(words, name), "about": words.plain(f"report.{name}.about"), "formats": [*FORMATS]}
        for name in REPORTS
    ]


@router.get("/reports/{name}", operation_id="getReport", response_class=StreamingResponse, responses=FILES)
async def get_report(
    request: Request, name: str, asked: Annotated[report_asking.ReportAsked, Query()]
) -> StreamingResponse:
    """Get a report, written while it is read; `format` says as what."""
    context = context_of(request)
    order = Order(name, asked.format, asked.asked(context), asked.table or "")
    pieces = await opened(context.store, order, words_of(request, asked.language))
    headers = kept_as(order.file_name) if is_kept(order.format) else {}
    return StreamingResponse(pieces, media_type=order.media_type, headers=headers)
