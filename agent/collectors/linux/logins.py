"""Who was logged in of late: the accounting file wtmp, as glibc writes it (utmp(5))."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from agent.collectors.base import Collector
from agent.collectors.bounded import Malformed, read
from wire.sections import Body

WTMP: Final = "var/log/wtmp"
MAX_BYTES: Final = 64 * 1024 * 1024
MAX_SESSIONS: Final = 300
"""The last ones: who was on when something moved of late."""
EVERY_S: Final = 300
"""Each login would be a reason to look, so the clock is."""
_SHORT: Final = struct.Struct("<hxxi32s4s32s256s2hi2i4i20x")
_LONG: Final = struct.Struct("<hxxi32s4s32s256s2hq2q4i20x4x")
"""A record where `ut_session` and `ut_tv` keep to 32 bits (x86, also 64 bit), and where they are longs (ARM64)."""
_RUN_LEVEL, _BOOT, _USER, _DEAD = 1, 2, 7, 8
_TYPES: Final = range(10)
_PSEUDO: Final = ("~", "")
"""Lines that are no terminal: the machine's own starts and stops."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Record:
    kind: int
    line: str
    user: str
    host: str
    at: int


def collect(root: Path) -> Body:
    """Return the rows of `logins`; raise `Unsupported`, `Denied` without wtmp, `Malformed`."""
    return parse_wtmp(read(root / WTMP, MAX_BYTES))


def parse_wtmp(content: bytes) -> list[Row]:
    """Return the last sessions of a wtmp file, the oldest first; raise `Malformed`."""
    sessions = list(_sessions(_records(content)))[-MAX_SESSIONS:]
    return list({(row["at"], row["line"]): row for row in sessions}.values())


def _records(content: bytes) -> Iterator[_Record]:
    shape = next((each for each in (_SHORT, _LONG) if _fits(each, content)), None)
    if shape is None:
        raise Malformed("wtmp: no records of a length that is known")
    for fields in shape.iter_unpack(content):
        yield _Record(fields[0], _text(fields[2]), _text(fields[4]), _text(fields[5]), int(fields[9]))


def _fits(shape: struct.Struct, content: bytes) -> bool:
    """Return whether a file is records of this shape: as many bytes as some, and each of a kind there is."""
    if len(content) % shape.size:
        return False
    return all(struct.unpack_from("<h", content, at)[0] in _TYPES for at in range(0, len(content), shape.size))


def _text(raw: bytes) -> str:
    text = raw.partition(b"\0")[0].decode("utf-8", "replace")
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def _sessions(records: Iterator[_Record]) -> Iterator[Row]:
    """Yield sessions by when they began; one ends with the next word on its line, or with the machine's."""
    rows: list[Row] = []
    open_: dict[str, Row] = {}
    for each in records:
        at = _when(each.at)
        if at is None:
            continue
        if each.kind == _BOOT or (each.kind == _RUN_LEVEL and each.user == "shutdown"):
            for row in open_.values():
                row["ended"] = at
            open_.clear()
        elif each.kind in (_USER, _DEAD) and each.line not in _PSEUDO:
            if ended := open_.pop(each.line, None):
                ended["ended"] = at
            if each.kind == _USER and each.user:
                row = {"at": at, "line": each.line, "user": each.user, **({"origin": each.host} if each.host else {})}
                rows.append(row)
                open_[each.line] = row
    yield from rows


def _when(seconds: int) -> str | None:
    if not 0 < seconds < 2**32:
        return None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


COLLECTOR = Collector("logins", collect, timeout_s=10.0, every_s=EVERY_S)
