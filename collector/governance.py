"""Which values are volatile, informational or controlled: the table `rules/attributes.yaml`, read once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from collector import record
from collector.model import Govern, Value
from collector.yamlfile import Entry, read
from wire.sections import SECTIONS

_LEVELS: Final[Mapping[str, Govern]] = {each.name.lower(): each for each in Govern}
_FIELDS: Final[Mapping[str, Collection[str]]] = {
    **{name: shape.fields for name, shape in SECTIONS.items()}, record.SECTION: record.FIELDS,
    **dict.fromkeys(("software", "vm", "ci"), ()),
}  # fmt: skip
"""Section → its fields; the last three are made here: of what hosts and hypervisors say, and of many looks."""


@dataclass(frozen=True, slots=True)
class RowPolicy:
    """The level of rows whose `field` says `equals`."""

    field: str
    equals: Value
    level: Govern


@dataclass(frozen=True, slots=True)
class Policy:
    """One section's levels: a default, fields that differ, and rows that do because of what a field of theirs says."""

    default: Govern
    fields: Mapping[str, Govern] = field(default_factory=dict)
    rows: tuple[RowPolicy, ...] = ()

    def level(self, name: str) -> Govern:
        return self.fields.get(name, self.default)

    def of_row(self, row: Mapping[str, Value]) -> Govern:
        """Return the level of an element as a whole."""
        return next((each.level for each in self.rows if row.get(each.field) == each.equals), self.default)

    def at_least(self, wanted: Govern, row: Mapping[str, Value]) -> dict[str, Value]:
        """Return the fields of `row` that are governed at `wanted` or above."""
        if not self.fields:
            return dict(row) if self.default >= wanted else {}
        return {name: value for name, value in row.items() if self.level(name) >= wanted}


_UNNAMED = Policy(Govern.INFORMATIONAL)


@dataclass(frozen=True, slots=True)
class Governance:
    """All sections. A section the table does not name is informational: history, never a finding."""

    sections: Mapping[str, Policy]

    def policy(self, section: str) -> Policy:
        return self.sections.get(section, _UNNAMED)


def load(file: Path) -> Governance:
    """Return the table in `file`; raise `BadFile` naming file and line."""
    return of_table(read(file))


def of_table(table: Entry) -> Governance:
    """Return the table as it was read; raise `BadFile`: a section, a field or a key that is none is an error."""
    for name in table:
        if name not in _FIELDS:
            raise table.bad(f"{name} is no section", name)
    return Governance({name: _policy(table.entry(name), name) for name in table})


def _policy(entry: Entry, section: str) -> Policy:
    entry.only(frozenset({"default", "reason"}), frozenset({"fields", "rows"}))
    entry.text("reason")
    fields = entry.entry("fields")
    return Policy(
        _level(entry, "default"),
        {_named(fields, name, section): _of_field(fields.entry(name)) for name in fields},
        tuple(_row(each, section) for each in (entry.entries("rows") if "rows" in entry else ())),
    )


def _of_field(entry: Entry) -> Govern:
    entry.only(frozenset({"level", "reason"}))
    entry.text("reason")
    return _level(entry, "level")


def _row(entry: Entry, section: str) -> RowPolicy:
    entry.only(frozenset({"field", "equals", "level", "reason"}))
    entry.text("reason")
    return RowPolicy(_named(entry, entry.text("field"), section), entry["equals"], _level(entry, "level"))


def _named(entry: Entry, name: str, section: str) -> str:
    if name not in _FIELDS[section]:
        raise entry.bad(f"{section} has no field {name}", name)
    return name


def _level(entry: Entry, key: str) -> Govern:
    word = entry.text(key)
    if word not in _LEVELS:
        raise entry.bad(f"{key}: one of {', '.join(_LEVELS)} expected", key)
    return _LEVELS[word]
