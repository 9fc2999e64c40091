"""Photos and signatures over HTTP, for REST and pages alike: what a request brings, and the answer with one."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Response
from pydantic import Base64Bytes, Field
from starlette.datastructures import FormData, UploadFile

from collector.api.files import kept_as
from collector.inspecting.photo import MAX_BYTES, Photo

Drawing = Annotated[Base64Bytes, Field(description="a signature drawn by hand: PNG in Base64, at most 64 KB")]
SCHEMA: dict[str, Any] = {
    "type": "string", "format": "binary", "description": f"JPEG, PNG or WebP, at most {MAX_BYTES // 1024 // 1024} MB",
}  # fmt: skip


async def photo_of(given: FormData) -> bytes:
    """Return the photo of a form, empty where there is none; one byte more than is taken tells that it is too large."""
    sent = given.get("photo")
    return await sent.read(MAX_BYTES + 1) if isinstance(sent, UploadFile) else b""


def answer(about: Photo, content: bytes, whole: str) -> Response:
    """Return a photo of `whole` to be kept; it is shown inside pages only, and nothing else is made of its bytes."""
    return picture(content, about.media_type, about.name_in(whole))


def picture(content: bytes, media_type: str, name: str) -> Response:
    headers = {
        **kept_as(name), "Cache-Control": "private, max-age=86400",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }  # fmt: skip
    return Response(content, media_type=media_type, headers=headers)
