"""A report as XML 1.0: codes and times for programs; what XML cannot hold stands as a visible mark."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from collector.inert import visible
from collector.report.cells import coded, instant, plain
from collector.report.value import Cell, Figure, Kind, Report, Table, batches
from collector.report.words import Words, column_title, table_title, title
from collector.services.exports.bounds import MAX_ROWS


async def write(report: Report, words: Words) -> AsyncIterator[bytes]:
    """Yield the document: `<report><parameter/>…<figure/>…<table><column/>…<row><cell/>…`."""
    yield "".join(_head(report, words)).encode()
    for table in report.tables:
        yield "".join(_begin(report, table, words)).encode()
        async for rows in batches(table, MAX_ROWS):
            yield "".join(_row(table, row) for row in rows).encode()
        yield b"</table>\n"
    yield b"</report>\n"


def _head(report: Report, words: Words) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    named = {"name": report.name, "title": title(words, report.name), "language": words.language}
    yield f"<report{_attributes(**named, made_at=instant(report.made_at))}>\n"
    for element, figures in (("parameter", report.parameters), ("figure", report.figures)):
        for figure in figures:
            yield f"<{element}{_attributes(name=figure.name)}>{_content(figure)}</{element}>\n"


def _begin(report: Report, table: Table, words: Words) -> Iterator[str]:
    yield f"<table{_attributes(name=table.name, title=table_title(words, report.name, table.name))}>\n"
    for column in table.columns:
        yield f"<column{_attributes(name=column.name, title=column_title(words, column.name), kind=column.kind)}/>\n"


def _row(table: Table, row: Sequence[Cell]) -> str:
    """A cell that is not there is absent; an empty one is an empty text."""
    cells = (
        f"<cell{_attributes(name=column.name)}>{_content(Figure('', value, column.kind))}</cell>"
        for column, value in zip(table.columns, row, strict=True)
        if value is not None
    )
    return f"<row>{''.join(cells)}</row>\n"


def _content(cell: Figure) -> str:
    if cell.value is None:
        return ""
    if cell.kind in (Kind.TEXTS, Kind.WORDS):
        return "".join(f"<item>{_text(each)}</item>" for each in cell.value)
    return _text(coded(cell.kind, cell.value))


def _text(value: Cell) -> str:
    return escape(visible(plain(value)))


def _attributes(**named: str) -> str:
    return "".join(f" {name}={quoteattr(visible(str(value)))}" for name, value in named.items())
