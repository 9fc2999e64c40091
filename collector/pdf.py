"""PDF documents whose texts are embedded with their font, so that every viewer and printer shows the same.

The font is Noto Sans SC (SIL OFL 1.1), which comes with pip; of it only what is used goes into a file.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Final

import pylopdf_fonts_zh_cn
from fpdf import FPDF
from fpdf.fonts import TTFFont

FONT: Final = "noto"
ABSENT: Final = "\u25a1"
"""What stands for a character the font has no shape for."""

logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells of every table it drops


def document(width: float, height: float) -> FPDF:
    """Return an empty document of pages of this size (mm), margins none, the font chosen."""
    made = FPDF(unit="mm", format=(width, height))
    made.set_auto_page_break(False)
    made.set_margin(0)
    made.add_font(FONT, "", pylopdf_fonts_zh_cn.sans_path())
    made.set_font(FONT, size=9)
    return made


def shapes(made: FPDF) -> Collection[int]:
    """Return the characters (code points) the font has shapes for."""
    font = made.current_font
    assert isinstance(font, TTFFont)
    return font.cmap


def drawable(text: str, known: Collection[int]) -> str:
    """Return `text` with what has no shape, or would turn the line round, made visible."""
    return "".join(each if each.isprintable() and ord(each) in known else ABSENT for each in text)


def fitted(made: FPDF, text: str, width: float) -> str:
    """Return as much of `text` as `width` (mm) holds in the present font, cut with a `…` at its end."""
    if made.get_string_width(text) <= width:
        return text
    least, most = 0, len(text)
    while least < most:
        middle = (least + most + 1) // 2
        least, most = (middle, most) if made.get_string_width(text[:middle] + "…") <= width else (least, middle - 1)
    return text[:least].rstrip() + "…"


def written(made: FPDF) -> bytes:
    """Return the finished file."""
    return bytes(made.output())
