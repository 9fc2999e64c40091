"""`/api/v1/reports`: which reports there are, and each of them as a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, cast

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from collector.api import report_asking
from collector.api.access import requires
from collector.api.context import context_of
from collector.report.words import Words, title
from collector.security.roles import Permission
from collector.services.exports import FORMATS
from collector.services.reports import REPORTS
from collector.services.reports.files import Order, opened

router = APIRouter(tags=["reports"], dependencies=[requires(Permission.CIS_READ)])

_FILES = {200: {"content": {each.media_type: {} for each in FORMATS.values()}, "description": "The report as a file."}}


def words_of(request: Request, language: str | None) -> Words:
    """Return the words of a language, of whoever asks when none is named; the pages have them."""
    return cast(Callable[[Request, str | None], Words], request.app.state.words_of)(request, language)


@router.get("/reports", operation_id="listReports", response_model=list[report_asking.Report])
async def list_reports(request: Request) -> object:
    """List the reports there are."""
    words = words_of(request, None)
    return [
        {"name": name, "title": title(words, name), "about": words.plain(f"report.{name}.about"), "formats": [*FORMATS]}
        for name in REPORTS
    ]


@router.get("/reports/{name}", operation_id="getReport", response_class=StreamingResponse, responses=_FILES)  # type: ignore[arg-type]
async def get_report(
    request: Request, name: str, asked: Annotated[report_asking.ReportAsked, Query()]
) -> StreamingResponse:
    """Get a report, written while it is read; `format` says as what."""
    context = context_of(request)
    order = Order(name, asked.format, asked.asked(context), asked.table or "")
    pieces = await opened(context.store, order, words_of(request, asked.language))
    return StreamingResponse(pieces, media_type=order.media_type, headers=_named(order))


def _named(order: Order) -> dict[str, str]:
    """A program takes JSON as it comes, a person keeps a file."""
    return {} if order.format == "json" else {"Content-Disposition": f'attachment; filename="{order.file_name}"'}
