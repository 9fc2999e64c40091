"""Lists as JSON: one array, written while it is read, so that a long list needs no memory."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from fastapi.responses import StreamingResponse

from collector.api.files import kept_as


def answer(name: str, rows: AsyncIterator[Sequence[Mapping[str, Any]]]) -> StreamingResponse:
    """Return a download of the batches of `rows`; ASCII, so that no character does anything to who looks at it."""

    async def parts() -> AsyncIterator[str]:
        between = "[\n"
        async for batch in rows:
            for row in batch:
                yield between + json.dumps(row)
                between = ",\n"
        yield "[]\n" if between == "[\n" else "\n]\n"

    return StreamingResponse(parts(), media_type="application/json", headers=kept_as(f"{name}.json"))
