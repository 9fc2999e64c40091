"""Tables and scalars as data: most of what vendors add is one table into one section, column by column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from discovery.asking import Index, Script
from discovery.explore.visit import Rows, Scalars, Table, Visit
from wire.sections import SECTIONS

Row = Mapping[str, Any]
Form = Callable[[Visit, Index, Row], Row | None]
"""What makes a row of a section out of a row of a table; None leaves it out."""


@dataclass(frozen=True, slots=True)
class Record:
    """Scalars into a record, or into the one row `fixed` names. Told when one of them is."""

    section: str
    scalars: Scalars
    fixed: Row = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listing:
    """A table into the rows of a section, each with `fixed` beside it.

    A key field is what the table tells; where it does not, or where rows share it, the index joins it (`apart`: which
    of several key fields). `need`: a row without one of these fields is no row: an empty bay. `form` has the last word.
    """

    section: str
    table: Table
    fixed: Row = field(default_factory=dict)
    need: tuple[str, ...] = ()
    form: Form | None = None
    apart: str = ""


Source = Record | Listing


@dataclass(frozen=True, slots=True)
class Maker:
    """What a device answers to whose sysObjectID begins with one of `prefixes`; no prefix: everything."""

    prefixes: tuple[str, ...]
    sources: tuple[Source, ...]


def reading(makers: Iterable[Maker]) -> Callable[[Visit], Script[None]]:
    """Return the script that reads what the makers that fit say."""
    return partial(_read, tuple(makers))


def _read(makers: tuple[Maker, ...], visit: Visit) -> Script[None]:
    for maker in makers:
        if not maker.prefixes or f"{visit.device.sysobjectid}.".startswith(maker.prefixes):
            for source in maker.sources:
                yield from read(visit, source)


def read(visit: Visit, source: Source) -> Script[None]:
    """Read one source into the findings."""
    if isinstance(source, Record):
        told, failure = yield from visit.values(source.scalars)
        if told:
            visit.findings.add(source.section, [{**source.fixed, **told}])
        visit.findings.failed(source.section, failure)
    else:
        rows = yield from visit.rows(source.table)
        visit.findings.failed(source.section, rows.failure)
        visit.findings.add(source.section, _formed(visit, source, rows))


def _formed(visit: Visit, listing: Listing, told: Rows) -> list[Row]:
    made: list[tuple[Index, Row]] = []
    for index, row in told.rows.items():
        if all(name in row for name in listing.need):
            found = listing.form(visit, index, row) if listing.form else row
            if found is not None:
                made.append((index, {**listing.fixed, **found}))
    key = SECTIONS[listing.section].key
    apart = listing.apart or (key[0] if len(key) == 1 else "")
    return _told_apart(apart, made) if apart else [row for _, row in made]


def _told_apart(key: str, made: list[tuple[Index, Row]]) -> list[Row]:
    shared = Counter(row.get(key) for _, row in made)
    return [
        row if row.get(key) and shared[row[key]] == 1 else {**row, key: _name(row.get(key), index)}
        for index, row in made
    ]


def _name(name: str | None, index: Index) -> str:
    return f"{name} {numbered(index)}" if name else numbered(index)


def numbered(index: Index) -> str:
    """Return an index as a short name: its last numbers, joined by '/'."""
    return "/".join(map(str, index[-4:]))
