"""A file → the rows of a list, one at a time: CSV, JSON, XML or XLSX, in whatever encoding it was written."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any, Final

from collector.services.imports import encoding, xlsx, xml
from collector.services.imports.encoding import BadEncoding
from collector.services.imports.xlsx import BadWorkbook
from collector.services.imports.xml import BadXml

MAX_ROWS: Final = 1_000_000
MAX_ROW: Final = 65_536
"""Characters of one row, all its fields together."""
MAX_COLUMNS: Final = 200
CSV, JSON, XML, XLSX = "csv", "json", "xml", "xlsx"
WIDE: Final = ""
"""Under this heading, which no list has, stands by how much a row is wider than its headings."""
_PIECE: Final = 64 * 1024
_BETWEEN: Final = re.compile(r"[ \t\r\n,]*")


class BadTable(ValueError):
    """The file is no list we can read; the message says what is wrong with it, and where."""


@dataclass(frozen=True, slots=True)
class Table:
    """A list that is being read. `encoding` is empty for a workbook. Rows: line or row number → values by heading."""

    format: str
    encoding: str
    rows: Iterator[tuple[int, Mapping[str, str]]]


def read(file: IO[bytes]) -> Table:
    """Return the list in `file`, which is read as its rows are taken; both raise `BadTable`."""
    begin = file.read(encoding.SAMPLE)
    file.seek(0)
    if begin.startswith(b"PK\x03\x04"):
        return Table(XLSX, "", _bounded(_headed(enumerate(xlsx.rows(file), 1))))
    try:
        name = encoding.detect(begin)
    except BadEncoding as error:
        raise BadTable(str(error)) from None
    text = codecs.getreader(name)(file)
    first = begin.decode(name, "ignore").lstrip("\ufeff \t\r\n")[:1]
    if first == "<":
        return Table(XML, name, _bounded(enumerate(xml.rows(_Recoded(text)), 1)))
    if first in ("[", "{"):
        return Table(JSON, name, _bounded(enumerate(_objects(text), 1)))
    return Table(CSV, name, _bounded(_headed(_lines(text, begin.decode(name, "ignore")))))


def _bounded(rows: Iterator[tuple[int, Mapping[str, str]]]) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield `rows` within the bounds; everything that can be wrong with a file becomes `BadTable`."""
    try:
        for count, (number, row) in enumerate(rows, 1):
            if count > MAX_ROWS:
                raise BadTable(f"more than {MAX_ROWS} rows")
            if sum(map(len, row.values())) > MAX_ROW or len(row) > MAX_COLUMNS:
                raise BadTable(f"row {number}: at most {MAX_COLUMNS} columns and {MAX_ROW} characters")
            yield number, row
    except UnicodeDecodeError as error:
        raise BadTable(f"not {error.encoding} throughout: {error.reason}") from None
    except (BadXml, BadWorkbook, csv.Error) as error:
        raise BadTable(str(error)) from None


class _Recoded:
    """A text as a file of UTF-8, which is what the XML reader takes, whatever its declaration says."""

    def __init__(self, text: codecs.StreamReader) -> None:
        self._text = text

    def read(self, size: int) -> bytes:
        return str(self._text.read(size)).encode("utf-8", "replace")


def _headed(rows: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield rows by the headings of the first one that holds anything; rows without anything are left out."""
    headings: list[str] = []
    for number, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        if not headings:
            headings = cells[: MAX_COLUMNS + 1]
        else:
            row = {heading: cell for heading, cell in zip(headings, cells, strict=False) if cell.strip()}
            beyond = any(cell.strip() for cell in cells[len(headings) :])
            yield number, row | ({WIDE: f"{len(cells)} > {len(headings)}"} if beyond else {})


def _lines(text: codecs.StreamReader, begin: str) -> Iterator[tuple[int, list[str]]]:
    first = begin.lstrip("\ufeff").partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(_unmarked(text), delimiter=delimiter, strict=True)
    for cells in reader:
        yield reader.line_num, cells


def _unmarked(text: codecs.StreamReader) -> Iterator[str]:
    """Yield the lines as they are, without a byte order mark and with no line longer than a row may be."""
    rest = ""
    while piece := str(text.read(_PIECE)):
        *lines, rest = io.StringIO(rest + piece, newline="").readlines() or [""]
        if rest.endswith("\n"):
            lines, rest = [*lines, rest], ""
        for line in lines:
            yield line.lstrip("\ufeff")
        if len(rest) > MAX_ROW:
            raise BadTable(f"a line is longer than {MAX_ROW} characters")
    if rest:
        yield rest.lstrip("\ufeff")


# --- JSON, one object after the other


def _objects(text: codecs.StreamReader) -> Iterator[Mapping[str, str]]:
    """Yield the objects of an array, of `{"items": [...]}`, or one a line."""
    decoder, buffer, first = json.JSONDecoder(parse_constant=_refuse), "", True
    while True:
        piece = str(text.read(_PIECE))
        buffer = (buffer + piece).lstrip("\ufeff \t\r\n," + ("[" if first else ""))
        if first and buffer.startswith("{"):
            buffer = _opened(buffer)
        first = first and not buffer
        at = 0
        while buffer.startswith("{", at):
            value, end = _decoded(decoder, buffer, at)
            if end == at:
                break
            yield _texts(value)
            at = _behind(buffer, end)
        buffer = buffer[at:]
        if len(buffer) > MAX_ROW:
            raise BadTable(f"an object is longer than {MAX_ROW} characters")
        if not piece:
            break
    if buffer.strip("]} \t\r\n"):
        raise BadTable("the JSON ends within an object, or holds what is no object")


def _behind(buffer: str, at: int) -> int:
    """Return where what stands between two objects ends."""
    found = _BETWEEN.match(buffer, at)
    return found.end() if found else at


def _opened(buffer: str) -> str:
    """Return what stands in the list `items`, if the text begins with one; else the text."""
    head, bracket, rest = buffer[:200].partition("[")
    return rest + buffer[200:] if bracket and head.replace(" ", "").strip("{:\r\n\t") == '"items"' else buffer


def _decoded(decoder: json.JSONDecoder, buffer: str, at: int) -> tuple[Any, int]:
    """Return the value that begins at `at` and where it ends; `at` itself where more of the text is needed."""
    try:
        return decoder.raw_decode(buffer, at)
    except (RecursionError, ValueError):
        return None, at


def _refuse(name: str) -> float:
    raise ValueError(name)


def _texts(value: Any) -> Mapping[str, str]:
    if not isinstance(value, dict) or any(isinstance(each, dict | list) for each in value.values()):
        raise BadTable("a list of flat objects is expected")
    return {name: _text(each) for name, each in value.items() if each is not None}


def _text(value: object) -> str:
    return ("false", "true")[value] if isinstance(value, bool) else str(value)
