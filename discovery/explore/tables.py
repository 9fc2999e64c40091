"""What a device's tables said last time: what stands still by its stamps is answered from here and not asked again.

What is kept: columns over which a stamp stands (`stamps.OVER`), and the names of what the device did not have. Both are
forgotten with a restart, when the stamp moved, and after a week all the same: a stamp may lie.
"""

from __future__ import annotations

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from discovery.asking import Address, Answer, Index, Oid, Value
from discovery.explore.stamps import Stamps, is_fleeting

WEEK_S: Final = 7 * 86_400.0
"""After this long everything is read again."""
DAY_S: Final = 86_400.0
"""After this long a device is asked again for what it did not have."""

MAX_PACKED: Final = 1 << 20
MAX_PLAIN: Final = 16 << 20

Column = Mapping[Index, Value]


class BadTables(ValueError):
    """Bytes that are no kept tables."""


@dataclass(frozen=True, slots=True)
class Tables:
    """`columns`: OID of a column → all its rows. `absent`: OID of a column or instance → when it was not there.

    `at`: since when nothing older is in here. Times in seconds since 1970.
    """

    columns: Mapping[str, Column] = field(default_factory=dict)
    absent: Mapping[str, float] = field(default_factory=dict)
    at: float = 0.0


NOTHING: Final = Tables()


@dataclass(slots=True)
class Memory:
    """Tables of the last time, as far as they hold now, and those to keep for the next."""

    before: Tables
    stamps: Stamps
    at: float
    columns: dict[str, Column] = field(default_factory=dict)
    absent: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 <= self.at - self.before.at < WEEK_S:
            self.before = Tables(at=self.at)

    def column(self, oid: str) -> Column | None:
        """Return what a column says, None where the device has to be asked."""
        found = self.before.columns.get(oid)
        if found is None or not self.stamps.still(oid):
            return None
        self.columns[oid] = found
        return found

    def is_absent(self, oid: str) -> bool:
        """Return whether the device is taken not to have a column or instance, as it did not before."""
        asked_at = self.before.absent.get(oid)
        if asked_at is None or not (0 <= self.at - asked_at < DAY_S and self.stamps.nothing_moved):
            return False
        self.absent[oid] = asked_at
        return True

    def walked(self, oids: Iterable[str], answer: Answer) -> None:
        """Take a complete answer into account."""
        if answer.failure:
            return
        for oid in oids:
            found = answer.columns.get(oid, {})
            if self.stamps.is_told(oid):
                self.columns[oid] = found
            elif not found and not is_fleeting(oid):
                self.absent[oid] = self.at

    def got(self, oids: Iterable[str], answer: Answer) -> None:
        """Take note of instances that are not there."""
        if not answer.failure:
            self.absent |= dict.fromkeys((oid for oid in oids if oid not in answer.values), self.at)

    @property
    def now(self) -> Tables:
        return Tables(self.columns, self.absent, self.before.at)


# --- as bytes


def pack(tables: Tables) -> bytes:
    """Return tables as bytes; raise `BadTables` when they are more than is kept."""
    said = {
        "at": tables.at,
        "absent": dict(tables.absent),
        "columns": {
            oid: {".".join(map(str, index)): _said(value) for index, value in column.items()}
            for oid, column in tables.columns.items()
        },
    }
    plain = json.dumps(said, separators=(",", ":"), sort_keys=True).encode()
    packed = zlib.compress(plain)
    if len(plain) > MAX_PLAIN or len(packed) > MAX_PACKED:
        raise BadTables("more than is kept of one device")
    return packed


def unpack(packed: bytes) -> Tables:
    """Return what was packed; raise `BadTables`."""
    try:
        opened = zlib.decompressobj()
        plain = opened.decompress(packed[: MAX_PACKED + 1], MAX_PLAIN)
        if not opened.eof:
            raise BadTables("longer than anything that is kept, or cut off")
        said = json.loads(plain)
        columns = {str(oid): _column(column) for oid, column in said["columns"].items()}
        absent = {str(oid): float(at) for oid, at in said["absent"].items()}
        return Tables(columns, absent, float(said["at"]))
    except BadTables:
        raise
    except (zlib.error, ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise BadTables(f"no kept tables: {type(error).__name__}") from error


def _column(said: Mapping[str, Any]) -> Column:
    return {_index(index): _value(value) for index, value in said.items()}


def _index(said: str) -> Index:
    return tuple(map(int, said.split("."))) if said else ()


def _said(value: Value) -> int | str:
    """Return a value as JSON has it: the letter before a text says of which kind it is."""
    if isinstance(value, int):
        return value
    if isinstance(value, Oid):
        return f"o{value}"
    return ("a" if isinstance(value, Address) else "b") + b64encode(value).decode()


def _value(said: Any) -> Value:
    if isinstance(said, int):
        return int(said)
    kind, text = said[:1], said[1:]
    if kind == "o":
        return Oid(text)
    octets = b64decode(text, validate=True)
    if kind not in ("a", "b"):
        raise BadTables("a value of no known kind")
    return Address(octets) if kind == "a" else octets
