"""Which values are volatile, informational or controlled: the table `rules/attributes.yaml`, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from collector.model import Govern, Value


class BadGovernance(ValueError):
    """The table cannot be used; the message names file and place."""


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
    """Return the table in `file`; raise `BadGovernance`."""
    try:
        return of_table(yaml.safe_load(file.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, BadGovernance) as error:
        raise BadGovernance(f"{file}: {type(error).__name__}: {error}") from error


def of_table(raw: Mapping[str, Any]) -> Governance:
    """Return the table as it was read; raise `BadGovernance`."""
    try:
        return Governance({name: _policy(entry) for name, entry in raw.items()})
    except (AttributeError, KeyError, TypeError) as error:
        raise BadGovernance(f"{type(error).__name__}: {error}") from error


def _policy(entry: Mapping[str, Any]) -> Policy:
    _reasoned(entry)
    fields, rows = entry.get("fields", {}), entry.get("rows", [])
    for each in [*fields.values(), *rows]:
        _reasoned(each)
    return Policy(
        Govern[entry["default"].upper()],
        {name: Govern[each["level"].upper()] for name, each in fields.items()},
        tuple(RowPolicy(each["field"], each["equals"], Govern[each["level"].upper()]) for each in rows),
    )


def _reasoned(entry: Mapping[str, Any]) -> None:
    if not entry["reason"].strip():
        raise KeyError("reason")
