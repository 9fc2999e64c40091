"""Labels drawn: the QR code on the left, beside it the record line by line, each as large as it fits."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import segno
from fpdf import FPDF

from collector import pdf
from collector.labels import Format, Text, spots
from collector.report.words import Words
from collector.services.labels import Batch, Label

MARGIN: Final = 2.0
QUIET: Final = 4
"""Modules of white a code wants around it (ISO/IEC 18004)."""
POINT_MM: Final = 25.4 / 72
LEADING: Final = 1.22
SMALLER: Final = (1.0, 0.9, 0.8, 0.7)
"""How much smaller a line may get before it is cut."""
SIZES: Final = {"label": 1.35, "name": 1.0, "type": 0.82, "owner": 0.82, "place": 0.82}
"""Line → its size; 1 is a sixth of the height a label has for text."""


def draw(batch: Batch, words: Words) -> bytes:
    """Return a PDF of the labels; it takes some 5 ms each, most of it for the mask of the code, and 0.25 s."""
    paper = batch.format
    made = pdf.document(*paper.page)
    known, pages = pdf.shapes(made), 0
    for label, (page, left, top) in zip(batch.labels, spots(paper, len(batch.labels), batch.skip), strict=True):
        while pages <= page:
            made.add_page()
            pages += 1
        _draw(made, label, (left, top), paper, _Lines(words, known))
    return pdf.written(made)


class _Lines:
    """The lines of a label in the words of a language, without characters the font cannot draw."""

    def __init__(self, words: Words, known: Collection[int]) -> None:
        self._words, self._known = words, known

    def of(self, text: Text) -> dict[str, str]:
        kind = self._words.label("type", text.ci_type) if text.ci_type != "unknown" else ""
        said = {"label": text.label, "name": text.name, "type": kind, "owner": text.owner, "place": text.place}
        return {name: pdf.drawable(line, self._known) for name, line in said.items() if line}


def _draw(made: FPDF, label: Label, at: tuple[float, float], paper: Format, lines: _Lines) -> None:
    left, top = at
    width, height = paper.label
    side = min(height - 2 * MARGIN, width * 0.42)
    _code(made, label.code, (left + MARGIN, top + (height - side) / 2), side)
    x, room = left + 2 * MARGIN + side, width - side - 3 * MARGIN
    said = lines.of(label.text)
    size = (height - 2 * MARGIN) / sum(SIZES.values()) / LEADING / POINT_MM
    used = sum(SIZES[name] for name in said) * size * LEADING * POINT_MM
    y = top + (height - used) / 2
    for name, line in said.items():
        y += _line(made, line, (x, y), room, SIZES[name] * size)


def _line(made: FPDF, text: str, at: tuple[float, float], room: float, size: float) -> float:
    """Draw one line below `at` and return how high it is."""
    for smaller in SMALLER:
        made.set_font(pdf.FONT, size=size * smaller)
        if made.get_string_width(text) <= room:
            break
    made.text(at[0], at[1] + size * POINT_MM, pdf.fitted(made, text, room))
    return size * LEADING * POINT_MM


def _code(made: FPDF, text: str, at: tuple[float, float], side: float) -> None:
    """Draw a code as rectangles, a row's neighbours as one: sharp at any size."""
    rows = [bytes(row) for row in segno.make(text, error="m", micro=False).matrix]
    module = side / (len(rows) + 2 * QUIET - 4)  # the edge of a label is white, too
    left, top = at[0] + (QUIET - 2) * module, at[1] + (QUIET - 2) * module
    for y, row in enumerate(rows):
        for begin, end in _runs(row):
            made.rect(left + begin * module, top + y * module, (end - begin) * module, module, style="F")


def _runs(row: bytes) -> list[tuple[int, int]]:
    """Return where dark modules of a row begin and end."""
    runs, begin = [], None
    for at, dark in enumerate((*row, 0)):
        if dark and begin is None:
            begin = at
        elif not dark and begin is not None:
            runs.append((begin, at))
            begin = None
    return runs
