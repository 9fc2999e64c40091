"""An expected value as people write it in a form, a list or a command: typed by the catalogue of sections."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Final

from collector.change.expected import BadExpected, Expected, How
from collector.change.record import RELATIONS
from collector.model import Path, Value
from collector.services.refused import Refused
from wire.sections import Kind, shape_of

GONE: Final = "-"
"""Written for: it will not be there."""
MAX_TEXT: Final = 20_000
_WHOLE = re.compile(r"-?\d{1,19}", re.ASCII)
_REAL = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?", re.ASCII)
_FLAGS: Final = {"true": True, "yes": True, "是": True, "false": False, "no": False, "否": False}


def read(path: Path, field: str, how: str, text: str) -> Expected:
    """Return the expectation of a value; raise `Refused`.

    One of several is written with semicolons between, a range as `low..high`, an element as JSON.
    """
    if how not in set(How) or len(text) > MAX_TEXT:
        raise Refused("an expectation is discovered, exact, one_of, pattern or range, and its value short", "how")
    typed, way = _typing(path, field), How(how)
    try:
        return Expected(way, _READ[way](text.strip(), typed))
    except BadExpected as error:
        raise Refused(f"what is expected of {path.section} {path.key}: {error}", "value") from error


def given(how: str, value: Value) -> Expected:
    """Return the expectation a program sends as JSON; raise `Refused`."""
    try:
        is_several = how in (How.ONE_OF, How.RANGE) and isinstance(value, list)
        return Expected(How(how), tuple(value) if is_several else value)
    except ValueError as error:  # a way to compare nobody knows, or `BadExpected`
        raise Refused(f"expected: {error}", "value") from error


def written(expected: Expected) -> str:
    """Return the text that `read` makes this expectation of."""
    value = expected.value
    match expected.how:
        case How.DISCOVERED:
            return ""
        case How.ONE_OF:
            return "; ".join(map(_text, value))
        case How.RANGE:
            return "..".join("" if end is None else _text(end) for end in value)
        case _:
            return GONE if value is None else _text(value)


Typing = Callable[[str], Value]


def _typing(path: Path, field: str) -> Typing:
    """Return how a text becomes a value there; an element as a whole is JSON."""
    if path.section == RELATIONS:
        return _element
    shape = shape_of(path.section)
    name = path.key if shape.is_record else field
    if not name and not shape.is_record:
        return _element
    known = shape.fields.get(name)
    return _KINDS.get(known.kind if known else "text", _as_it_is)


def _as_it_is(text: str) -> Value:
    return text


def _number(text: str) -> Value:
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _REAL.fullmatch(text) else text


def _flag(text: str) -> Value:
    return _FLAGS.get(text.lower(), text)


def _texts(text: str) -> Value:
    return sorted(_sequence(text))


def _sequence(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


def _element(text: str) -> Value:
    """Return an element's fields; `true` and the like say no more than that it is there."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, dict) else text


_KINDS: Mapping[Kind, Typing] = {
    "whole": _number, "real": _number, "flag": _flag, "texts": _texts, "sequence": _sequence,
}  # fmt: skip


def _exact(text: str, typed: Typing) -> Value:
    return None if text == GONE else typed(text)


def _choices(text: str, typed: Typing) -> Value:
    return tuple(typed(each.strip()) for each in re.split("[;；]", text) if each.strip())


def _range(text: str, _typed: Typing) -> Value:
    low, dots, high = text.partition("..")
    return tuple(_number(end.strip()) if end.strip() else None for end in (low, high)) if dots else text


_READ: Mapping[How, Callable[[str, Typing], Value]] = {
    How.DISCOVERED: lambda _text, _typed: None, How.EXACT: _exact, How.ONE_OF: _choices,
    How.PATTERN: lambda text, _typed: text, How.RANGE: _range,
}  # fmt: skip


def _text(value: Value) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
