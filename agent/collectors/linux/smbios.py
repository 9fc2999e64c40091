"""The SMBIOS structure table (DMTF DSP0134): a walk over its structures, with bounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from agent.collectors.bounded import Malformed

MAX_TABLE = 1024 * 1024
MAX_STRUCTURES = 65_536
"""Handles are 16 bits wide."""
MAX_STRING = 256

_END_OF_TABLE = 127
_HEADER = 4  # type, length, handle


@dataclass(frozen=True, slots=True)
class Structure:
    """One structure: its formatted area, header included, and the strings behind it."""

    type: int
    handle: int
    data: bytes
    strings: tuple[str, ...]

    def number(self, offset: int, size: int) -> int | None:
        """Return a little-endian number of the formatted area, or None in a structure too old to have it."""
        if offset + size > len(self.data):
            return None
        return int.from_bytes(self.data[offset : offset + size], "little")

    def string(self, offset: int) -> str | None:
        """Return the string the byte at `offset` counts to; None for number 0, a blank one or one that is missing."""
        at = self.number(offset, 1) or 0
        return (self.strings[at - 1] or None) if 1 <= at <= len(self.strings) else None


def structures(table: bytes) -> Iterator[Structure]:
    """Yield the structures of a table before its end mark; raise `Malformed` for one that is cut short or too large."""
    if len(table) > MAX_TABLE:
        raise Malformed(f"SMBIOS: {len(table)} bytes")
    at = 0
    for _ in range(MAX_STRUCTURES):
        if len(table) - at < _HEADER:
            return
        kind, length, handle = table[at], table[at + 1], int.from_bytes(table[at + 2 : at + 4], "little")
        if kind == _END_OF_TABLE:  # nothing behind it counts, and firmware is careless about its own end
            return
        if length < _HEADER or at + length > len(table):
            raise Malformed(f"SMBIOS: structure {handle:#06x} claims {length} bytes")
        end = table.find(b"\0\0", at + length)
        if end < 0:
            raise Malformed(f"SMBIOS: the strings of structure {handle:#06x} do not end")
        yield Structure(kind, handle, table[at : at + length], _strings(table[at + length : end]))
        at = end + 2
    raise Malformed(f"SMBIOS: more than {MAX_STRUCTURES} structures")


def _strings(raw: bytes) -> tuple[str, ...]:
    return tuple(part.decode("utf-8", "replace").strip()[:MAX_STRING] for part in raw.split(b"\0")[:255])
