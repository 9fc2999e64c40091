"""Variables: names and the values of SMIv2 (RFC 3416 §3, RFC 2578 §7.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from discovery.asking import Address, Oid, Value
from discovery.snmp.ber import (
    INTEGER,
    NULL,
    OBJECT,
    OCTETS,
    SEQUENCE,
    Malformed,
    header,
    inside,
    oid_text,
    signed,
    unsigned32,
    unsigned64,
)

COUNTER32: Final = 0x41
TIMETICKS: Final = 0x43
NO_SUCH_OBJECT: Final = 0x80
NO_SUCH_INSTANCE: Final = 0x81
END_OF_MIB_VIEW: Final = 0x82

Binding = tuple[bytes, int, Value | None]
"""A variable: its name as content octets, not yet checked; the tag of its value; the value."""


def variables(data: bytes, at: int, end: int) -> list[Binding]:
    """Read variables. Every length in one octet is the usual form, and counters are most values: they are read at once.

    This loop is what a walk costs.
    """
    found: list[Binding] = []
    try:
        while at < end:
            name = at + 4
            named = name + data[at + 3]
            start = named + 2
            stop = start + data[named + 1]
            if stop - at != data[at + 1] + 2 or data[at] != SEQUENCE or data[at + 2] != OBJECT or stop - at > 0x81:
                name, named, start, stop = _variable(data, at, end)
            tag = data[named]
            if COUNTER32 <= tag <= TIMETICKS and start < stop <= start + 4:
                found.append((data[name:named], tag, int.from_bytes(data[start:stop])))
            else:
                found.append((data[name:named], tag, READERS[tag](data[start:stop])))
            at = stop
    except IndexError:
        raise Malformed("cut off") from None
    except KeyError as unknown:
        raise Malformed(f"a value with tag {unknown.args[0]:#04x}") from None
    if at != end:
        raise Malformed("a variable beyond what holds it")
    return found


def _variable(data: bytes, at: int, end: int) -> tuple[int, int, int, int]:
    """Return where name and value of the variable at `at` start, and where the value's content starts and stops."""
    at, stop = inside(data, at, end, SEQUENCE)
    name, named = inside(data, at, stop, OBJECT)
    _, start, end = header(data, named, stop)
    if end != stop:
        raise Malformed("octets after a value")
    return name, named, start, stop


def _address(content: bytes) -> Address:
    if len(content) != 4:
        raise Malformed(f"an IpAddress of {len(content)} octets")
    return Address(content)


def _nothing(content: bytes) -> None:
    if content:
        raise Malformed("a NULL with content")


def _identifier(content: bytes) -> Oid:
    return Oid(oid_text(content))


READERS: Final[Mapping[int, Callable[[bytes], Value | None]]] = {
    INTEGER: signed, OCTETS: bytes, NULL: _nothing, OBJECT: _identifier,
    0x40: _address,         # IpAddress
    COUNTER32: unsigned32,
    0x42: unsigned32,       # Gauge32, Unsigned32
    TIMETICKS: unsigned32,
    0x44: bytes,            # Opaque
    0x46: unsigned64,       # Counter64
    0x47: unsigned32,       # UInteger32 of party-based SNMPv2, still sent by some
    NO_SUCH_OBJECT: _nothing, NO_SUCH_INSTANCE: _nothing, END_OF_MIB_VIEW: _nothing,
}  # fmt: skip
"""Tag → how its content is read (RFC 2578 §7.1)."""
