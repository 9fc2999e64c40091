"""What a value of the rule language can be, as far as it is known before a rule runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Type:
    """One type. `of` is what a list holds, `record` what fields a record has; None: not known."""

    name: str
    of: Type | None = None
    record: Record | None = None

    def __str__(self) -> str:
        return f"list of {self.of}" if self.of else self.name

    @property
    def element(self) -> Type:
        """What a macro over it visits: the elements of a list, the keys of a record."""
        if self.name == "record":
            return TEXT
        return self.of or DYN


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """The fields a record may have.

    `checked`: a field that is there is of its type and never null, for ingest let it pass; elsewhere a field may
    also hold null or `Unknown`. `section` and `key` say where its history is kept: `key` gives the name of one row,
    and is None for a section that is one record.
    """

    fields: Mapping[str, Type]
    checked: bool = False
    section: str = ""
    key: Callable[[Mapping[str, Any]], str] | None = None


DYN = Type("anything")
BOOL = Type("bool")
INT = Type("whole number")
DOUBLE = Type("real number")
NUMBER = Type("number")
"""Whole or real: known when it runs."""
TEXT = Type("text")
TIME = Type("time")
SPAN = Type("duration")
LIST = Type("list")
MAP = Type("record")

NUMBERS = frozenset({"whole number", "real number", "number"})
SCALARS = frozenset({"bool", "text", "time", "duration", *NUMBERS})


def list_of(element: Type) -> Type:
    return LIST if element == DYN else Type("list", element)


def record_of(record: Record) -> Type:
    return Type("record", None, record)


def alike(left: Type, right: Type) -> bool:
    """Return whether a value of `left` could equal one of `right`. Whole and real numbers meet."""
    if DYN in (left, right) or (left.name in NUMBERS and right.name in NUMBERS):
        return True
    return left.name == right.name and (not (left.of and right.of) or alike(left.of, right.of))


def common(left: Type, right: Type) -> Type:
    """Return the type both are of, `DYN` where there is none."""
    if left == right:
        return left
    if left.name in NUMBERS and right.name in NUMBERS:
        return NUMBER
    if left.name == right.name:
        return LIST if left.name == "list" else MAP
    return DYN
