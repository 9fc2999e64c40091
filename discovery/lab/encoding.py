"""Values as they stand in a message, and facts: what a device tells, by instance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from discovery.snmp.ber import INTEGER, OBJECT, OCTETS, encode_index, encode_integer, encode_oid, tlv

Facts = dict[str, bytes]
"""Instance ("1.3.6.1.2.1.1.5.0") → its encoded value."""

ADDRESS: Final = 0x40
COUNTER: Final = 0x41
GAUGE: Final = 0x42
TICKS: Final = 0x43
COUNTER64: Final = 0x46


def text(value: str | bytes) -> bytes:
    """Return an OCTET STRING."""
    return tlv(OCTETS, value if isinstance(value, bytes) else value.encode())


def number(value: int, tag: int = INTEGER) -> bytes:
    """Return an integer; under every tag but INTEGER it is unsigned, which its encoding is as well when positive."""
    return encode_integer(value, tag)


def identifier(oid: str) -> bytes:
    """Return an OBJECT IDENTIFIER; ValueError when it is none."""
    return tlv(OBJECT, encode_oid(oid) if oid.count(".") else encode_index((0,)))


def address(value: str) -> bytes:
    """Return an IpAddress."""
    return tlv(ADDRESS, octets_of(value))


def octets_of(value: str) -> bytes:
    """Return the octets of an IPv4 address or of a MAC with colons."""
    if ":" in value:
        return bytes.fromhex(value.replace(":", ""))
    return bytes(int(part) for part in value.split("."))


def index_of(octets: bytes) -> str:
    """Return octets as they stand in an index."""
    return ".".join(map(str, octets))


def rows(entry: str, columns: Mapping[int, Mapping[str, bytes]]) -> Facts:
    """Return a table: column → index → value."""
    return {f"{entry}.{column}.{index}": value for column, some in columns.items() for index, value in some.items()}


def joined(parts: Iterable[Facts]) -> Facts:
    """Return facts together; what comes later wins."""
    found: Facts = {}
    for part in parts:
        found |= part
    return found
