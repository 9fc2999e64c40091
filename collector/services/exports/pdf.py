"""A report as pages to print: A4 across, what was asked and comes out first, then the tables, heads on every page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from io import BytesIO
from typing import Final

from collector import pdf
from collector.report.cells import local, shown
from collector.report.value import Cell, Column, Figure, Kind, Picture, Report, Row, Table, batches
from collector.report.words import Words, column_title, table_title, title
from collector.services.exports.bounds import MAX_PRINTED, MAX_PRINTED_CELL, cut
from collector.services.exports.lines import folded

PAGE: Final = (297.0, 210.0)
MARGIN: Final = 12.0
TOP, BOTTOM = 20.0, 14.0
ROW: Final = 3.6
"""Height of a line of a table (mm)."""
MAX_LINES: Final = 3
GAP: Final = 1.5
WIDE, TALL = 60.0, 30.0
"""What a picture takes at most (mm)."""
PIECE: Final = 256 * 1024
_GREY, _DARK = 110, 20
_RIGHT: Final = (Kind.NUMBER, Kind.RATIO)


async def write(report: Report, words: Words) -> AsyncIterator[bytes]:
    """Yield the file once it is whole; it is drawn beside the loop, a part at a time."""
    paper = await asyncio.to_thread(_Paper, report, words)
    for table in report.tables:
        await _table(paper, table)
    for picture in report.pictures:
        await asyncio.to_thread(paper.picture, picture)
    whole = await asyncio.to_thread(paper.finished)
    for at in range(0, len(whole), PIECE):
        yield whole[at : at + PIECE]


async def _table(paper: _Paper, table: Table) -> None:
    """Draw a table up to `MAX_PRINTED` rows, and say so where there are more."""
    await asyncio.to_thread(paper.begin, table)
    drawn = 0
    async for rows in batches(table, MAX_PRINTED + 1):
        await asyncio.to_thread(paper.rows, table, rows[: MAX_PRINTED - drawn])
        drawn += len(rows)
    if drawn > MAX_PRINTED:
        paper.note(paper.words.plain("report.cut", n=f"{MAX_PRINTED:,}"))
    elif not drawn:
        paper.note(paper.words.plain("report.no_rows"))


class _Paper:
    """The document while it is drawn; lengths in mm."""

    def __init__(self, report: Report, words: Words) -> None:
        self.words = words
        self._report = report
        self._made = pdf.document(*PAGE)
        self._known = pdf.shapes(self._made)
        self._widths: dict[str, float] = {}
        self._y = 0.0
        self._page()
        for figure in (*report.parameters, *report.figures):
            self._figure(figure)

    def finished(self) -> bytes:
        return pdf.written(self._made)

    def begin(self, table: Table) -> None:
        """Write the title of a table and its head."""
        self._y += 5
        if self._y > PAGE[1] - BOTTOM - 8 * ROW:
            self._page()
        self._say(MARGIN, table_title(self.words, self._report.name, table.name), 10)
        self._y += 6
        self._head(table)

    def rows(self, table: Table, rows: Sequence[Row]) -> None:
        room = _room(table)
        for row in rows:
            cells = [self._folded(each, width) for each, width in zip(self._texts(table, row), room, strict=True)]
            if self._y + max(map(len, cells)) * ROW > PAGE[1] - BOTTOM:
                self._page()
                self._head(table)
            self._cells(table, cells)

    def note(self, text: str) -> None:
        """Write one line below what was drawn last."""
        self._say(MARGIN, text, 7, _GREY)
        self._y += ROW

    def picture(self, picture: Picture) -> None:
        """Draw a picture, with what it is, by whom and when above it."""
        width, height = picture.size
        scale = min(WIDE / width, TALL / height)
        if self._y + TALL + 2 * ROW > PAGE[1] - BOTTOM:
            self._page()
        self._y += 3
        said = f"{picture.who} · {local(picture.at)} · SHA-256 {picture.sha256}"
        self._say(MARGIN, self.words.label("report_figure", picture.name), 8, _GREY)
        self._say(MARGIN + 50, cut(said, MAX_PRINTED_CELL), 8)
        self._y += 5
        self._made.image(BytesIO(picture.content), MARGIN + 50, self._y, width * scale, height * scale)
        self._y += height * scale

    def _page(self) -> None:
        self._made.add_page()
        self._y = MARGIN
        self._say(MARGIN, title(self.words, self._report.name), 13)
        told = f"{local(self._report.made_at)} · {self._made.page_no()}"
        self._say(PAGE[0] - MARGIN - self._width(told, 7), told, 7, _GREY)
        self._y = TOP

    def _figure(self, figure: Figure) -> None:
        said = shown(figure.kind, figure.family, figure.value, self.words)
        self._say(MARGIN, self.words.label("report_figure", figure.name), 8, _GREY)
        self._say(MARGIN + 50, cut(said, MAX_PRINTED_CELL), 8)
        self._y += 5

    def _head(self, table: Table) -> None:
        heads = [column_title(self.words, column.name) for column in table.shown]
        cells = [self._folded(each, width) for each, width in zip(heads, _room(table), strict=True)]
        self._cells(table, cells, _GREY)

    def _cells(self, table: Table, cells: Sequence[Sequence[str]], shade: int = _DARK) -> None:
        """Draw one row, each cell a few lines, and a hair line below."""
        left, top = MARGIN, self._y
        for column, lines, width in zip(table.shown, cells, _room(table), strict=True):
            for number, line in enumerate(lines):
                self._y = top + number * ROW
                right = width - self._width(line, 7) if column.kind in _RIGHT else 0.0
                self._say(left + right, line, 7, shade)
            left += width + GAP
        self._y = top + max(map(len, cells)) * ROW + 0.6
        self._made.set_draw_color(220)
        self._made.set_line_width(0.1)
        self._made.line(MARGIN, self._y - 0.4, PAGE[0] - MARGIN, self._y - 0.4)

    def _texts(self, table: Table, row: Row) -> list[str]:
        return [
            self._said(column, value)
            for column, value in zip(table.columns, row, strict=True)
            if not column.hidden
        ]  # fmt: skip

    def _said(self, column: Column, value: Cell) -> str:
        """To the minute: the zone stands at the head of the page."""
        said = shown(column.kind, column.family, value, self.words)
        return said[:16] if column.kind is Kind.TIME else cut(said, MAX_PRINTED_CELL)

    def _folded(self, text: str, width: float) -> list[str]:
        return folded(pdf.drawable(text, self._known), width, self._of_one, MAX_LINES)

    def _of_one(self, character: str) -> float:
        """Return the width of one character in the size of tables; most are asked for often."""
        if character not in self._widths:
            self._widths[character] = self._width(character, 7)
        return self._widths[character]

    def _width(self, text: str, size: float) -> float:
        self._made.set_font_size(size)
        return float(self._made.get_string_width(text))

    def _say(self, x: float, text: str, size: float, shade: int = _DARK) -> None:
        if text:
            self._made.set_font_size(size)
            self._made.set_text_color(shade)
            self._made.text(x, self._y + size * 0.353, pdf.drawable(text, self._known))


def _room(table: Table) -> list[float]:
    """Return how wide each column is: by what it wants, over the whole page."""
    shares = [column.wide for column in table.shown]
    free = PAGE[0] - 2 * MARGIN - GAP * (len(shares) - 1)
    return [free * share / sum(shares) for share in shares]
