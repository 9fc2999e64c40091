"""Lists as CSV: exactly what the list shows, written while it is read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from fastapi.responses import StreamingResponse

from collector.api.files import kept_as
from collector.services.exports.csvfile import BOM, cell, lines

__all__ = ["BOM", "MAX_ROWS", "answer", "cell", "lines"]

MAX_ROWS = 100_000


def answer(name: str, head: Sequence[str], rows: AsyncIterator[Sequence[Sequence[object]]]) -> StreamingResponse:
    """Return a download of `head` and then the batches of `rows`."""

    async def parts() -> AsyncIterator[str]:
        yield BOM + lines([head])
        async for batch in rows:
            yield lines(batch)

    return StreamingResponse(parts(), media_type="text/csv; charset=utf-8", headers=kept_as(f"{name}.csv"))
