"""A signature drawn by hand: a PNG (ISO/IEC 15948) that is small, whole and nothing else.

What a browser draws has eight bits a sample and no interlacing; anything else is none. What is kept is written anew
from its pixels, so nothing else comes with it, and whoever opens it later opens what was checked here.
"""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from collections.abc import Iterator
from typing import Final

MAX_BYTES: Final = 64 * 1024
MAX_WIDTH, MAX_HEIGHT = 1_200, 600
_MAGIC: Final = b"\x89PNG\r\n\x1a\n"
_DATA_URL: Final = "data:image/png;base64,"
_CHANNELS: Final = {0: 1, 2: 3, 4: 2, 6: 4}
"""Colour type → samples of a pixel: grey, colours, each with how much of it is seen."""
_PASSED_OVER: Final = frozenset({b"PLTE"})
"""Chunks that must be understood, and are of no use here."""
MAX_FILTER: Final = 4


class BadDrawing(ValueError):
    """These bytes are no drawing that is taken; the message says why."""


def of_data_url(text: str) -> bytes:
    """Return the bytes of what a canvas says it is (`data:image/png;base64,…`); raise `BadDrawing`."""
    if not text.startswith(_DATA_URL) or len(text) > len(_DATA_URL) + MAX_BYTES * 4 // 3 + 4:
        raise BadDrawing("a drawing as PNG is expected")
    try:
        return base64.b64decode(text.removeprefix(_DATA_URL), validate=True)
    except (binascii.Error, ValueError):
        raise BadDrawing("a drawing as PNG is expected") from None


def cleaned(content: bytes) -> bytes:
    """Return a drawing written anew from its pixels; raise `BadDrawing`."""
    if len(content) > MAX_BYTES:
        raise BadDrawing(f"a drawing has at most {MAX_BYTES // 1024} KB")
    if not content.startswith(_MAGIC):
        raise BadDrawing("a drawing as PNG is expected")
    head, packed = b"", b""
    for kind, body in _chunks(content[len(_MAGIC) :]):
        if not head and kind != b"IHDR":
            raise BadDrawing("a PNG begins with its size")
        if kind == b"IHDR":
            head = body if not head else _twice()
        elif kind == b"IDAT":
            packed += body
        elif kind[:1].isupper() and kind not in _PASSED_OVER:
            raise BadDrawing("a drawing has pixels and nothing else")
    return (
        _MAGIC + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(_pixels(head, packed), 9)) + _chunk(b"IEND", b"")
    )


def _twice() -> bytes:
    raise BadDrawing("a PNG has one size")


def size(drawing: bytes) -> tuple[int, int]:
    """Return the width and height (pixels) of a drawing that was cleaned."""
    width, height = struct.unpack_from(">II", drawing, len(_MAGIC) + 8)
    return int(width), int(height)


def _chunks(rest: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield each chunk up to the end of the image, which must come; what stands behind it is left out."""
    while len(rest) >= 12:
        (length,) = struct.unpack_from(">I", rest)
        kind, body = rest[4:8], rest[8 : 8 + length]
        if length > len(rest) - 12 or struct.unpack_from(">I", rest, 8 + length)[0] != zlib.crc32(kind + body):
            break
        if kind == b"IEND":
            return
        yield kind, body
        rest = rest[12 + length :]
    raise BadDrawing("this PNG is cut short or damaged")


def _pixels(head: bytes, packed: bytes) -> bytes:
    """Return the rows, each behind the number of its filter; never more than the size in the head promises."""
    if len(head) != 13:
        raise BadDrawing("this PNG is cut short or damaged")
    width, height, depth, colour, *others = struct.unpack(">IIBBBBB", head)
    if not (0 < width <= MAX_WIDTH and 0 < height <= MAX_HEIGHT):
        raise BadDrawing(f"a drawing is at most {MAX_WIDTH} by {MAX_HEIGHT} pixels")
    if depth != 8 or colour not in _CHANNELS or any(others):
        raise BadDrawing("a PNG as browsers draw them is expected")
    row = 1 + width * _CHANNELS[colour]
    pixels = _inflated(packed, row * height)
    if any(number > MAX_FILTER for number in pixels[::row]):
        raise BadDrawing("this PNG is cut short or damaged")
    return pixels


def _inflated(packed: bytes, most: int) -> bytes:
    reader = zlib.decompressobj()
    try:
        found = reader.decompress(packed, most + 1)
    except zlib.error:
        found = b""
    if len(found) != most:
        raise BadDrawing("this PNG is cut short or damaged")
    return found


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
