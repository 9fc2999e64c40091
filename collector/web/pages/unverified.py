"""What nobody saw in time after a change, as a file: a line of a plan each, with what is expected and since when."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Final

from fastapi import APIRouter, Request, Response

from collector.api.access import requires
from collector.api.context import context_of
from collector.inert import shorten
from collector.security.roles import Permission
from collector.services.changes import unverified
from collector.services.changes.unverified import Missed
from collector.web import csvfile, units
from collector.web.catalogue import Texts
from collector.web.viewer import texts_of

router = APIRouter(include_in_schema=False)
HEAD: Final = (
    "column.change", "column.title", "column.initiator", "column.ci", "column.section", "column.value", "column.field",
    "changes.expected", "unverified.since",
)  # fmt: skip
MAX_VALUE: Final = 1000
"""Characters of an expected value: a spreadsheet has no use for a whole configuration."""


@router.get("/findings/unverified.csv", dependencies=[requires(Permission.FINDINGS_READ)])
async def unverified_csv(request: Request) -> Response:
    """Return all of them, the oldest first, as the page of findings has them."""
    texts = texts_of(request, request.state.principal)
    return csvfile.answer("unverified", [str(texts(each)) for each in HEAD], _rows(request, texts))


async def _rows(request: Request, texts: Texts) -> AsyncIterator[Sequence[Sequence[object]]]:
    async with context_of(request).store.read() as connection:
        yield [_row(each, texts) for each in await unverified.listed(connection, limit=csvfile.MAX_ROWS)]


def _row(each: Missed, texts: Texts) -> list[object]:
    key = each.key or str(texts("changes.whole_section"))
    field = texts.field(each.section, each.field) if each.field else ""
    return [
        each.change, each.title, each.owner, each.ci.name, texts.label("section", each.section), key, field,
        _expected(each, texts), units.exact(each.over_at),
    ]  # fmt: skip


def _expected(each: Missed, texts: Texts) -> str:
    return f"{texts.label('expected_how', each.how)} {shorten(unverified.written(each), MAX_VALUE)}".rstrip()
