"""Server-sent events (WHATWG HTML §9.2): bounded in number and in life, so that who may no longer look is cut off."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from collector.api.problems import problem

MAX_OPEN: Final = 64
LIFE_S: Final = 300.0
"""Seconds a stream lives; then the browser asks again, and is asked again who it is."""
EVERY_S: Final = 1.0
QUIET: Final = 15
"""Looks without news until a comment says that the stream lives."""
MEDIA_TYPE: Final = "text/event-stream"
Look = Callable[[], Awaitable[tuple[Any, bool]]]
"""Return what is to be told and whether that was the last of it."""

_open: set[object] = set()


def event(name: str, data: Any) -> str:
    """Return one event; JSON has no line feed of its own, so it is one line."""
    return f"event: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n"


def stream(request: Request, look: Look) -> Response:
    """Tell `look`'s news as `counts` and its end as `ended`; 503 when too many look already."""
    if len(_open) >= MAX_OPEN:
        return problem(503, "too many streams are open")
    return StreamingResponse(
        _counted(_events(request, look)), media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )  # fmt: skip


async def _counted(events: AsyncIterator[str]) -> AsyncIterator[str]:
    mark = object()
    _open.add(mark)
    try:
        async for each in events:
            yield each
    finally:
        _open.discard(mark)


async def _events(request: Request, look: Look) -> AsyncIterator[str]:
    loop, told, quiet = asyncio.get_running_loop(), None, 0
    until = loop.time() + LIFE_S
    yield "retry: 2000\n\n"
    while loop.time() < until and not await request.is_disconnected():
        news, is_last = await look()
        quiet += 1
        if news != told:
            yield event("counts", news)
            told, quiet = news, 0
        if is_last:
            yield event("ended", news)
            return
        if quiet >= QUIET:
            yield ": still here\n\n"
            quiet = 0
        await asyncio.sleep(EVERY_S)
