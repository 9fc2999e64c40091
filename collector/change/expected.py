"""Expected values: what a line of a change says a value will be, and whether a value is that."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2

from collector.model import Value
from wire.sections import canonical

MAX_PATTERN = 256
MAX_CHOICES = 256
MAX_BYTES = 64 * 1024
"""Of an expected value as JSON."""
_MAX_MEMORY = 1 << 20


class BadExpected(ValueError):
    """An expectation nothing could be held against; the message says why."""


class How(enum.StrEnum):
    """How a value is compared. DISCOVERED: whatever is found is right, so nothing was promised."""

    DISCOVERED = "discovered"
    EXACT = "exact"
    ONE_OF = "one_of"
    PATTERN = "pattern"
    RANGE = "range"


@dataclass(frozen=True, slots=True)
class Expected:
    """What a value should be.

    `value` is, for EXACT the value (None: it is gone; of an element only the fields named), for ONE_OF a tuple of
    values, for PATTERN an RE2 pattern the whole text matches, for RANGE (low, high), both included, None: open.
    """

    how: How = How.DISCOVERED
    value: Value = None

    def __post_init__(self) -> None:
        problem = _written(self.value) or _CHECKS[self.how](self.value)
        if problem:
            raise BadExpected(problem)

    def of_field(self, name: str) -> Expected:
        """Return what this expectation of a whole element says of one field of it."""
        if self.how is How.EXACT and isinstance(self.value, Mapping):
            return Expected(How.EXACT, self.value[name]) if name in self.value else Expected()
        return Expected() if self.how is How.DISCOVERED else self

    def met_by(self, value: Value) -> bool | None:
        """Return whether `value` is as expected; None when nothing was promised."""
        match self.how:
            case How.DISCOVERED:
                return None
            case How.EXACT:
                return _agrees(self.value, value)
            case How.ONE_OF:
                return any(_agrees(each, value) for each in self.value)
            case How.PATTERN:
                return isinstance(value, str) and _matches(self.value, value)
            case How.RANGE:
                low, high = self.value
                return _is_number(value) and (low is None or low <= value) and (high is None or value <= high)


def _agrees(expected: Value, value: Value) -> bool:
    """Return whether `value` is `expected`; an element may have fields nobody spoke of."""
    if isinstance(expected, Mapping) and isinstance(value, Mapping):
        return all(value.get(name) == each for name, each in expected.items())
    return bool(expected == value)


def _matches(pattern: str, text: str) -> bool:
    try:
        return _compiled(pattern).fullmatch(text) is not None
    except UnicodeEncodeError:  # half a surrogate pair: a device may send it, RE2 takes none
        return False


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> Any:
    """Return `pattern` compiled by RE2: it matches in linear time, whatever a person wrote."""
    options = re2.Options()
    options.max_mem = _MAX_MEMORY
    options.log_errors = False
    return re2.compile(pattern, options)


# --- what is refused


def _written(value: Value) -> str:
    try:
        size = len(canonical({"value": value}))
    except (TypeError, ValueError, RecursionError):
        return "a value is JSON"
    return "" if size <= MAX_BYTES else f"a value takes at most {MAX_BYTES} bytes"


def _discovered(value: Value) -> str:
    return "" if value is None else "what is discovered is not named beforehand"


def _anything(value: Value) -> str:
    return ""


def _choices(value: Value) -> str:
    is_fine = isinstance(value, tuple) and 0 < len(value) <= MAX_CHOICES
    return "" if is_fine else f"1 to {MAX_CHOICES} values to choose from"


def _pattern(value: Value) -> str:
    if not isinstance(value, str) or len(value) > MAX_PATTERN:
        return f"a pattern is a text of at most {MAX_PATTERN} characters"
    try:
        _compiled(value)
    except (re2.error, UnicodeEncodeError) as error:
        return f"not a pattern: {error}"
    return ""


def _range(value: Value) -> str:
    if not isinstance(value, tuple) or len(value) != 2:
        return "a range has a low and a high end"
    low, high = value
    if not all(end is None or _is_number(end) for end in value):
        return "the ends of a range are numbers"
    if low is not None and high is not None and not low <= high:
        return "a range begins at its low end"
    return ""


_CHECKS = {
    How.DISCOVERED: _discovered, How.EXACT: _anything, How.ONE_OF: _choices, How.PATTERN: _pattern, How.RANGE: _range,
}  # fmt: skip
