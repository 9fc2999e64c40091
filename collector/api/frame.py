"""What every answer passes: bounded bodies, headers that keep a browser strict, one log line without secrets."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from collector.api.problems import problem

log = structlog.get_logger("collector.http")

MAX_BODY_BYTES = 1024 * 1024
LARGER = {
    "/api/v1/imports": 256 * 1024 * 1024, "/import": 256 * 1024 * 1024, "/api/v1/in/alertmanager": 32 * 1024 * 1024,
    "/api/v2/alerts": 32 * 1024 * 1024,
}  # fmt: skip
"""Where a whole list is sent, and how many bytes it may have; imports are read piece by piece."""
PHOTO_BYTES = 7 * 1024 * 1024
WITH_PHOTO = re.compile(r"/(?:api/v1/inspections/[^/]+/answers|inspections/runs/[^/]+/walk)")
"""Where a photo is sent with what was filled in."""
POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Frame:
    """The outermost layer; knows nothing of routes but the template a request was matched to."""

    def __init__(self, app: ASGIApp, answer: Callable[[Request, Exception], Awaitable[Response]]) -> None:
        self._app, self._answer = app, answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _harden(message, scope["path"])
            await send(message)

        try:
            await self._bounded(scope, receive, sending)
        except Exception as error:
            log.exception("request failed", route=_route(scope), error=type(error).__name__)
            if status:
                raise  # half an answer is out: only cutting the connection tells the truth
            response = await self._answer(Request(scope, receive), error)
            await response(scope, receive, sending)
        finally:
            _note(scope, status, time.perf_counter() - started)

    async def _bounded(self, scope: Scope, receive: Receive, send: Send) -> None:
        declared, most = Headers(scope=scope).get("content-length", "0"), _most(scope["path"])
        if not declared.isdecimal() or int(declared) > most:
            await problem(413 if declared.isdecimal() else 400)(scope, receive, send)
            return
        await self._app(scope, _Counted(receive, most), send)


def _most(path: str) -> int:
    """Return how many bytes may be sent to `path`."""
    return PHOTO_BYTES if WITH_PHOTO.fullmatch(path) else LARGER.get(path, MAX_BODY_BYTES)


class _Counted:
    """A body that tells no length is cut off where it grows too long, as if the sender had gone."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive, self._most, self._seen = receive, most, 0

    async def __call__(self) -> Message:
        message = await self._receive()
        self._seen += len(message.get("body", b""))
        return {"type": "http.disconnect"} if self._seen > self._most else message


def _harden(message: MutableMapping[str, Any], path: str) -> None:
    headers = MutableHeaders(raw=message["headers"])
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    if not path.startswith("/static/"):
        headers.setdefault("Cache-Control", "no-store")


def _route(scope: Scope) -> str:
    """The route, not the path: a login link's path is a secret."""
    return getattr(scope.get("route"), "path", "-")


def _note(scope: Scope, status: int, seconds: float) -> None:
    principal = scope.get("state", {}).get("principal")
    log.info(
        "request",
        method=scope["method"],
        route=_route(scope),
        status=status,
        ms=round(seconds * 1000, 1),
        account=principal.name if principal else "",
        address=(scope.get("client") or ("",))[0],
    )
