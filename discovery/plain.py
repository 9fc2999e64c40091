"""Values told as JSON or text, in the form the section catalogue wants: None for what is absent, filler, no such thing.

None of them raises, whatever a device says.
"""

from __future__ import annotations

import math
import re
from typing import Final

from discovery.explore import values as told
from discovery.placeholders import says_something
from discovery.text import cleaned, shown
from wire.sections import MAX_WHOLE

_NUMBER: Final = re.compile(r"\s*([+-]?[0-9]{1,15}(?:\.[0-9]{1,9})?)\b.{0,20}", re.DOTALL)


def words(value: object) -> str | None:
    """Return one line of text."""
    line = shown(cleaned(value)) if isinstance(value, str) else ""
    return line if line and says_something("text", line) else None


def serial(value: object) -> str | None:
    line = words(value)
    return line if line and says_something("serial", line) else None


def real(value: object, lowest: float = -1e15) -> float | None:
    """Return a number, also one that is written as text; below `lowest` stands for unknown."""
    if isinstance(value, str):
        found = _NUMBER.fullmatch(value)
        value = float(found[1]) if found else None
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > MAX_WHOLE:
        return None
    return float(value) if math.isfinite(value) and value >= lowest else None


def whole(value: object, times: int = 1) -> int | None:
    """Return a number above zero, `times` as much: where nothing is known there stands zero."""
    if isinstance(value, int) and not isinstance(value, bool):
        found = value * times  # exact where a float would round
    else:
        number = real(value, 0)
        found = 0 if number is None else round(number * times)
    return found if 0 < found <= MAX_WHOLE else None


def uuid(value: object) -> str | None:
    line = words(value)
    return told.uuid(line.encode("ascii", "replace")) if line and len(line) >= 32 else None


def mac(value: object) -> str | None:
    line = words(value)
    return told.mac(line.encode("ascii", "replace")) if line and len(line) > 8 else None
