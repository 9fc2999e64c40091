"""What a value is, in the language's words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from collector.language.tree import Fault

_KINDS: Mapping[type, str] = {
    bool: "bool", int: "number", float: "number", str: "text", list: "list", dict: "record",
    datetime: "time", timedelta: "duration",
}  # fmt: skip


def kind(value: object) -> str:
    """Return the language's word for the type of `value`."""
    return _KINDS.get(type(value)) or ("record" if isinstance(value, Mapping) else type(value).__name__)


def known(value: object) -> str:
    """Return the kind of `value`; raise `Fault` when it is of none, for it is null or unknown."""
    found = _KINDS.get(type(value))
    if found is None and not isinstance(value, Mapping):
        raise Fault(f"{type(value).__name__} is no value")
    return found or "record"


def truth(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise Fault(f"true or false expected, {kind(value)} found")
