"""The functions of the rule language: what they take and what they give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from collector.language.types import BOOL, DOUBLE, DYN, INT, NUMBERS, TEXT, TIME, Type


@dataclass(frozen=True, slots=True)
class Signature:
    """`takes`: of each operand the names of the types it may have, none for any; `optional` of them may be left out."""

    takes: tuple[frozenset[str], ...]
    gives: Type
    is_function: bool = True
    is_method: bool = False
    optional: int = 0

    @property
    def arity(self) -> range:
        return range(len(self.takes) - self.optional, len(self.takes) + 1)


ANY = frozenset[str]()
_TEXT = frozenset({"text"})
_MOMENT = frozenset({"text", "time"})
_SIZED = frozenset({"text", "list", "record"})
_ROW = frozenset({"record"})


def _method(gives: Type, *takes: frozenset[str], optional: int = 0) -> Signature:
    return Signature(takes, gives, is_function=False, is_method=True, optional=optional)


WINDOWS = frozenset({"rate", "changes", "avg_over", "max_over", "min_over", "prev"})
"""Functions that look back: of a row, the name of a field of it and, but for `prev`, how far."""

OF_SPANS = frozenset({"getHours", "getMinutes", "getSeconds", "getMilliseconds"})
GETTERS = OF_SPANS | {"getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear"}

FUNCTIONS: Mapping[str, Signature] = {
    "size": Signature((_SIZED,), INT, is_method=True),
    "matches": Signature((_TEXT, _TEXT), BOOL, is_method=True),
    "startsWith": _method(BOOL, _TEXT, _TEXT),
    "endsWith": _method(BOOL, _TEXT, _TEXT),
    "contains": _method(BOOL, _TEXT, _TEXT),
    "lowerAscii": _method(TEXT, _TEXT),
    "int": Signature((NUMBERS | _MOMENT,), INT),
    "double": Signature((NUMBERS | _TEXT,), DOUBLE),
    "string": Signature((NUMBERS | _MOMENT | {"bool", "duration"},), TEXT),
    "dyn": Signature((ANY,), DYN),
    "timestamp": Signature((_MOMENT | {"whole number", "number"},), TIME),
    "duration": Signature((_TEXT | {"duration"},), Type("duration")),
    "days_until": Signature((_MOMENT,), DOUBLE),
    "version_lt": Signature((_TEXT, _TEXT), BOOL),
    "cidr_contains": Signature((_TEXT, _TEXT), BOOL),
    **{name: _method(INT, frozenset({"time", "duration"} if name in OF_SPANS else {"time"}), _TEXT, optional=1)
       for name in GETTERS},
    **{name: Signature((_ROW, _TEXT) if name == "prev" else (_ROW, _TEXT, _TEXT), DYN) for name in WINDOWS},
}  # fmt: skip
