"""What the rule language says of the past of one field: what was read of it over a window that ends now.

The points of a series are readings, oldest first: the value at each, held until the next. Two of them over at least
half the window are needed, else nobody knows (`no_history`). What is not told as a number is left out of sums.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final, Protocol

from collector.language.kinds import kind
from collector.language.times import EPOCH
from collector.language.tree import Fault, Unknown

Point = tuple[int, Any]
"""When (ms) and what."""
MAX_SPAN_MS: Final = 31 * 24 * 3_600_000
PREVIOUS_MS: Final = 26 * 3_600_000
"""How far `prev` looks back: what is read daily is seen twice."""


@dataclass(frozen=True, slots=True)
class Window:
    """A field of a section whose past some expression reads, and how far back it looks, ms."""

    section: str
    field: str
    span_ms: int


@dataclass(frozen=True, slots=True)
class Look:
    """One look back: the window, and what names a row of the section (None: it is one record)."""

    window: Window
    key: Callable[[Mapping[str, Any]], str] | None


class History(Protocol):
    """What is remembered of one CI."""

    def series(self, section: str, key: str, field: str, from_ms: int) -> Sequence[Point]:
        """Return the readings of a field since `from_ms`, oldest first; the newest is the one the rule sees."""


def looked(function: str, look: Look, scope: Mapping[str, Any], row: Any) -> Any:
    """Return what `function` says of the past of `row`; `Unknown` when too little is remembered, raise `Fault`."""
    window = look.window
    if not isinstance(row, Mapping):
        raise Fault(f"{function}: {kind(row)} has no fields")
    now = (scope["now"] - EPOCH) // timedelta(milliseconds=1) if isinstance(scope["now"], datetime) else 0
    history: History | None = scope.get("history")
    key = look.key(row) if look.key else ""
    points = history.series(window.section, key, window.field, now - window.span_ms) if history else ()
    if not points or (function != "prev" and (len(points) < 2 or points[0][0] > now - window.span_ms // 2)):
        return Unknown("no_history", f"{window.section}.{window.field}")
    return _SAID[function](points)


def _rate(points: Sequence[Point]) -> float:
    """Return the growth of a counter a second. One that fell began again at zero."""
    numbers = _numbers(points)
    grown: float = sum(new - old if new >= old else new for (_, old), (_, new) in pairwise(numbers))
    return grown * 1000.0 / max(1, points[-1][0] - points[0][0])


def _changes(points: Sequence[Point]) -> int:
    return sum(old != new for (_, old), (_, new) in pairwise(points))


def _average(points: Sequence[Point]) -> float:
    """Return the mean over time, as if the value went straight from each reading to the next."""
    numbers = _numbers(points)
    area = sum((old + new) / 2.0 * (to - since) for (since, old), (to, new) in pairwise(numbers))
    elapsed = numbers[-1][0] - numbers[0][0]
    return area / elapsed if elapsed > 0 else float(numbers[-1][1])


def _previous(points: Sequence[Point]) -> Any:
    """Return the value before the present one; the present one when it did not move."""
    now = points[-1][1]
    return next((value for _, value in reversed(points) if value != now), now)


def _numbers(points: Sequence[Point]) -> list[Point]:
    numbers = [point for point in points if type(point[1]) in (int, float)]
    if not numbers:
        raise Fault("numbers expected in the past of a field")
    return numbers


_SAID: Mapping[str, Callable[[Sequence[Point]], Any]] = {
    "rate": _rate, "changes": _changes, "avg_over": _average, "prev": _previous,
    "max_over": lambda points: max(value for _, value in _numbers(points)),
    "min_over": lambda points: min(value for _, value in _numbers(points)),
}  # fmt: skip
