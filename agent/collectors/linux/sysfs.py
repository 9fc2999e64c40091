"""Reads the one-value files, links and marks of the system; what is missing, forbidden or failing tells nothing."""

from __future__ import annotations

import os
from pathlib import Path

from agent.collectors.bounded import read_if_allowed

MAX_VALUE = 4096
"""Bytes; an attribute of sysfs never exceeds a page."""


def raw(path: Path | str, limit: int = MAX_VALUE) -> bytes:
    """Return the bytes of a file, none where it tells nothing; raise `Malformed` for more than `limit`."""
    try:
        return read_if_allowed(path, limit) or b""
    except OSError:  # the driver refuses to answer: EINVAL for the speed of a link that is down, EIO, ENODATA
        return b""


def text(path: Path | str, limit: int = MAX_VALUE) -> str | None:
    """Return the text of a file without surrounding blanks and NULs, or None where it tells nothing.

    Raise `Malformed` for more than `limit` bytes.
    """
    return raw(path, limit).decode("utf-8", "replace").strip(" \t\r\n\0") or None


def whole(path: Path | str) -> int | None:
    """Return the decimal number in a file, or None where there is none."""
    value = text(path)
    if value is None or not value.removeprefix("-").isdecimal() or len(value) > 19:
        return None
    return int(value)


def names(folder: Path | str) -> list[str]:
    """Return the sorted names in a folder; none where it is not readable."""
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def exists(path: Path | str) -> bool:
    """Return whether there is such a file that we may know of; a folder closed to us hides what is in it."""
    return os.path.exists(path)


def link_name(path: Path | str) -> str | None:
    """Return the last part of what a symbolic link points to, or None where there is no link."""
    try:
        return os.path.basename(os.readlink(path)) or None
    except OSError:
        return None
