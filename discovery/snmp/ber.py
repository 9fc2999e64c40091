"""BER as SNMP restricts it (RFC 3417 §8, X.690): encoding, and a decoder bounded by offsets into one datagram.

Nothing here recurses: SNMP's grammar has a fixed depth, so nesting has a bound by construction. Every position is
checked against the end of what holds it. Object identifiers stay encoded, since most are only compared for equality
or by prefix. Their bytes do not sort as identifiers do (16383 is `ff 7f`, 16384 is `81 80 00`): `index` decodes them
for order.

Accepted beyond the letter, because devices send it: lengths in more octets than needed, integers with leading
octets, unsigned values without the zero that keeps them from being negative, an empty identifier (read as 0.0).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from discovery.asking import Index
from discovery.failures import Failed

INTEGER: Final = 0x02
OCTETS: Final = 0x04
NULL: Final = 0x05
OBJECT: Final = 0x06
SEQUENCE: Final = 0x30

MAX_SUBIDS: Final = 128
MAX_SUBID: Final = 0xFFFFFFFF
MAX_OID_OCTETS: Final = 5 * MAX_SUBIDS
MAX_LENGTH_OCTETS: Final = 4
MAX_INTEGER_OCTETS: Final = 8

SHORT_OCTETS: Final = 2
SHORT: Final[dict[bytes, Index]] = {}
"""Content octets → sub-identifiers, of the indexes nearly every table has: each is decoded once, and kept once.

There are no more than 2¹⁵ of them.
"""


class Malformed(Failed):
    """A datagram that is not what it has to be; the one error of everything that decodes here."""

    def __init__(self, detail: str) -> None:
        super().__init__("malformed", detail)


# --- encoding


def tlv(tag: int, content: bytes) -> bytes:
    """Return `content` under `tag`, its length in as few octets as it takes."""
    return head(tag, len(content)) + content


def head(tag: int, size: int) -> bytes:
    """Return what stands before `size` octets of content."""
    if size < 0x80:
        return bytes((tag, size))
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets


def encode_integer(value: int, tag: int = INTEGER) -> bytes:
    """Return an integer of any size, two's complement, in as few octets as it takes."""
    bits = (value if value >= 0 else ~value).bit_length()
    return tlv(tag, value.to_bytes(bits // 8 + 1, "big", signed=True))


@lru_cache(maxsize=8192)
def encode_oid(text: str) -> bytes:
    """Return the content octets of an identifier ("1.3.6.1", a leading dot is allowed); ValueError when it is none."""
    subids = [int(each) for each in text.removeprefix(".").split(".")]
    if len(subids) < 2 or len(subids) > MAX_SUBIDS or not 0 <= subids[0] <= 2 or (subids[0] < 2 and subids[1] > 39):
        raise ValueError(f"not an object identifier: {text[:60]!r}")
    return encode_index((subids[0] * 40 + subids[1], *subids[2:]))


def encode_index(subids: Index) -> bytes:
    """Return sub-identifiers as content octets, base 128."""
    octets = bytearray()
    for subid in subids:
        if not 0 <= subid <= MAX_SUBID:
            raise ValueError(f"not a sub-identifier: {subid}")
        for shift in range(7 * (max(subid.bit_length() - 1, 0) // 7), 0, -7):
            octets.append(0x80 | subid >> shift & 0x7F)
        octets.append(subid & 0x7F)
    return bytes(octets)


# --- decoding


def header(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Return the tag of the value at `at`, and where its content starts and stops; it stops at or before `end`."""
    if at >= end:
        raise Malformed("cut off")
    start, stop = inside(data, at, end, data[at])
    return data[at], start, stop


def inside(data: bytes, at: int, end: int, tag: int) -> tuple[int, int]:
    """Return where the content of the value at `at` starts and stops; it must have `tag`."""
    start = at + 2
    if start > end:
        raise Malformed("cut off")
    if data[at] != tag:
        raise Malformed(f"tag {data[at]:#04x} where {tag:#04x} belongs")
    size = data[at + 1]
    if size >= 0x80:
        size, start = long_length(data, at + 1, end)
    stop = start + size
    if stop > end:
        raise Malformed("a length beyond what holds it")
    return start, stop


def long_length(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Return the length in long form at `at`, and where its content starts."""
    octets = data[at] & 0x7F
    start = at + 1 + octets
    if not 1 <= octets <= MAX_LENGTH_OCTETS:
        raise Malformed("an indefinite or excessive length")
    if start > end:
        raise Malformed("cut off")
    return int.from_bytes(data[at + 1 : start], "big"), start


def integer(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Return the INTEGER at `at`, and where it stops."""
    start, stop = inside(data, at, end, INTEGER)
    if not 0 < stop - start <= MAX_INTEGER_OCTETS:
        raise Malformed(f"an integer of {stop - start} octets")
    return int.from_bytes(data[start:stop], "big", signed=True), stop


def signed(content: bytes) -> int:
    """Return an integer of up to 64 bits."""
    if not 0 < len(content) <= MAX_INTEGER_OCTETS:
        raise Malformed(f"an integer of {len(content)} octets")
    return int.from_bytes(content, "big", signed=True) if content[0] >= 0x80 else int.from_bytes(content)


def unsigned32(content: bytes) -> int:
    """Return an unsigned value of up to 32 bits."""
    size = len(content)
    if not 0 < size <= 4 and (size != 5 or content[0]):
        raise Malformed(f"an unsigned value of {size} octets, at most 4")
    return int.from_bytes(content)


def unsigned64(content: bytes) -> int:
    """Return an unsigned value of up to 64 bits."""
    size = len(content)
    if not 0 < size <= 8 and (size != 9 or content[0]):
        raise Malformed(f"an unsigned value of {size} octets, at most 8")
    return int.from_bytes(content)


def index(content: bytes) -> Index:
    """Return the sub-identifiers of content octets; as tuples they sort as identifiers do (RFC 3416 §2)."""
    size = len(content)
    found = tuple(content) if size <= MAX_SUBIDS and content.isascii() else _long_subids(content)
    if size <= SHORT_OCTETS:
        SHORT[content] = found
    return found


def _long_subids(content: bytes) -> Index:
    if len(content) > MAX_OID_OCTETS:
        raise Malformed(f"an object identifier of {len(content)} octets")
    subids: list[int] = []
    begun = 0
    for octet in content:
        if octet < 0x80:
            subids.append(begun | octet)
            begun = 0
        elif octet == 0x80 and not begun:
            raise Malformed("a padded sub-identifier")
        else:
            begun = (begun | octet & 0x7F) << 7
    if begun:
        raise Malformed("a sub-identifier cut off")
    if max(subids) > MAX_SUBID or len(subids) > MAX_SUBIDS:
        raise Malformed("a sub-identifier beyond 32 bits, or too many of them")
    return tuple(subids)


def oid_text(content: bytes) -> str:
    """Return content octets as numbers and dots."""
    subids = index(content)
    if not subids:
        return "0.0"
    first = min(subids[0] // 40, 2)
    return ".".join(map(str, (first, subids[0] - 40 * first, *subids[1:])))
