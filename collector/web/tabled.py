"""A report's tables as a page shows them: each cell as text, with what it leads to, how it looks, and its bar."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from collector.inert import shorten, visible
from collector.report.cells import shown
from collector.report.value import Cell, Column, Figure, Kind, Part, Report, Row, Table
from collector.report.words import column_title, table_title
from collector.web.catalogue import Texts
from collector.web.looks import LOOKS

MAX_SHOWN: Final = 120
BRIEF: Final = 24
"""Characters that are never folded."""
NUMBERS: Final = (Kind.NUMBER, Kind.RATIO)

Address = Callable[[str, str], str]
"""Table and cursor → the address of that part."""


@dataclass(frozen=True, slots=True)
class ShownCell:
    """One cell. `full`: all of it, where it is shortened; `look`: family and word of a state; `share` in percent."""

    text: str
    full: str = ""
    href: str = ""
    number: bool = False
    at: int | None = None
    look: tuple[str, str] | None = None
    share: float | None = None

    @property
    def is_brief(self) -> bool:
        """Whether it stands on one line."""
        return len(self.text) <= BRIEF


@dataclass(frozen=True, slots=True)
class ShownTable:
    """One part of a table, the addresses of the parts around it, and of the table alone."""

    name: str
    title: str
    heads: tuple[ShownCell, ...]
    rows: tuple[tuple[ShownCell, ...], ...]
    count: int | None
    alone: str
    previous: str = ""
    next: str = ""
    has_bars: bool = False


def tabled(report: Report, table: Table, part: Part, texts: Texts, address: Address) -> ShownTable:
    """Return one part of a table of `report` as the page shows it."""
    most = _most(table, part)
    heads = (ShownCell(column_title(texts, each.name), number=each.kind in NUMBERS) for each in table.shown)
    return ShownTable(
        table.name, table_title(texts, report.name, table.name), tuple(heads),
        tuple(_row(table, row, texts, most) for row in part.rows), part.count, address(table.name, ""),
        address(table.name, part.previous) if part.previous else "",
        address(table.name, part.next) if part.next else "", bool(table.bar),
    )  # fmt: skip


def figured(figures: Sequence[Figure], texts: Texts) -> tuple[ShownCell, ...]:
    """Return figures with their names in `full`; a ratio has its bar."""
    return tuple(
        ShownCell(
            shorten(shown(each.kind, each.family, each.value, texts), MAX_SHOWN) or "–",
            texts.label("report_figure", each.name),
            share=100 * each.value if each.kind is Kind.RATIO and each.value is not None else None,
        )
        for each in figures
    )


def _most(table: Table, part: Part) -> float:
    """Return what a full bar stands for: one for ratios, else the greatest number there is."""
    if not table.bar or table.columns[table.place(table.bar)].kind is Kind.RATIO:
        return 1.0
    at = table.place(table.bar)
    return max((float(row[at] or 0) for row in part.rows), default=1.0) or 1.0


def _row(table: Table, row: Row, texts: Texts, most: float) -> tuple[ShownCell, ...]:
    return tuple(
        _cell(table, column, value, row, (texts, most))
        for column, value in zip(table.columns, row, strict=True)
        if not column.hidden
    )


def _cell(table: Table, column: Column, value: Cell, row: Row, by: tuple[Texts, float]) -> ShownCell:
    texts, most = by
    whole = shown(column.kind, column.family, value, texts)
    short = shorten(whole, MAX_SHOWN)
    share = 100 * float(value) / most if column.name == table.bar and value is not None else None
    return ShownCell(
        short, whole if short != whole else "", _href(table, column, value, row), column.kind in NUMBERS,
        value if column.kind is Kind.TIME and value is not None else None, _look(column, value), share,
    )  # fmt: skip


def _href(table: Table, column: Column, value: Cell, row: Row) -> str:
    if column.link is None or value is None:
        return ""
    beginning, end = column.link
    return beginning + quote(visible(str(row[table.place(end)])), safe="/")


def _look(column: Column, value: Cell) -> tuple[str, str] | None:
    """Return a state's family and word, where states of that family have a look."""
    if column.kind is not Kind.WORD or value is None:
        return None
    family, _, word = (column.family, "", str(value)) if column.family else str(value).partition(".")
    return (family, word) if word in LOOKS.get(family, {}) else None
