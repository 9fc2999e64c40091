"""Texts with places: `{{ci.name}} {{fs.value|pct}}`. Plain text in, plain text out; a page escapes it itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

PLACE = re.compile(r"\{\{ *([A-Za-z_][\w.]*)(?:\|([a-z]+))? *\}\}", re.ASCII)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\u202a-\u202e\u2066-\u2069]")
MAX_VALUE = 200
ABSENT = "?"


class BadWording(ValueError):
    """A text whose places cannot be read."""


def places(template: str) -> frozenset[str]:
    """Return the paths `template` names; raise `BadWording`."""
    rest = PLACE.sub("", template)
    if "{{" in rest or "}}" in rest:
        raise BadWording(f"a place is not closed or not a path: {template}")
    for _, form in PLACE.findall(template):
        if form and form not in _FORMS:
            raise BadWording(f"unknown form {form}; there are {', '.join(_FORMS)}")
    return frozenset(path for path, _ in PLACE.findall(template))


def fill(template: str, values: Mapping[str, Any]) -> str:
    """Return `template` with every place filled from `values` (path → value), `?` where there is none."""
    return PLACE.sub(lambda place: _shown(values.get(place[1]), place[2]), template)


def clean(text: str) -> str:
    """Return `text` as one bounded line without control and direction characters: it came from the network."""
    line = CONTROL.sub(" ", text)
    return line if len(line) <= MAX_VALUE else line[: MAX_VALUE - 1] + "…"


def time_text(ms: int) -> str:
    """Return the RFC 3339 text of `ms` since 1970."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def time_of(text: Any) -> int | None:
    """Return an RFC 3339 text as ms since 1970; None for what is none: whoever sends a time may send anything."""
    try:
        return int(datetime.fromisoformat(str(text)).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        return None


def _shown(value: Any, form: str | None) -> str:
    if value is None:
        return ABSENT
    return clean(_FORMS[form](value) if form else str(value))


def _pct(value: Any) -> str:
    return f"{value:.0%}" if isinstance(value, int | float) else str(value)


_FORMS: Mapping[str, Callable[[Any], str]] = {"pct": _pct, "date": lambda value: str(value)[:10]}
