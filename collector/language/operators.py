"""What the operators and functions of the rule language do with known values, as CEL has it.

Where Python differs, CEL holds: a truth value is not a number, whole numbers have 64 bits and
divide towards zero. Looser than CEL in one point: whole and real numbers may meet in arithmetic,
since JSON does not tell 1 from 1.0.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from collector.language.tree import Fault, Unknown

MAX_WHOLE = 2**63
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
DURATION = re.compile(r"-?(\d{1,9}(\.\d{1,9})?(h|ms|m|s))+", re.ASCII)
SPAN = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s)", re.ASCII)
UNITS_S = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_KINDS: Mapping[type, str] = {
    bool: "bool", int: "number", float: "number", str: "text", list: "list", dict: "record",
    datetime: "time", timedelta: "duration",
}  # fmt: skip
SCALARS = frozenset({"bool", "number", "text", "time", "duration"})


def kind(value: object) -> str:
    """Return the language's word for the type of `value`."""
    return _KINDS.get(type(value)) or ("record" if isinstance(value, Mapping) else type(value).__name__)


def truth(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise Fault(f"true or false expected, {kind(value)} found")


def equal(left: Any, right: Any) -> bool:
    if kind(left) != kind(right) or kind(left) not in SCALARS:
        raise Fault(f"cannot compare {kind(left)} with {kind(right)}")
    return bool(left == right)


def timestamp(text: Any) -> datetime | Unknown:
    """Return the time an RFC 3339 text tells; one that cannot be read is unknown, for it is data."""
    if isinstance(text, datetime):
        return text
    if not isinstance(text, str):
        raise Fault(f"timestamp: text expected, {kind(text)} found")
    try:
        return (
            datetime.fromisoformat(text).astimezone(UTC) if TIME.fullmatch(text) else Unknown("unreadable", text[:40])
        )
    except (ValueError, OverflowError):
        return Unknown("unreadable", text[:40])


def duration(text: Any) -> timedelta | Unknown:
    """Return the span that text like `1h30m` tells."""
    if not isinstance(text, str):
        raise Fault(f"duration: text expected, {kind(text)} found")
    if len(text) > 40 or not DURATION.fullmatch(text):
        return Unknown("unreadable", text[:40])
    total = sum(float(number) * UNITS_S[unit] for number, unit in SPAN.findall(text))
    return timedelta(seconds=-total if text.startswith("-") else total)


def days_until(now: datetime, text: Any) -> float | Unknown:
    """Return the days from `now` to a time, negative when it is past."""
    until = timestamp(text)
    return until if isinstance(until, Unknown) else (until - now) / timedelta(days=1)


def size(value: Any) -> int:
    if isinstance(value, str | list | Mapping):
        return len(value)
    raise Fault(f"size: {kind(value)} has none")


def element(container: Any, key: Any) -> Any:
    """Return the element, or None where there is none."""
    if isinstance(container, Mapping) and isinstance(key, str):
        return container.get(key)
    if isinstance(container, list) and type(key) is int:
        return container[key] if 0 <= key < len(container) else None
    raise Fault(f"{kind(container)} has no element {kind(key)}")


def contained(item: Any, container: Any) -> bool:
    if isinstance(container, Mapping) and isinstance(item, str):
        return item in container
    if isinstance(container, list):
        if _is_scalar(item) and set(map(type, container)) == {type(item)}:
            return item in container  # the same answer as below, without asking each element for its kind
        strangers = {kind(each) for each in container} - {kind(item)}
        if strangers or (container and kind(item) not in SCALARS):
            raise Fault(f"in: a list of {', '.join(sorted(strangers)) or kind(item)} holds no {kind(item)}")
        return item in container
    raise Fault(f"in: {kind(container)} holds no {kind(item)}")


def _is_scalar(value: object) -> bool:
    return _KINDS.get(type(value)) in SCALARS


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def apply(left: Any, right: Any) -> bool:
        if kind(left) != kind(right) or kind(left) not in SCALARS - {"bool"}:
            raise Fault(f"cannot order {kind(left)} and {kind(right)}")
        return compare(left, right)

    return apply


def _arithmetic(sign: str, allowed: frozenset[tuple[str, str]], apply: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def run(left: Any, right: Any) -> Any:
        if (kind(left), kind(right)) not in allowed:
            raise Fault(f"cannot do {kind(left)} {sign} {kind(right)}")
        return bounded(apply(left, right))

    return run


def bounded(value: Any) -> Any:
    """Return `value` when it keeps to CEL's ranges; raise `Fault`."""
    if type(value) is int and not -MAX_WHOLE <= value < MAX_WHOLE:
        raise Fault("whole number out of range")
    return value


def _divided(left: Any, right: Any) -> Any:
    if right == 0:
        raise Fault("division by zero")
    if isinstance(left, float) or isinstance(right, float):
        return left / right
    return abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)


def _remainder(left: Any, right: Any) -> int:
    if right == 0 or type(left) is not int or type(right) is not int:
        raise Fault("% needs whole numbers, the second not 0")
    return left - int(_divided(left, right)) * right


def _negated(value: Any) -> Any:
    if kind(value) not in ("number", "duration"):
        raise Fault(f"cannot negate {kind(value)}")
    return bounded(-value)


def _method(name: str, apply: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    def run(text: Any, part: Any) -> bool:
        if not isinstance(text, str) or not isinstance(part, str):
            raise Fault(f"{name}: text expected, {kind(text)} and {kind(part)} found")
        return apply(text, part)

    return run


_NUMBERS = ("number", "number")
_SPANS = ("duration", "duration")
_PLUS = frozenset({_NUMBERS, _SPANS, ("text", "text"), ("time", "duration"), ("duration", "time")})
_MINUS = frozenset({_NUMBERS, _SPANS, ("time", "time"), ("time", "duration")})
_TIMES = frozenset({_NUMBERS})

TABLE: Mapping[str, Callable[..., Any]] = {
    "!": lambda value: not truth(value), "negate": _negated,
    "==": equal, "!=": lambda left, right: not equal(left, right),
    "<": _ordered(operator.lt), "<=": _ordered(operator.le), ">": _ordered(operator.gt), ">=": _ordered(operator.ge),
    "in": contained, "size": size, "timestamp": timestamp, "duration": duration,
    "+": _arithmetic("+", _PLUS, operator.add), "-": _arithmetic("-", _MINUS, operator.sub),
    "*": _arithmetic("*", _TIMES, operator.mul), "/": _arithmetic("/", _TIMES, _divided),
    "%": _arithmetic("%", _TIMES, _remainder),
    "startsWith": _method("startsWith", str.startswith), "endsWith": _method("endsWith", str.endswith),
    "contains": _method("contains", lambda text, part: part in text),
}  # fmt: skip
