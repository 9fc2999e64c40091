"""What a photo is, by its first bytes: what its sender calls it does not count."""

from __future__ import annotations

from typing import Final

MAX_BYTES: Final = 6 * 1024 * 1024
MAX_PHOTOS: Final = 60
"""Of one run."""
ENDINGS: Final = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


class BadPhoto(ValueError):
    """These bytes are no photo that is taken; the message says why."""


def kind(content: bytes) -> str:
    """Return the media type of a photo; raise `BadPhoto`."""
    if len(content) > MAX_BYTES:
        raise BadPhoto(f"a photo has at most {MAX_BYTES // 1024 // 1024} MB")
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    raise BadPhoto("a photo as JPEG, PNG or WebP is expected")
