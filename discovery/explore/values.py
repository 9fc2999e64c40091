"""Values of a device in the form the section catalogue wants: what reads one returns None when it says nothing.

None of them raises: what a device sends in a place where it does not belong is not told.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from discovery.asking import Address, Index, Oid, Value
from discovery.placeholders import says_something
from discovery.text import readable, shown, text

Decode = Callable[[Value], Any]
"""What makes the value of a field out of what was told; None when there is none."""

_MAC_TEXT: Final = re.compile(r"(?:[0-9A-Fa-f]{1,2}[:-]){5}[0-9A-Fa-f]{1,2}|(?:[0-9A-Fa-f]{4}[.-]){2}[0-9A-Fa-f]{4}")
_WWN_TEXT: Final = re.compile(r"(?:0x)?((?:[0-9A-Fa-f]{2}[ :-]?){7}[0-9A-Fa-f]{2})")
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,9})?")
_NO_MAC: Final = frozenset({b"\0" * 6, b"\xff" * 6})
_NO_ADDRESS: Final = frozenset({"0.0.0.0", "::", "255.255.255.255"})  # noqa: S104  values, nothing listens
MAX_NUMBER: Final = 2**63 - 1


@lru_cache(maxsize=8192)
def words(value: Value) -> str | None:
    """Return one line of text; None for what fills a field without saying anything."""
    line = shown(text(value))
    return line if line and says_something("text", line) else None


def serial(value: Value) -> str | None:
    """Return a serial number."""
    line = words(value)
    return line if line and says_something("serial", line) else None


def prose(value: Value) -> str | None:
    """Return text of several lines, as told."""
    return text(value) or None


def whole(value: Value) -> int | None:
    """Return a number within bounds; digits in a string are one."""
    if isinstance(value, int):
        return value if abs(value) <= MAX_NUMBER else None
    found = _NUMBER.match(text(value))
    return int(float(found[0])) if found else None


def positive(value: Value) -> int | None:
    """Return a number above zero: where zero and less stand for unknown."""
    number = whole(value)
    return number if number is not None and number > 0 else None


def times(factor: float, lowest: float = -1e15, digits: int = 3) -> Decode:
    """Return what reads a number in steps of `factor`; below `lowest` stands for unknown."""

    def read(value: Value) -> float | None:
        number = _number(value)
        return round(number * factor, digits) if number is not None and number >= lowest else None

    return read


def counted(factor: float, lowest: int = 0) -> Decode:
    """Return what reads a whole number in steps of `factor`; below `lowest` stands for unknown."""

    def read(value: Value) -> int | None:
        number = _number(value)
        found = lowest - 1 if number is None else round(number * factor)
        return found if lowest <= found <= MAX_NUMBER else None

    return read


def _number(value: Value) -> float | None:
    if isinstance(value, int):
        return float(value) if abs(value) <= MAX_NUMBER else None
    found = _NUMBER.match(text(value))
    return float(found[0]) if found else None


def word(of: Mapping[int, str], other: str | None = None) -> Decode:
    """Return what reads an enumeration; `other` for what it does not name."""

    def read(value: Value) -> str | None:
        number = whole(value)
        return None if number is None else of.get(number, other)

    return read


def one_of(of: Mapping[str, str], other: str | None = None) -> Decode:
    """Return what reads an enumeration told in words, by their beginning in lower case.

    A word that otherwise says nothing, such as `unknown`, may be one of them.
    """

    def read(value: Value) -> str | None:
        said = shown(text(value)).casefold()
        return next(
            (meaning for start, meaning in of.items() if said.startswith(start)), other if words(value) else None
        )

    return read


def truth(value: Value) -> bool | None:
    """Return a TruthValue (RFC 2579): 1 true, 2 false."""
    return {1: True, 2: False}.get(value) if isinstance(value, int) else None


def mac(value: Value) -> str | None:
    """Return a MAC in lower case with colons, from six octets or from text."""
    if isinstance(value, bytes) and len(value) == 6:
        return None if value in _NO_MAC else value.hex(":")
    said = text(value).strip() if isinstance(value, bytes) else ""
    if not _MAC_TEXT.fullmatch(said):
        return None
    parts = re.split("[:.-]", said)
    raw = bytes.fromhex("".join(part.zfill(12 // len(parts)) for part in parts))
    return None if raw in _NO_MAC else raw.hex(":")


def wwn(value: Value) -> str | None:
    """Return a world wide name in lower case with colons, from eight octets (or sixteen, half of them zero) or text."""
    if isinstance(value, bytes) and len(value) in (8, 16):
        raw = value[:8] if not any(value[8:]) else value
        return raw.hex(":") if any(raw) else None
    found = _WWN_TEXT.fullmatch(text(value).strip())
    digits = re.sub("[ :-]", "", found[1]).lower() if found else ""
    return bytes.fromhex(digits).hex(":") if digits.strip("0") else None


def uuid(value: Value) -> str | None:
    """Return a UUID in lower case, from sixteen octets as they stand or from text."""
    digits = value.hex() if isinstance(value, bytes) and len(value) == 16 else re.sub("[^0-9a-fA-F]", "", text(value))
    if len(digits) != 32 or len(set(digits)) < 3:
        return None
    plain = digits.lower()
    return "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))


def ip(value: Value) -> str | None:
    """Return an address as text, from 4 or 16 octets (a zone behind them is left out) or from text."""
    try:
        if isinstance(value, bytes) and len(value) in (4, 8, 16, 20):
            found = str(ipaddress.ip_address(bytes(value[: 4 if len(value) in (4, 8) else 16])))
        else:
            found = str(ipaddress.ip_address(text(value).strip()))
    except ValueError:
        return None
    return None if found in _NO_ADDRESS else found


def ip_of(numbers: Index) -> str | None:
    """Return an address that stands in an index."""
    return ip(Address(bytes(numbers))) if all(number < 256 for number in numbers) else None


def oid(value: Value) -> str | None:
    """Return an object identifier."""
    return str(value) if isinstance(value, Oid) else None


def day(value: Value) -> str | None:
    """Return the date of a DateAndTime (RFC 2579), or what stands there as text."""
    if isinstance(value, bytes) and len(value) in (8, 11):
        year, month, at = int.from_bytes(value[:2], "big"), value[2], value[3]
        if 1980 <= year < 2200 and 1 <= month <= 12 and 1 <= at <= 31:
            return f"{year:04d}-{month:02d}-{at:02d}"
    return words(value) if isinstance(value, bytes) and readable(value) else None


def bits(raw: Value) -> list[int]:
    """Return the numbers of the set bits of a bit string (RFC 2578 BITS, Q-BRIDGE PortList): 0 is the first."""
    if not isinstance(raw, bytes):
        return []
    return [at * 8 + bit for at, octet in enumerate(raw[:8192]) if octet for bit in range(8) if octet >> (7 - bit) & 1]
