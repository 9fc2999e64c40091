"""A report as JSON: codes and times for programs, titles for people. ASCII, so that no character does anything."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from collector.report.cells import coded, instant
from collector.report.value import Cell, Figure, Report, Table, batches
from collector.report.words import Words, column_title, table_title, title
from collector.services.exports.bounds import MAX_ROWS


async def write(report: Report, words: Words) -> AsyncIterator[bytes]:
    """Yield one object; `tables` holds each table by name, its rows as objects by column."""
    yield (json.dumps(_head(report, words))[:-1] + ',\n"tables": {').encode()
    for number, table in enumerate(report.tables):
        yield ((",\n" if number else "\n") + _begin(report, table, words)).encode()
        between = "\n"
        async for rows in batches(table, MAX_ROWS):
            if rows:
                yield (between + ",\n".join(_row(table, row) for row in rows)).encode()
                between = ",\n"
        yield b"\n]}"
    yield b"\n}}\n"


def _head(report: Report, words: Words) -> dict[str, Any]:
    return {
        "report": report.name,
        "title": title(words, report.name),
        "language": words.language,
        "made_at": instant(report.made_at),
        "parameters": _figures(report.parameters),
        "figures": _figures(report.figures),
    }


def _figures(figures: Sequence[Figure]) -> dict[str, Any]:
    return {each.name: coded(each.kind, each.value) for each in figures}


def _begin(report: Report, table: Table, words: Words) -> str:
    columns = [
        {"name": each.name, "title": column_title(words, each.name), "kind": each.kind} for each in table.columns
    ]
    named = json.dumps({"title": table_title(words, report.name, table.name), "columns": columns})
    return f'{json.dumps(table.name)}: {named[:-1]}, "rows": ['


def _row(table: Table, row: Sequence[Cell]) -> str:
    pairs = zip(table.columns, row, strict=True)
    return json.dumps({column.name: coded(column.kind, value) for column, value in pairs})
