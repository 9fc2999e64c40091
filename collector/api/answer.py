"""How single objects are answered: with an ETag, and with nothing when the asker has it already."""

from __future__ import annotations

import hashlib

from fastapi import Request, Response
from pydantic import BaseModel


class NotTheSame(Exception):
    """What is to be changed is no longer what the asker saw."""


class Unseen(Exception):
    """The asker does not say which state of it they saw."""


def tagged(request: Request, shape: BaseModel) -> Response:
    """Return `shape` as JSON with its ETag, or 304 when `If-None-Match` names it."""
    body = shape.model_dump_json(by_alias=True).encode()
    tag, known = _tag(body), _named(request, "if-none-match")
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if tag in known:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def check_seen(request: Request, shape: BaseModel) -> None:
    """Raise `Unseen` without `If-Match`, and `NotTheSame` when it names another state of `shape`."""
    seen = _named(request, "if-match")
    if not seen:
        raise Unseen("say with If-Match which state is to be changed: the ETag it was answered with")
    if not seen & {"*", _tag(shape.model_dump_json(by_alias=True).encode())}:
        raise NotTheSame("it has moved since it was read: read it again")


def _tag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def _named(request: Request, header: str) -> set[str]:
    return {each.strip().removeprefix("W/") for each in request.headers.get(header, "").split(",")} - {""}
