"""XML as rows, read piece by piece: no document type, no entities, no depth, nothing fetched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Protocol
from xml.parsers import expat

PIECE: Final = 64 * 1024
MAX_DEPTH: Final = 16
MAX_TEXT: Final = 32_768
"""Characters between two tags."""


class Source(Protocol):
    """What is read from, in UTF-8."""

    def read(self, size: int, /) -> bytes: ...


class BadXml(ValueError):
    """Not well formed, or more than a list needs."""


class Reader:
    """Feeds a file to expat and calls `start(name, attributes)`, `end(name, text)` for each element.

    A document type is refused as soon as it begins, and with it every entity: none can be declared, so none expands.
    """

    def __init__(self, start: Callable[[str, dict[str, str]], None], end: Callable[[str, str], None]) -> None:
        self._start, self._end = start, end
        self._depth, self._text, self._size = 0, list[str](), 0
        self._parser = expat.ParserCreate("utf-8")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._finish
        self._parser.CharacterDataHandler = self._hold
        self._parser.StartDoctypeDeclHandler = _refuse
        self._parser.EntityDeclHandler = _refuse
        self._parser.ExternalEntityRefHandler = _refuse

    def pieces(self, file: Source) -> Iterator[None]:
        """Read the whole file, stopping after each piece; raise `BadXml`."""
        try:
            while piece := file.read(PIECE):
                self._parser.Parse(piece)
                yield
            self._parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise BadXml(f"line {error.lineno}: {expat.errors.messages[error.code]}") from None
        yield

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise BadXml(f"nested deeper than {MAX_DEPTH}")
        self._text, self._size = [], 0
        self._start(_local(name), attributes)

    def _finish(self, name: str) -> None:
        self._depth -= 1
        self._end(_local(name), "".join(self._text))
        self._text, self._size = [], 0

    def _hold(self, text: str) -> None:
        self._size += len(text)
        if self._size > MAX_TEXT:
            raise BadXml(f"a text is longer than {MAX_TEXT} characters")
        self._text.append(text)


def _local(name: str) -> str:
    """Return a name without its prefix: `x:row` is a `row`."""
    return name.rpartition(":")[2]


def _refuse(*_: object) -> int:
    raise BadXml("a document type or an entity is not allowed in a list")


def rows(file: Source) -> Iterator[dict[str, str]]:
    """Yield the rows of `<anything><row><field>value</field>…</row>…</anything>`; raise `BadXml`.

    Attributes of a row count as fields. What is nested deeper is refused.
    """
    found: list[dict[str, str]] = []
    path: list[str] = []
    row: dict[str, str] = {}

    def start(name: str, attributes: dict[str, str]) -> None:
        path.append(name)
        if len(path) == 2:
            row.clear()
            row.update(attributes)
        elif len(path) > 3:
            raise BadXml(f"{'/'.join(path)[:200]}: a row holds fields and nothing deeper")

    def end(name: str, text: str) -> None:
        if len(path) == 3:
            row[name] = text
        elif len(path) == 2:
            found.append(dict(row))
        path.pop()

    for _ in Reader(start, end).pieces(file):
        yield from found
        found.clear()
