"""The first sheet of an XLSX workbook as rows of texts (ECMA-376), within bounds: a zip may be a bomb.

Values only: a formula is what it came to last, a date its serial number as Excel keeps it.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Final

from collector.services.imports.xml import BadXml, Reader

MAX_UNPACKED: Final = 512 * 1024 * 1024
MAX_RATIO: Final = 200
"""Unpacked to packed. Sheets come to 5 to 30."""
MAX_PARTS: Final = 1000
MAX_SHARED: Final = 2_000_000
MAX_COLUMNS: Final = 200
_SHEETS: Final = re.compile(r"xl/worksheets/sheet(\d+)\.xml")
_LETTERS: Final = re.compile(r"([A-Z]{1,3})\d+", re.ASCII)


class BadWorkbook(ValueError):
    """Not a workbook, or more than one may be."""


def rows(file: IO[bytes]) -> Iterator[list[str]]:
    """Yield the rows of the first sheet, cells that are not there as empty texts; raise `BadWorkbook`."""
    try:
        with zipfile.ZipFile(file) as archive:
            parts = {part.filename: part for part in _checked(archive)}
            shared = _shared(archive, parts)
            with archive.open(parts[_first(parts)]) as sheet:
                yield from _cells(sheet, shared)
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
    ) as error:
        raise BadWorkbook(f"the workbook cannot be unpacked: {error}") from None
    except BadXml as error:
        raise BadWorkbook(f"the workbook is damaged: {error}") from None


def _checked(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the parts; what they say of their size is held to while they are read, so that it is no lie."""
    parts = archive.infolist()
    unpacked, packed = sum(part.file_size for part in parts), sum(part.compress_size for part in parts)
    if len(parts) > MAX_PARTS or unpacked > MAX_UNPACKED or unpacked > MAX_RATIO * max(packed, 1024):
        raise BadWorkbook(f"it unpacks to {unpacked} bytes in {len(parts)} parts: more than a list needs")
    return parts


def _first(parts: dict[str, zipfile.ZipInfo]) -> str:
    numbered = [(int(found[1]), name) for name in parts if (found := _SHEETS.fullmatch(name)) and len(found[1]) < 6]
    if not numbered:
        raise BadWorkbook("there is no sheet in it")
    return min(numbered)[1]


def _shared(archive: zipfile.ZipFile, parts: dict[str, zipfile.ZipInfo]) -> list[str]:
    """Return the texts that cells share."""
    if "xl/sharedStrings.xml" not in parts:
        return []
    texts: list[str] = []
    pieces: list[str] = []
    inside: list[str] = []

    def start(name: str, _: dict[str, str]) -> None:
        inside.append(name)
        if name == "si":
            pieces.clear()

    def end(name: str, text: str) -> None:
        inside.pop()
        if name == "t" and "rPh" not in inside:  # rPh: how it is read aloud
            pieces.append(text)
        elif name == "si":
            texts.append("".join(pieces))
            if len(texts) > MAX_SHARED:
                raise BadWorkbook(f"more than {MAX_SHARED} texts")

    with archive.open(parts["xl/sharedStrings.xml"]) as part:
        for _ in Reader(start, end).pieces(part):
            pass
    return texts


def _cells(sheet: IO[bytes], shared: list[str]) -> Iterator[list[str]]:
    found: list[list[str]] = []
    row: list[str] = []
    cell = {"kind": "", "value": ""}

    def start(name: str, attributes: dict[str, str]) -> None:
        if name == "row":
            row.clear()
        elif name == "c":
            cell.update(kind=attributes.get("t", ""), value="")
            row.extend([""] * (_column(attributes.get("r", ""), len(row)) - len(row)))

    def end(name: str, text: str) -> None:
        if name in ("v", "t"):
            cell["value"] += text
        elif name == "c":
            row.append(_value(cell["kind"], cell["value"], shared))
        elif name == "row":
            found.append(list(row))

    for _ in Reader(start, end).pieces(sheet):
        yield from found
        found.clear()


def _column(place: str, following: int) -> int:
    """Return the number of a cell's column, from 0; without a place it follows the one before."""
    letters = _LETTERS.fullmatch(place)
    if letters is None:
        return following
    number = 0
    for letter in letters[1]:
        number = number * 26 + ord(letter) - ord("A") + 1
    if number > MAX_COLUMNS or number - 1 < following:
        raise BadWorkbook(f"cell {place}: at most {MAX_COLUMNS} columns, from left to right")
    return number - 1


def _value(kind: str, text: str, shared: list[str]) -> str:
    if kind == "s":
        if not text.isascii() or not text.isdecimal() or len(text) > 9 or int(text) >= len(shared):
            raise BadWorkbook("a cell names a text that is not there")
        return shared[int(text)]
    if kind == "b":
        return "true" if text == "1" else "false"
    if kind == "e":
        return ""  # an error such as #N/A is no value
    return text
