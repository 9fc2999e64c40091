"""Photos as a telephone writes them: with the place, the owner, a comment and a packet of XMP beside the pixels."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from PIL import Image, PngImagePlugin

SECRET = b"31.2304N-owner-of-this-phone"
"""Stands in everything such a photo says beside its pixels."""
TOLD: dict[str, tuple[bytes, ...]] = {
    "JPEG": (b"Exif", b"comment " + SECRET, b"xmp " + SECRET),
    "PNG": (b"eXIf", b"comment " + SECRET),
    "WEBP": (b"EXIF", b"xmp " + SECRET),
}


def encoded(picture: Image.Image, form: str, **how: Any) -> bytes:
    """Return a picture as a file."""
    picture.save(file := BytesIO(), form, **how)
    return file.getvalue()


def taken(form: str = "JPEG", colour: str = "teal", size: tuple[int, int] = (640, 480)) -> bytes:
    """Return such a photo."""
    how: dict[str, Any] = {"exif": _exif()}
    if form == "PNG":
        how["pnginfo"] = PngImagePlugin.PngInfo()
        how["pnginfo"].add_text("Comment", f"comment {SECRET.decode()}")
    else:
        how["xmp"] = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>xmp " + SECRET + b"</x:xmpmeta>"
    if form == "JPEG":
        how["comment"] = b"comment " + SECRET
    return encoded(Image.new("RGB", size, colour), form, **how)


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F] = SECRET.decode()  # maker
    exif[0xA430] = SECRET.decode()  # owner of the camera
    place = exif.get_ifd(0x8825)
    place[1], place[2], place[29] = "N", (31.0, 13.0, 49.0), SECRET.decode()
    exif[0x8825] = place
    return exif
