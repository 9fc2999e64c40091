"""`Idempotency-Key` of POST and PATCH: a request asked again under its key is not carried out again.

The key counts for a day and for the account that sent it. Same key and same request (method, address, body, what the
account may): the answer there was, marked `Idempotency-Replayed: true`. Another request: 422. One that is not answered
yet: 409. What was refused has done nothing, and its key is free. No route knows of it.
"""

from __future__ import annotations

from typing import Any, Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from collector.api import problems
from collector.api.access import NotLoggedIn, identify
from collector.api.context import context_of
from collector.security.sessions import Principal
from collector.services import once
from collector.services.once import MAX_ANSWER, Answer, BadKey, Errand, NoAnswer, OtherRequest, Taken

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
PREFIX: Final = "/api/v1/"
METHODS: Final = frozenset({"POST", "PATCH"})
MAX_BODY: Final = 8 * 1024 * 1024
"""Bytes: a form with a photo. A whole list to import is read piece by piece, and has a key of its own."""
_KEPT: Final = ("content-type", "etag", "location")


class Once:
    """A layer around the routes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._under_way: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _is_keyed(scope) or (who := await _asking(scope)) is None:
            await self._app(scope, receive, send)
            return
        try:
            body = await _whole(receive)
            errand = _errand(scope, who, body)
            if (answer := await errand.before()) is None:
                answer = await self._carried_out(errand, scope, _Body(body, receive), send)
        except (BadKey, OtherRequest, NoAnswer) as error:
            await problems.of_error(error)(scope, receive, send)
            return
        if answer is not None:
            headers = {**answer.headers, REPLAYED: "true"}
            await Response(answer.body, answer.status, headers)(scope, receive, send)

    async def _carried_out(self, errand: Errand, scope: Scope, receive: Receive, send: Send) -> Answer | None:
        """Let the routes answer; return the answer of another request with this key that was quicker."""
        if errand.name in self._under_way:
            raise NoAnswer("a request with this key is being carried out")
        self._under_way.add(errand.name)
        try:
            sent = _Collected(send)
            with errand.under_way():
                await self._app(scope, receive, sent)
            await errand.keep(sent.answer)
            await sent.flush()
        except Taken:
            return await errand.before()
        finally:
            self._under_way.discard(errand.name)
        return None


def _is_keyed(scope: Scope) -> bool:
    is_ours = scope["type"] == "http" and scope["method"] in METHODS and scope["path"].startswith(PREFIX)
    return is_ours and HEADER in Headers(scope=scope)


async def _asking(scope: Scope) -> Principal | None:
    """Return who asks; nobody has no keys, and who cannot log in is told so by the route."""
    try:
        return await identify(Request(scope))
    except NotLoggedIn:
        return None


def _errand(scope: Scope, who: Principal, body: bytes) -> Errand:
    context, headers = context_of(Request(scope)), Headers(scope=scope)
    asked = [
        scope["method"].encode(), scope["path"].encode(), scope.get("query_string", b""),
        headers.get("content-type", "").encode(), headers.get("if-match", "").encode(), body,
    ]  # fmt: skip
    return once.errand(context.store, context.vault, who, headers[HEADER], asked, context.clock())


async def _whole(receive: Receive) -> bytes:
    """Return the whole body; raise `BadKey` for one too long to be read before it is carried out, or cut off."""
    found = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadKey("the body did not come to its end")
        found += message.get("body", b"")
        if len(found) > MAX_BODY:
            raise BadKey(f"with an {HEADER} a body has at most {MAX_BODY} bytes")
        if not message.get("more_body"):
            return bytes(found)


class _Body:
    """A body that was read already."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


class _Collected:
    """Holds an answer back until it is whole; one that grows too long goes through, and is not kept."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._held: list[Message] = []
        self._size = 0
        self._is_through = False

    async def __call__(self, message: Message) -> None:
        self._held.append(message)
        self._size += len(message.get("body", b""))
        if self._is_through or self._size > MAX_ANSWER:
            self._is_through = True
            await self.flush()

    async def flush(self) -> None:
        for each in self._held:
            await self._send(each)
        self._held.clear()

    @property
    def answer(self) -> Answer | None:
        """The answer, None where it went through."""
        if self._is_through or not self._held:
            return None
        start, *rest = self._held
        headers = Headers(raw=start["headers"])
        kept = {name: headers[name] for name in _KEPT if name in headers}
        return Answer(start["status"], kept, b"".join(each.get("body", b"") for each in rest))


def described(description: dict[str, Any]) -> dict[str, Any]:
    """Return an OpenAPI description in which the header stands at what takes it."""
    description["components"].setdefault("parameters", {})[_NAME] = _PARAMETER
    for path in description["paths"].values():
        for operation in (path[method.lower()] for method in METHODS if method.lower() in path):
            its = operation.setdefault("parameters", [])
            if _REFERENCE not in its:
                its.append(_REFERENCE)
    return description


_NAME: Final = "IdempotencyKey"
_REFERENCE: Final = {"$ref": f"#/components/parameters/{_NAME}"}
_PARAMETER: Final = {
    "name": HEADER, "in": "header", "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": once.MAX_KEY},
    "description": "Names this request for 24 hours: sent again it is answered as before and not carried out again. "
    f"{REPLAYED} marks that; 422: the key stands for another request; 409: it is not answered yet, or its answer was "
    "lost after it was carried out.",
}  # fmt: skip
