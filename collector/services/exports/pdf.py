"""A report as pages to print: A4 across, what was asked and comes out first, then the tables, heads on every page.

Photos stand below the row they belong to.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from io import BytesIO
from typing import Final

from fpdf import FPDF

from collector import pdf
from collector.report.cells import local, shown
from collector.report.value import Cell, Column, Figure, Kind, Picture, Report, Row, Table, batches
from collector.report.words import Words, column_title, table_title, title
from collector.services.exports.bounds import MAX_PRINTED, MAX_PRINTED_CELL, cut
from collector.services.exports.lines import folded
from collector.services.exports.shots import Print, Prints, prints

PAGE: Final = (297.0, 210.0)
MARGIN: Final = 12.0
TOP, BOTTOM = 20.0, 14.0
ROW: Final = 3.6
"""Height of a line of a table (mm)."""
MAX_LINES: Final = 3
GAP: Final = 1.5
WIDE, TALL = 60.0, 30.0
"""What a picture takes at most (mm)."""
ABREAST: Final = 6
"""Photos beside each other."""
SHOT: Final = (43.0, 32.0)
"""What a photo takes at most (mm)."""
SHOT_ROW: Final = SHOT[1] + 3 * 2.8 + 2
"""Height of a line of photos with what is said below them (mm)."""
PIECE: Final = 256 * 1024
_GREY, _DARK = 110, 20
_RIGHT: Final = (Kind.NUMBER, Kind.RATIO)


async def write(report: Report, words: Words) -> AsyncIterator[bytes]:
    """Yield the file once it is whole; it is drawn beside the loop, a part at a time."""
    paper = await asyncio.to_thread(_Paper, report, words)
    shots = await prints(report.tables)
    for table in report.tables:
        await _table(paper, table, shots.get(table.name, {}))
    for picture in report.pictures:
        await asyncio.to_thread(paper.picture, picture)
    whole = await asyncio.to_thread(paper.finished)
    for at in range(0, len(whole), PIECE):
        yield whole[at : at + PIECE]


async def _table(paper: _Paper, table: Table, shots: Prints) -> None:
    """Draw a table up to `MAX_PRINTED` rows, and say so where there are more, or more photos than are drawn."""
    await asyncio.to_thread(paper.begin, table, bool(shots.get(0)))
    drawn = 0
    async for rows in batches(table, MAX_PRINTED + 1):
        some = [(row, shots.get(at, ())) for at, row in enumerate(rows[: MAX_PRINTED - drawn], drawn)]
        await asyncio.to_thread(paper.rows, table, some)
        drawn += len(rows)
    if drawn > MAX_PRINTED:
        paper.note(paper.words.plain("report.cut", n=f"{MAX_PRINTED:,}"))
    elif not drawn:
        paper.note(paper.words.plain("report.no_rows"))
    shown, many = sum(map(len, shots.values())), sum(map(len, table.shots.values()))
    if shown < many:
        paper.note(paper.words.plain("report.shots_cut", n=shown, left=f"{many - shown:,}", count=f"{many:,}"))


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

    def begin(self, table: Table, with_shots: bool) -> None:
        """Write the title of a table and its head, where its first row fits below, too."""
        self._y += 5
        if self._y > PAGE[1] - BOTTOM - 8 * ROW - with_shots * SHOT_ROW:
            self._page()
        self._say(MARGIN, table_title(self.words, self._report.name, table.name), 10)
        self._y += 6
        self._head(table)

    def rows(self, table: Table, rows: Iterable[tuple[Row, Sequence[Print]]]) -> None:
        """Draw rows, each with its photos; the first of these stay on the page of their row."""
        room = _room(table)
        for row, shots in rows:
            cells = [self._folded(each, width) for each, width in zip(self._texts(table, row), room, strict=True)]
            self._make_room(table, max(map(len, cells)) * ROW + (SHOT_ROW if shots else 0))
            self._cells(table, cells)
            for at in range(0, len(shots), ABREAST):
                self._make_room(table, SHOT_ROW)
                self._shots(shots[at : at + ABREAST])
            self._hair()

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

    def _make_room(self, table: Table, height: float) -> None:
        """Go on to the next page of a table where less than `height` is left on this one."""
        if self._y + height > PAGE[1] - BOTTOM:
            self._page()
            self._head(table)

    def _shots(self, shots: Sequence[Print]) -> None:
        """Draw photos beside each other, and below each what it shows, by whom and when, and the name of its file."""
        top = self._y
        for number, each in enumerate(shots):
            left, shot = MARGIN + number * (SHOT[0] + 3), each.shot
            self._shot(left, top, each)
            said = (shown(Kind.OWN, "", shot.shows, self.words), f"{shot.who} · {local(shot.at)[:16]}", shot.name)
            for line, text in enumerate(said, 1):
                self._y = top + SHOT[1] + line * 2.8 - 2
                self._say(left, pdf.fitted(self._sized(6), pdf.drawable(text, self._known), SHOT[0]), 6, _GREY)
        self._y = top + SHOT_ROW

    def _shot(self, left: float, top: float, shot: Print) -> None:
        """Draw a photo in its frame, or into the frame why there is none."""
        self._made.set_draw_color(220)
        self._made.rect(left, top, *SHOT)
        if shot.picture:
            self._made.image(BytesIO(shot.picture), left, top, *SHOT, keep_aspect_ratio=True)
            return
        self._y = top + SHOT[1] / 2
        why = pdf.fitted(self._sized(7), self.words.plain(shot.why), SHOT[0] - 2)
        self._say(left + (SHOT[0] - self._width(why, 7)) / 2, why, 7, _GREY)

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
        self._hair()

    def _cells(self, table: Table, cells: Sequence[Sequence[str]], shade: int = _DARK) -> None:
        """Draw one row, each cell a few lines."""
        left, top = MARGIN, self._y
        for column, lines, width in zip(table.shown, cells, _room(table), strict=True):
            for number, line in enumerate(lines):
                self._y = top + number * ROW
                right = width - self._width(line, 7) if column.kind in _RIGHT else 0.0
                self._say(left + right, line, 7, shade)
            left += width + GAP
        self._y = top + max(map(len, cells)) * ROW + 0.6

    def _hair(self) -> None:
        """Draw a hair line below what was drawn last."""
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
        return float(self._sized(size).get_string_width(text))

    def _sized(self, size: float) -> FPDF:
        self._made.set_font_size(size)
        return self._made

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
