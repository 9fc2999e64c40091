"""How single objects are answered: with an ETag, and with nothing when the asker has it already."""

from __future__ import annotations

import hashlib

from fastapi import Request, Response
from pydantic import BaseModel


def tagged(request: Request, shape: BaseModel) -> Response:
    """Return `shape` as JSON with its ETag, or 304 when `If-None-Match` names it."""
    body = shape.model_dump_json(by_alias=True).encode()
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    known = {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if tag in known:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)
