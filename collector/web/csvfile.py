"""Lists as CSV: exactly what the list shows, in UTF-8 that Excel recognises, and nothing a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence

from fastapi.responses import StreamingResponse

from collector.web.inert import visible

MAX_ROWS = 100_000
BOM = "\ufeff"
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
"""A cell that begins so is a formula to a spreadsheet, in full-width characters too."""


def cell(value: object) -> str:
    """Return one cell. Numbers stay numbers; a text that would be run is made a text by an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list | tuple):
        value = ", ".join(str(each) for each in value)
    text = str(value)
    return visible(f"'{text}" if text.startswith(_FORMULA) else text)


def lines(rows: Iterable[Sequence[object]]) -> str:
    """Return rows as CSV (RFC 4180)."""
    out = io.StringIO()
    csv.writer(out).writerows([cell(value) for value in row] for row in rows)
    return out.getvalue()


def answer(name: str, head: Sequence[str], rows: AsyncIterator[Sequence[Sequence[object]]]) -> StreamingResponse:
    """Return a download of `head` and then the batches of `rows`."""

    async def parts() -> AsyncIterator[str]:
        yield BOM + lines([head])
        async for batch in rows:
            yield lines(batch)

    disposition = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(parts(), media_type="text/csv; charset=utf-8", headers=disposition)
