"""A report as CSV: its tables one below the other, in UTF-8 that Excel recognises, and nothing a spreadsheet runs."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Final

from collector.inert import visible
from collector.report.cells import shown
from collector.report.value import Cell, Column, Figure, Kind, Report, Table, batches
from collector.report.words import Words, column_title, table_title, title
from collector.services.exports.bounds import MAX_ROWS, cut

BOM: Final = "\ufeff"
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
"""A cell that begins so is a formula to a spreadsheet, in full-width characters too."""


def cell(value: object) -> str:
    """Return one cell. Numbers stay numbers; a text that would be run is made a text by an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list | tuple):
        value = ", ".join(str(each) for each in value)
    text = str(value)
    return visible(f"'{text}" if text.startswith(_FORMULA) else text)


def lines(rows: Iterable[Sequence[object]]) -> str:
    """Return rows as CSV (RFC 4180)."""
    out = io.StringIO()
    csv.writer(out).writerows([cell(value) for value in row] for row in rows)
    return out.getvalue()


async def write(report: Report, words: Words) -> AsyncIterator[bytes]:
    """Yield the file; a report of a single table is that table and nothing else."""
    alone = len(report.tables) == 1
    yield (BOM + ("" if alone else lines(_head(report, words)))).encode()
    for table in report.tables:
        if not alone:
            yield lines([[], [table_title(words, report.name, table.name)]]).encode()
        yield lines([[column_title(words, column.name) for column in table.columns]]).encode()
        async for rows in batches(table, MAX_ROWS):
            yield lines(_cells(table, row, words) for row in rows).encode()


def _head(report: Report, words: Words) -> Iterator[Sequence[object]]:
    yield [title(words, report.name)]
    for figure in (*report.parameters, *report.figures):
        yield [words.label("report_figure", figure.name), _figure(figure, words)]


def _figure(figure: Figure, words: Words) -> object:
    return _cell(Column(figure.name, figure.kind, figure.family), figure.value, words)


def _cells(table: Table, row: Sequence[Cell], words: Words) -> list[object]:
    return [_cell(column, value, words) for column, value in zip(table.columns, row, strict=True)]


def _cell(column: Column, value: Cell, words: Words) -> object:
    """Numbers and ratios stay numbers, so that a spreadsheet can reckon with them."""
    if column.kind is Kind.NUMBER:
        return value
    if column.kind is Kind.RATIO:
        return None if value is None else round(value, 4)
    return cut(shown(column.kind, column.family, value, words))
