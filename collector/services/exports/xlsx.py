"""A report as a workbook: what was asked and comes out on the first sheet, then a sheet a table. No cell is a formula.

Rows go to a temporary file as they come, so a long report needs no memory; what is sent begins when it is whole.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import IO, Any, Final

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from collector.report.cells import shown, zone
from collector.report.value import Cell, Column, Figure, Kind, Report, Table, batches
from collector.report.words import Words, column_title, table_title, title
from collector.services.exports.bounds import MAX_ROWS, cut

PIECE: Final = 256 * 1024
_ROOM: Final = 9
"""Characters of width for each unit a column wants."""
_LOOKS: Final[dict[str, dict[str, Any]]] = {
    "head": {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"},
    "title": {"bold": True, "font_size": 14},
    "number": {"num_format": "#,##0"},
    "ratio": {"num_format": "0.0%"},
    "time": {"num_format": "yyyy-mm-dd hh:mm:ss"},
    "text": {"num_format": "@"},
}
_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))


async def write(report: Report, words: Words) -> AsyncIterator[bytes]:
    """Yield the file once it is whole."""
    with tempfile.TemporaryFile() as file:
        book = _Book(file, words)
        book.cover(report)
        for table in report.tables:
            await book.add(report, table)
        await asyncio.to_thread(book.close)
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece


class _Book:
    """A workbook while it is written."""

    def __init__(self, file: IO[bytes], words: Words) -> None:
        never = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self._book = xlsxwriter.Workbook(file, {"constant_memory": True, "remove_timezone": True, **never})
        self._looks: dict[str, Format] = {name: self._book.add_format(look) for name, look in _LOOKS.items()}
        self._words = words
        self._names: set[str] = set()

    def close(self) -> None:
        self._book.close()

    def cover(self, report: Report) -> None:
        """Write the first sheet: the title, what was asked, and the figures."""
        sheet = self._sheet(title(self._words, report.name))
        sheet.set_column(0, 1, 4 * _ROOM)
        sheet.write_string(0, 0, title(self._words, report.name), self._looks["title"])
        for number, figure in enumerate((*report.parameters, *report.figures), 2):
            sheet.write_string(number, 0, self._words.label("report_figure", figure.name))
            self._put(sheet, (number, 1), _column_of(figure), figure.value)
        below = len(report.parameters) + len(report.figures) + 3
        sheet.write_string(below, 0, self._words.plain("report.zone", zone=zone(report.made_at)))

    async def add(self, report: Report, table: Table) -> None:
        """Write one table on a sheet of its own: head frozen, filters set."""
        sheet = self._sheet(table_title(self._words, report.name, table.name))
        for at, column in enumerate(table.columns):
            sheet.set_column(at, at, column.wide * _ROOM)
            sheet.write_string(0, at, column_title(self._words, column.name), self._looks["head"])
        sheet.freeze_panes(1, 0)
        number = 0
        async for rows in batches(table, MAX_ROWS):
            for row in rows:
                number += 1
                self._row(sheet, number, table, row)
        sheet.autofilter(0, 0, number, len(table.columns) - 1)

    def _row(self, sheet: Worksheet, number: int, table: Table, row: Sequence[Cell]) -> None:
        for at, (column, value) in enumerate(zip(table.columns, row, strict=True)):
            self._put(sheet, (number, at), column, value)

    def _put(self, sheet: Worksheet, at: tuple[int, int], column: Column, value: Cell) -> None:
        """Numbers, ratios and times as such, so that they sort and add up; the rest as text, whatever it looks like."""
        look: Any = self._looks.get(column.kind, self._looks["text"])
        if value is None:
            return
        if column.kind in (Kind.NUMBER, Kind.RATIO):
            sheet.write_number(*at, value, look)
        elif column.kind is Kind.TIME:
            sheet.write_datetime(*at, datetime.fromtimestamp(value / 1000, UTC).astimezone(), look)
        else:
            sheet.write_string(*at, cut(shown(column.kind, column.family, value, self._words)), look)

    def _sheet(self, name: str) -> Worksheet:
        """Return a new sheet. Excel takes 31 characters, not all of them, and none twice."""
        short = name.translate(_FORBIDDEN).strip()[:28]
        tried = (short, *(f"{short} {number}" for number in range(2, 99)))
        free = next(each for each in tried if each.lower() not in self._names)
        self._names.add(free.lower())
        return self._book.add_worksheet(free)


def _column_of(figure: Figure) -> Column:
    return Column(figure.name, figure.kind, figure.family)
