"""Keys of elements, read back: `tcp|0.0.0.0|443` → protocol, address and port."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from collector.model import Value
from wire.sections import Shape, shape_of

_PART = re.compile(r"(?:[^\\|]|\\.)*", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_WHOLE = re.compile(r"-?\d{1,19}", re.ASCII)


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a value that moved; `field` is empty when the value has none."""

    field: str
    old: Value
    new: Value


def split_key(key: str) -> tuple[str, ...]:
    """Return the parts `row_key` joined."""
    parts, at = [], 0
    while True:
        found = _PART.match(key, at)
        part = found[0] if found else ""
        parts.append(_ESCAPED.sub(r"\1", part))
        at += len(part) + 1
        if at > len(key):
            return tuple(parts)


def key_fields(shape: Shape, key: str) -> dict[str, Value]:
    """Return the key fields of an element; a key that is not of `shape` comes back whole under `key`."""
    if len(shape.key) == 1:
        parts: tuple[str, ...] = (key,)
    else:
        parts = split_key(key)
    if len(parts) != len(shape.key):
        return {"key": key}
    return {name: _typed(shape, name, part) for name, part in zip(shape.key, parts, strict=True)}


def _typed(shape: Shape, name: str, text: str) -> Value:
    return int(text) if shape.fields[name].kind == "whole" and _WHOLE.fullmatch(text) else text


def element(shape: Shape, key: str, value: Value) -> dict[str, Value]:
    """Return a whole element: its key fields and what it holds beside them."""
    return key_fields(shape, key) | (dict(value) if isinstance(value, Mapping) else {"value": value})


def in_order(shape: Shape, names: Iterable[str]) -> tuple[str, ...]:
    """Return `names` in the order of the catalogue, those it does not know behind."""
    known = {name: place for place, name in enumerate(shape.fields)}
    return tuple(sorted(names, key=lambda name: (known.get(name, len(known)), name)))


def moved_fields(section: str, old: Value, new: Value) -> tuple[FieldChange, ...]:
    """Return which fields differ between two values of one path, in the order of the catalogue."""
    if not isinstance(old, Mapping | None) or not isinstance(new, Mapping | None):
        return (FieldChange("", old, new),)
    before, after = old or {}, new or {}
    names = in_order(shape_of(section), before.keys() | after.keys())
    return tuple(
        FieldChange(name, before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)
    )
