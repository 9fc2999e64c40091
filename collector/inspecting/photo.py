"""What a photo is, by its first bytes: what its sender calls it does not count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MAX_BYTES: Final = 6 * 1024 * 1024
ENDINGS: Final = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


class BadPhoto(ValueError):
    """These bytes are no photo that is taken; the message says why."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo of an item, without its bytes; `at` in ms. `item`: what of the whole it belongs to."""

    id: int
    item: str
    sha256: str
    media_type: str
    size: int
    at: int
    who: str

    def name_in(self, whole: str) -> str:
        """Return what its file is called: `whole` is the number of what it belongs to."""
        return f"{whole}-{self.id}.{ENDINGS[self.media_type]}"


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
