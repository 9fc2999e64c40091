"""When time alone can change what an expression says, while no fact moves.

Both sides of a comparison are straight lines over time: `now` and `days_until`, and what is added to them or taken
away. Where the lines meet follows from how far apart they are at present, so a limit of days is asked again in days.
What is no such line is asked again after `PACE_MS`; a look back at its own pace, and not at all while its past is flat
and long enough to speak of.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from collector.language import operators
from collector.language.evaluate import Closure, Scope, build
from collector.language.operators import MAX_STEPS, Spent
from collector.language.signatures import WINDOWS
from collector.language.times import EPOCH
from collector.language.tree import Fault, Node, Unknown
from collector.language.windows import Look

PACE_MS: Final = 300_000
"""How long an answer may go on that moves with time in no way that is worked out."""
SLOTS: Final = 60
"""A look back over a span is asked again after this part of it."""
DAY_MS: Final = 86_400_000
COMPARED: Final = frozenset({"==", "!=", "<", "<=", ">", ">="})
_MS: Final = timedelta(milliseconds=1)
Turning = Callable[[Scope, Spent], Iterator[int]]
"""Yields moments (ms), each of them later than `now`."""


def turning(tree: Node) -> Turning | None:
    """Return what says when the answer of `tree` can change; None: time changes nothing."""
    if not _moves(tree):
        return None
    if tree.name in COMPARED and (slope := _slope_between(*tree.parts)) is not None:
        return _meeting(tree, slope)
    return _MAKERS.get(tree.name, _any_of)(tree)


def next_turn(turns: Turning, scope: Scope) -> int | None:
    """Return the first moment (ms) after `now`; None: never."""
    now = _ms(scope["now"])
    try:
        return min((at for at in turns(scope, [MAX_STEPS]) if at > now), default=None)
    except (Fault, OverflowError, RecursionError):  # nobody knows
        return int(now) + PACE_MS


def _moves(tree: Node) -> bool:
    return tree.name == "days_until" or tree.name in WINDOWS or _is_now(tree) or any(map(_moves, tree.parts))


def _is_now(tree: Node) -> bool:
    return tree.name == "name" and tree.text == "now"


# --- lines


def _slope_between(one: Node, other: Node) -> float | None:
    slopes = _slope(one), _slope(other)
    return None if None in slopes else slopes[0] - slopes[1]  # type: ignore[operator]


def _slope(tree: Node) -> float | None:
    """Return how fast a value grows, in its own unit (times and durations: ms) a ms; None where it is no line."""
    if not _moves(tree):
        return 0.0
    if _is_now(tree):
        return 1.0
    if tree.name == "days_until" and not _moves(tree.parts[0]):
        return -1.0 / DAY_MS
    if tree.name == "negate":
        return _slope_between(Node("literal", tree.at), tree.parts[0])
    if tree.name == "-":
        return _slope_between(*tree.parts)
    if tree.name == "+":
        slopes = [_slope(part) for part in tree.parts]
        return None if None in slopes else sum(each for each in slopes if each is not None)
    return None


def _meeting(tree: Node, slope: float) -> Turning:
    """Return the moment at which both sides have met; what is to be smaller is so a moment later."""
    one, other = map(build, tree.parts)

    def turns(scope: Scope, left: Spent) -> Iterator[int]:
        values = _numbers(scope, left, (one, other))
        if slope and values:
            at = _ms(scope["now"]) + (values[1] - values[0]) / slope
            if math.isfinite(at):
                yield math.floor(at) + 1

    return turns


def _numbers(scope: Scope, left: Spent, sides: Sequence[Closure]) -> list[float]:
    """Return the values of both sides; nothing where one of them is not known, for then a fact must move first."""
    try:
        values = [side(scope, left) for side in sides]
    except Fault:
        return []
    known = [_ms(each) for each in values if isinstance(each, int | float | datetime | timedelta)]
    return known if len(known) == len(values) else []


def _ms(value: Any) -> float:
    if isinstance(value, datetime):
        return (value - EPOCH) / _MS
    return value / _MS if isinstance(value, timedelta) else float(value)


# --- everything else


def _paced(_: Node) -> Turning:
    def turns(scope: Scope, left: Spent) -> Iterator[int]:
        yield int(_ms(scope["now"])) + PACE_MS

    return turns


def _looking_back(tree: Node) -> Turning:
    assert isinstance(tree.value, Look)
    look, operand = tree.value, build(tree.parts[0])
    window, half, pace = look.window, look.window.span_ms // 2, max(1, look.window.span_ms // SLOTS)

    def turns(scope: Scope, left: Spent) -> Iterator[int]:
        row, history, now = operand(scope, left), scope.get("history"), int(_ms(scope["now"]))
        if isinstance(row, Unknown) or not isinstance(row, Mapping) or history is None:
            return
        key = look.key(row) if look.key else ""
        points = history.series(window.section, key, window.field, now - window.span_ms)
        if not points:
            yield now + half  # whoever begins to watch now knows no sooner
        elif any(value != points[0][1] for _, value in points):
            yield now + pace
        elif len(points) < 2 or points[0][0] > now - half:
            yield max(now + pace, points[0][0] + half + 1)

    return turns


def _over_elements(tree: Node) -> Turning:
    listed, *bodies = tree.parts
    over, inside = build(listed), [each for body in bodies if (each := turning(body))]
    outside = turning(listed)

    def turns(scope: Scope, left: Spent) -> Iterator[int]:
        if outside:
            yield from outside(scope, left)
        items = over(scope, left)
        for item in () if isinstance(items, Unknown) else operators.elements(left, items):
            inner = {**scope, tree.text: item}
            for each in inside:
                yield from each(inner, left)

    return turns


def _any_of(tree: Node) -> Turning:
    parts = [each for part in tree.parts if (each := turning(part))]

    def turns(scope: Scope, left: Spent) -> Iterator[int]:
        for part in parts:
            yield from part(scope, left)

    return turns


_MAKERS: Mapping[str, Callable[[Node], Turning]] = {
    "name": _paced, "days_until": _paced, "fold": _over_elements, **dict.fromkeys(WINDOWS, _looking_back),
}  # fmt: skip
