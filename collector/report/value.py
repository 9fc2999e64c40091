"""A report: a name, parameters, figures, and tables whose rows come part by part, so that a long one needs no memory.

Titles are no part of it: whoever shows a report asks the catalogue for the names that stand here.
"""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Cell = Any
"""A value of the kind its column says; None: there is none."""
Row = tuple[Cell, ...]


class Kind(enum.StrEnum):
    """What the cells of a column are.

    A time in ms; a ratio from 0 to 1; a word of the column's family, or `family.word` where it has none; any JSON
    value; a text of our own by language (`zh`, `en`), or any other value.
    """

    TEXT = "text"
    NUMBER = "number"
    TIME = "time"
    RATIO = "ratio"
    WORD = "word"
    TEXTS = "texts"
    WORDS = "words"
    VALUE = "value"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `family`: whose words they are; `wide`: how much room it wants beside others.

    `link`: (beginning of an address, column with its end) a page leads to; `hidden`: for programs only.
    """

    name: str
    kind: Kind = Kind.TEXT
    family: str = ""
    wide: int = 2
    link: tuple[str, str] | None = None
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of a table, the cursors of the parts around them, and how many rows there are in all (None: not known)."""

    rows: tuple[Row, ...]
    next: str | None = None
    previous: str | None = None
    count: int | None = None


Fetch = Callable[[str | None], Awaitable[Part]]
"""Return the part a cursor names, the first one for None; raise `BadCursor` of whoever gives the cursors out."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A photo as it was sent: the name of its file, what it shows (`Kind.OWN`), who took it and when (ms).

    `read` returns its bytes, of which nothing is known; none where they are gone.
    """

    name: str
    shows: Cell
    who: str
    at: int
    sha256: str
    read: Callable[[], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Table:
    """One table. `bar`: the column that is drawn as bars, over the greatest of them or, for ratios, over one.

    `shots`: number of a row, from 0 → the photos that stand below it on paper; other files say how many there are.
    """

    name: str
    columns: tuple[Column, ...]
    fetch: Fetch
    bar: str = ""
    shots: Mapping[int, Sequence[Shot]] = field(default_factory=dict)

    @property
    def shown(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if not column.hidden)

    def place(self, name: str) -> int:
        """Return where the column of that name stands."""
        return next(at for at, column in enumerate(self.columns) if column.name == name)


@dataclass(frozen=True, slots=True)
class Figure:
    """One value that stands by itself: a parameter, or a result."""

    name: str
    value: Cell
    kind: Kind = Kind.NUMBER
    family: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG that was checked, `size` in pixels; `name`: the figure it belongs to, `who` made it and when (ms)."""

    name: str
    who: str
    at: int
    sha256: str
    content: bytes
    size: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Report:
    """What was asked (`parameters`), what comes out at a glance (`figures`), and the tables; `made_at` in ms.

    `pictures`: what stands below on paper; other files name them by their SHA-256.
    """

    name: str
    made_at: int
    parameters: tuple[Figure, ...]
    figures: tuple[Figure, ...]
    tables: tuple[Table, ...]
    pictures: tuple[Picture, ...] = ()

    def table(self, name: str) -> Table | None:
        return next((each for each in self.tables if each.name == name), None)


def standing(rows: Sequence[Row]) -> Fetch:
    """Return how to fetch rows that are all there."""
    whole = Part(tuple(rows), count=len(rows))

    async def fetch(_cursor: str | None) -> Part:
        return whole

    return fetch


async def batches(table: Table, most: int) -> AsyncIterator[tuple[Row, ...]]:
    """Yield the rows of `table` in parts, `most` of them at the most."""
    cursor, left = None, most
    while left > 0:
        part = await table.fetch(cursor)
        yield part.rows[:left]
        left -= len(part.rows)
        cursor = part.next
        if cursor is None:
            return
