"""What the operators of the rule language do with known values, as CEL has it.

Where Python differs, CEL holds: a truth value is not a number, whole numbers have 64 bits and divide towards zero,
real numbers overflow to infinity, and values of different kinds are unequal. Looser than CEL in one point: whole and
real numbers may meet, and what they make is real; JSON does not tell 1 from 1.0. Where CEL allows no such meeting,
results are the same.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from collector.language import texts, times
from collector.language.kinds import kind, known, truth
from collector.language.signatures import GETTERS
from collector.language.tree import Exhausted, Fault, Unknown

MAX_WHOLE = 2**63
MAX_STEPS = 250_000
"""What one evaluation may spend: an element that a macro visits costs one; long texts and lists cost by their size."""
A_STEP_OF_TEXT, A_STEP_OF_SEARCH, A_STEP_OF_LIST = 64, 256, 16
_PLAIN = frozenset({bool, int, float, str, datetime, timedelta})
Spent = list[int]
"""One number: the steps that are left."""


def spend(left: Spent, steps: int) -> None:
    """Take `steps` off what is left; raise `Exhausted` when it is not enough."""
    left[0] -= steps
    if left[0] < 0:
        raise Exhausted(f"more than {MAX_STEPS} elements visited")


def elements(left: Spent, container: Any) -> Sequence[Any]:
    """Return what a macro visits, paid for: the elements of a list, the keys of a record."""
    if type(container) is not list:
        if not isinstance(container, Mapping):
            raise Fault(f"a list expected, {kind(container)} found")
        container = list(container)
    items: list[Any] = container
    spend(left, len(items))
    return items


def scanned(left: Spent, container: Any) -> Any:
    """Return `container`, paid for to be looked through."""
    spend(left, len(container) // A_STEP_OF_LIST + 1)
    return container


def equal(left: Spent, one: Any, other: Any) -> bool:
    """Return whether two values are equal: of different kinds never, lists and records by what they hold."""
    if type(one) is type(other) and type(one) in _PLAIN:
        return bool(one == other)
    its = known(one)
    if its != known(other):
        return False
    if its == "list":
        spend(left, len(one))
        return len(one) == len(other) and all(map(partial(equal, left), one, other))
    if its == "record":
        spend(left, len(one))
        return one.keys() == other.keys() and all(equal(left, one[key], other[key]) for key in one)
    return float(one) == float(other) if its == "number" else bool(one == other)


def contained(left: Spent, item: Any, container: Any) -> bool:
    """Return whether a list holds an equal of `item`, or a record that key."""
    its = known(item)
    if isinstance(container, Mapping):
        return its == "text" and item in container
    if not isinstance(container, list):
        raise Fault(f"in: {kind(container)} holds nothing")
    if type(item) in (str, bool, int) and set(map(type, container)) <= {type(item)}:
        return item in scanned(left, container)  # the same answer as below, at C speed
    spend(left, len(container))
    return any(equal(left, item, each) for each in container)


def element(container: Any, key: Any) -> Any:
    """Return the element, or None where there is none."""
    if isinstance(container, Mapping) and isinstance(key, str):
        return container.get(key)
    if isinstance(container, list) and (type(key) is int or (isinstance(key, float) and key.is_integer())):
        return container[int(key)] if 0 <= key < len(container) else None
    raise Fault(f"{kind(container)} has no element {kind(key)}")


def size(value: Any) -> int:
    if isinstance(value, str | list | Mapping):
        return len(value)
    raise Fault(f"size: {kind(value)} has none")


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def apply(left: Any, right: Any) -> bool:
        if type(left) is type(right) and type(left) in _PLAIN:
            return compare(left, right)
        if known(left) != known(right) or kind(left) in ("list", "record"):
            raise Fault(f"cannot order {kind(left)} and {kind(right)}")
        return compare(left, right) if type(left) is type(right) else compare(float(left), float(right))

    return apply


# --- arithmetic


def bounded(value: int) -> int:
    """Return `value` when it has 64 bits; raise `Fault`."""
    if -MAX_WHOLE <= value < MAX_WHOLE:
        return value
    raise Fault("whole number out of range")


def divided(left: int, right: int) -> int:
    """Return the quotient without its fraction."""
    if right == 0:
        raise Fault("division by zero")
    return bounded(abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1))


def quotient(left: float, right: float) -> float:
    """Return the quotient as IEEE 754 has it: by zero it is infinite, or no number."""
    try:
        return left / right
    except ZeroDivisionError:
        return math.nan if left == 0 or math.isnan(left) else math.copysign(math.inf, left) * math.copysign(1, right)


def _remainder(left: Any, right: Any) -> int:
    if type(left) is not int or type(right) is not int:
        raise Fault("% needs whole numbers")
    return left - divided(left, right) * right


def _calculated(sign: str, wholes: Callable[[Any, Any], int], reals: Callable[[Any, Any], float]) -> Callable[..., Any]:
    def run(left: Any, right: Any) -> Any:
        if type(left) is int and type(right) is int:
            return bounded(wholes(left, right))
        if known(left) != "number" or known(right) != "number":
            raise Fault(f"cannot do {kind(left)} {sign} {kind(right)}")
        return reals(float(left), float(right))

    return run


_ADDED, _SUBTRACTED = _calculated("+", operator.add, operator.add), _calculated("-", operator.sub, operator.sub)
_PLUS = frozenset({("duration", "duration"), ("time", "duration"), ("duration", "time")})
_MINUS = frozenset({("duration", "duration"), ("time", "time"), ("time", "duration")})


def plus(left: Spent, one: Any, other: Any) -> Any:
    kinds = kind(one), kind(other)
    if kinds in (("text", "text"), ("list", "list")):
        spend(left, (len(one) + len(other)) // (A_STEP_OF_TEXT if kinds[0] == "text" else 1))
        return one + other
    return times.within(operator.add, one, other) if kinds in _PLUS else _ADDED(one, other)


def minus(one: Any, other: Any) -> Any:
    return times.within(operator.sub, one, other) if (kind(one), kind(other)) in _MINUS else _SUBTRACTED(one, other)


def negated(value: Any) -> Any:
    if kind(value) != "number":
        raise Fault(f"cannot negate {kind(value)}")
    return bounded(-value) if type(value) is int else -value


def record(*parts: Any) -> dict[str, Any]:
    """Return the record of keys and values in turn."""
    keys = parts[::2]
    if not all(isinstance(key, str) for key in keys) or len(set(keys)) != len(keys):
        raise Fault("keys of a record are different texts")
    return dict(zip(keys, parts[1::2], strict=True))


# --- texts


def _of_texts(name: str, apply: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    def run(text: Any, part: Any) -> bool:
        if not isinstance(text, str) or not isinstance(part, str):
            raise Fault(f"{name}: text expected, {kind(text)} and {kind(part)} found")
        return apply(text, part)

    return run


def _searched(apply: Callable[[Any, Any], bool]) -> Callable[[Spent, Any, Any], bool]:
    def run(left: Spent, text: Any, wanted: Any) -> bool:
        if isinstance(text, str):
            spend(left, len(text) // A_STEP_OF_SEARCH)
        return apply(text, wanted)

    return run


SPENDING: Mapping[str, Callable[..., Any]] = {
    "==": equal, "!=": lambda left, one, other: not equal(left, one, other), "in": contained, "+": plus,
    "matches": _searched(texts.matches), "contains": _searched(_of_texts("contains", operator.contains)),
}  # fmt: skip
"""What costs by the size of its operands: what is left to spend comes first."""

TABLE: Mapping[str, Callable[..., Any]] = {
    "!": lambda value: not truth(value), "negate": negated, "-": minus,
    "<": _ordered(operator.lt), "<=": _ordered(operator.le), ">": _ordered(operator.gt), ">=": _ordered(operator.ge),
    "*": _calculated("*", operator.mul, operator.mul), "/": _calculated("/", divided, quotient), "%": _remainder,
    "list": lambda *items: list(items), "record": record, "size": size, "dyn": lambda value: value,
    "startsWith": _of_texts("startsWith", str.startswith), "endsWith": _of_texts("endsWith", str.endswith),
    "lowerAscii": texts.lower_ascii, "version_lt": texts.version_lt, "cidr_contains": texts.cidr_contains,
    "int": texts.whole, "double": texts.real, "string": texts.spelling,
    "timestamp": times.timestamp, "duration": times.duration, **{name: times.part(name) for name in GETTERS},
}  # fmt: skip


def sound(value: Any) -> Any:
    """Return `value` when there is one; raise `Fault` for null and `Unknown`, which only the slow way tells apart."""
    if value is None or type(value) is Unknown:
        raise Fault("no value")
    return value
