"""A photo as a small picture to print: drawn anew from its pixels, so nothing else comes along.

What a camera writes beside them (where, when, its owner, a preview) stays with the photo that was sent; of it only
which way is up is read (Exif 2.32, tag 0x0112). As a program it does nothing else: `services/exports/darkroom`
starts it, so whatever its decoders do with what strangers send, they do with little memory, no file and no secret.
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Mapping
from io import BytesIO
from typing import Final

from PIL import Image

SIDE: Final = 480
"""Pixels of the longer side at most: 280 to the inch, as wide as it is printed."""
MAX_BYTES: Final = 64 * 1024
MAX_PIXELS: Final = 50_000_000
"""Pixels of a photo that is opened: 200 MB while it is."""
FORMATS: Final = ("JPEG", "PNG", "WEBP")
QUALITIES: Final = (80, 60, 40, 20)
HEAD: Final = 4
"""Bytes, the highest first, that say how long what follows is."""
_BOUNDS: Final = {
    resource.RLIMIT_AS: 1 << 30, resource.RLIMIT_FSIZE: 0, resource.RLIMIT_CORE: 0, resource.RLIMIT_CPU: 120,
}  # fmt: skip
"""What the program may have: bytes of memory, bytes it writes into a file or a core, seconds of the processor."""
_NICE: Final = 5
_UP: Final = 0x0112
_TURNS: Final[Mapping[object, Image.Transpose]] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip
"""How the camera was held → what brings the picture upright."""


class BadPicture(ValueError):
    """No small picture can be made of these bytes."""


def thumbnail(content: bytes) -> bytes:
    """Return a photo as a JPEG of at most `MAX_BYTES`, upright, on white where it is clear; raise `BadPicture`."""
    try:
        return _written(_upright(content))
    except BadPicture:
        raise
    except Exception as error:  # a decoder has a dozen ways to say that it cannot read something, and declares none
        raise BadPicture("this photo cannot be read") from error


def _upright(content: bytes) -> Image.Image:
    with Image.open(BytesIO(content), formats=FORMATS) as photo:
        if photo.width * photo.height > MAX_PIXELS:
            raise BadPicture(f"a photo of at most {MAX_PIXELS // 1_000_000} megapixels is opened")
        turn = _TURNS.get(photo.getexif().get(_UP))
        photo.thumbnail((SIDE, SIDE))
        return photo.copy() if turn is None else photo.transpose(turn)


def _written(picture: Image.Image) -> bytes:
    """Return the pixels as the best JPEG that is small enough."""
    pixels = picture.convert("RGBA")
    sheet = Image.new("RGB", pixels.size, "white")
    sheet.paste(pixels, mask=pixels.getchannel("A"))
    for quality in QUALITIES:
        sheet.save(file := BytesIO(), "JPEG", quality=quality)
        if file.tell() <= MAX_BYTES:
            return file.getvalue()
    raise BadPicture("this photo does not become small enough")


def serve() -> None:
    """Answer each photo on standard input with one made small, or with nothing where that cannot be."""
    while head := sys.stdin.buffer.read(HEAD):
        try:
            made = thumbnail(sys.stdin.buffer.read(int.from_bytes(head)))
        except BadPicture:
            made = b""
        sys.stdout.buffer.write(len(made).to_bytes(HEAD) + made)
        sys.stdout.buffer.flush()


def _confine() -> None:
    """Let this process have no more than it needs, and be nicer than who waits for it."""
    for name, most in _BOUNDS.items():
        resource.setrlimit(name, (most, most))
    os.nice(_NICE)


if __name__ == "__main__":
    _confine()
    serve()
