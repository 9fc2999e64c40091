"""Reads Apple's property lists, the form in which macOS's own tools and files answer."""

from __future__ import annotations

import plistlib
import struct
from typing import Any
from xml.parsers.expat import ExpatError

from agent.collectors.bounded import Malformed

# What plistlib raises on input that is no property list: its binary reader has no error of its own for most.
_FAULTS = (plistlib.InvalidFileException, ExpatError, struct.error, ValueError, TypeError, LookupError, ArithmeticError,
           AttributeError, RecursionError, MemoryError)  # fmt: skip


def parse(data: bytes) -> dict[str, Any]:
    """Return a property list that is a dictionary; raise `Malformed`."""
    found = _loaded(data)
    if not isinstance(found, dict):
        raise Malformed("property list: no dictionary")
    return found


def parse_list(data: bytes) -> list[dict[str, Any]]:
    """Return a property list that is an array of dictionaries; raise `Malformed`."""
    found = _loaded(data)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise Malformed("property list: no array of dictionaries")
    return found


def _loaded(data: bytes) -> object:
    try:
        return plistlib.loads(data)
    except _FAULTS as error:
        raise Malformed(f"no property list: {type(error).__name__}") from error


def text(value: object) -> str | None:
    """Return a value as text without blanks around it, None for none."""
    return value.strip()[:1024] or None if isinstance(value, str) else None
