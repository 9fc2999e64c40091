"""Signatures drawn by hand: what a browser draws is taken, whatever else claims to be one is refused in one way."""

from __future__ import annotations

import base64
import io
import random
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from collector.inspecting.drawing import MAX_BYTES, BadDrawing, cleaned, of_data_url, size


def drawn(mode: str = "RGBA", at: tuple[int, int] = (600, 200), **more: object) -> bytes:
    """Return a signature as a canvas makes it."""
    picture = Image.new(mode, at)
    ImageDraw.Draw(picture).line([(10, 10), (at[0] - 10, at[1] // 2), (20, at[1] - 5)], width=4, fill=1 << 7)
    kept = io.BytesIO()
    picture.save(kept, "PNG", **more)
    return kept.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


MAGIC = b"\x89PNG\r\n\x1a\n"
PLAIN = drawn()


def png(head: bytes, *chunks: bytes) -> bytes:
    return MAGIC + chunk(b"IHDR", head) + b"".join(chunks) + chunk(b"IEND", b"")


def head(width: int, height: int, depth: int = 8, colour: int = 6, interlace: int = 0) -> bytes:
    return struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)


@pytest.mark.parametrize("mode", ["RGBA", "RGB", "L", "LA"])
def test_what_a_browser_draws_is_kept_pixel_by_pixel_and_nothing_comes_with_it(mode: str) -> None:
    extra = chunk(b"tEXt", b"Comment\0<script>") + chunk(b"eXIf", b"where it was")
    original = drawn(mode)
    kept = cleaned(original[:33] + extra + original[33:] + b"what stands behind the end")
    assert Image.open(io.BytesIO(kept)).tobytes() == Image.open(io.BytesIO(original)).tobytes()
    assert size(kept) == (600, 200)
    assert b"script" not in kept
    assert cleaned(kept) == kept


ROWS = zlib.compress(bytes(9) * 2)
BAD = {
    "empty": b"",
    "a photo": b"\xff\xd8\xff\xe0",
    "no end": PLAIN[:-12],
    "cut": PLAIN[: len(PLAIN) // 2],
    "a wrong sum": PLAIN[:40] + bytes([PLAIN[40] ^ 1]) + PLAIN[41:],
    "too wide": png(head(1_201, 2), chunk(b"IDAT", ROWS)),
    "no width": png(head(0, 2), chunk(b"IDAT", ROWS)),
    "a bomb": png(head(1_200, 600), chunk(b"IDAT", zlib.compress(bytes(60_000_000), 9))),
    "a bomb of few pixels": png(head(2, 2), chunk(b"IDAT", zlib.compress(bytes(1_000_000), 9))),
    "too few rows": png(head(2, 3), chunk(b"IDAT", ROWS)),
    "no rows": png(head(2, 2)),
    "no deflate": png(head(2, 2), chunk(b"IDAT", b"nonsense")),
    "a filter nobody knows": png(head(2, 2), chunk(b"IDAT", zlib.compress(b"\x09" + bytes(17)))),
    "sixteen bits": png(head(2, 2, 16), chunk(b"IDAT", ROWS)),
    "a palette": png(head(2, 2, 8, 3), chunk(b"IDAT", ROWS)),
    "interlaced": png(head(2, 2, 8, 6, 1), chunk(b"IDAT", ROWS)),
    "two sizes": png(head(2, 2), chunk(b"IHDR", head(2, 2)), chunk(b"IDAT", ROWS)),
    "a short head": png(b"\0\0\0\2", chunk(b"IDAT", ROWS)),
    "pixels first": MAGIC + chunk(b"IDAT", ROWS) + chunk(b"IEND", b""),
    "a chunk that must be known": png(head(2, 2), chunk(b"EVIL", b""), chunk(b"IDAT", ROWS)),
    "too large": PLAIN + bytes(MAX_BYTES),
}


@pytest.mark.parametrize("what", list(BAD))
def test_what_is_no_drawing_is_refused(what: str) -> None:
    with pytest.raises(BadDrawing):
        cleaned(BAD[what])


@given(st.binary(max_size=200), st.integers(0, len(PLAIN)), st.integers(0, 40))
def test_whatever_bytes_come_are_a_drawing_or_refused(noise: bytes, at: int, gone: int) -> None:
    for content in (MAGIC + noise, PLAIN[:at] + noise + PLAIN[at + gone :]):
        try:
            kept = cleaned(content)
        except BadDrawing:
            continue
        assert Image.open(io.BytesIO(kept)).size == size(kept)


def test_random_heads_with_right_sums_are_a_drawing_or_refused() -> None:
    chance = random.Random(7)
    for _ in range(500):
        noise = struct.pack(
            ">IIBBBBB",
            *(chance.choice((0, 1, 2, 3, 4, 6, 8, 600)) % limit for limit in (2**32, 2**32, 256, 256, 256, 256, 256)),
        )
        body = zlib.compress(chance.randbytes(chance.randrange(60)))
        try:
            kept = cleaned(png(noise, chunk(b"IDAT", body)))
        except BadDrawing:
            continue
        Image.open(io.BytesIO(kept)).load()


def test_a_canvas_says_what_it_is_in_an_address() -> None:
    said = "data:image/png;base64," + base64.b64encode(PLAIN).decode()
    assert of_data_url(said) == PLAIN
    for wrong in ("", "data:image/svg+xml;base64,AAAA", said + "*", said.replace("png", "PNG"), said + "A" * 200_000):
        with pytest.raises(BadDrawing):
            of_data_url(wrong)
