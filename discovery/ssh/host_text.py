"""What the outputs of a host's commands have in common: parts, words, numbers, rows, all of them bounded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from discovery.failures import Failed
from discovery.text import cleaned
from wire.sections import MAX_ROWS

Row = dict[str, Any]

MARK: Final = "echo @@"
"""The command that sets parts of an output apart."""
MAX_WORD: Final = 1024
MAX_NUMBER: Final = 1 << 31


def parts(output: str, count: int) -> list[str]:
    """Return the parts of an output. Raises Failed when there are not `count`."""
    found: list[list[str]] = [[]]
    for line in output.splitlines():
        if line == "@@":
            found.append([])
        else:
            found[-1].append(line)
    if len(found) != count:
        raise Failed("unparsed", f"{len(found)} parts, {count} expected")
    return ["\n".join(each) for each in found]


def plain(raw: str) -> str | None:
    """Return a host's word without control characters; None when nothing is left."""
    return cleaned(raw).replace("\n", " ")[:MAX_WORD].strip() or None


def whole(raw: str, most: int = MAX_NUMBER) -> int | None:
    """Return a number from 0 to `most`, None for anything else."""
    raw = raw.strip()
    if not (raw.isascii() and raw.isdecimal()) or len(raw) > 20:
        return None
    return int(raw) if int(raw) <= most else None


def rows_of(rows: Iterable[Row], *key: str) -> list[Row]:
    """Return rows, the later of two with one key. Raises Failed when they are too many."""
    found: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        found[tuple(row[name] for name in key)] = row
        if len(found) > MAX_ROWS:
            raise Failed("budget", f"more than {MAX_ROWS} rows")
    return list(found.values())
