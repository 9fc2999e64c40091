"""What the rule language asks of texts: patterns, versions, addresses, and the numbers they spell."""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import re2

from collector.language.kinds import kind
from collector.language.times import EPOCH, text_of_span, text_of_time
from collector.language.tree import Fault, Unknown

MAX_PATTERN = 500
"""Characters of a pattern."""
MAX_VERSION, MAX_ADDRESS = 200, 100
"""Characters that are looked at; no version and no address is as long."""
WHOLE = re.compile(r"[ \t\r\n\f\v]*([+-]?\d{1,30})[ \t\r\n\f\v]*", re.ASCII)
REAL = re.compile(
    r"[ \t\r\n\f\v]*([+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|nan))[ \t\r\n\f\v]*",
    re.ASCII | re.IGNORECASE,
)
PIECE = re.compile(r"(\D*)(\d*)", re.ASCII)


class BadPattern(ValueError):
    """A regular expression that RE2 does not take, or one that is too long."""


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.max_mem = 4 << 20
    return options


@lru_cache(maxsize=512)
def pattern(text: str) -> Any:
    """Return the compiled RE2 pattern; raise `BadPattern`."""
    if len(text) > MAX_PATTERN:
        raise BadPattern(f"a pattern of more than {MAX_PATTERN} characters")
    try:
        return re2.compile(_octets(text), _options())
    except re2.error as error:
        raise BadPattern("not a pattern of RE2") from error


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def found(compiled: Any, text: str) -> bool:
    """Return whether a compiled pattern is found anywhere in `text`, in time linear in its length."""
    return compiled.search(_octets(text)) is not None


def matches(text: Any, wanted: Any) -> bool:
    """Return whether the pattern `wanted` is found in `text`; a pattern that is none is the rule's fault."""
    if not isinstance(text, str) or not isinstance(wanted, str):
        raise Fault(f"matches: text expected, {kind(text)} and {kind(wanted)} found")
    try:
        return found(pattern(wanted), text)
    except BadPattern as error:
        raise Fault(f"matches: {error}") from error


def lower_ascii(text: Any) -> str:
    """Return `text` with A–Z in lower case and everything else as it is."""
    if not isinstance(text, str):
        raise Fault(f"lowerAscii: text expected, {kind(text)} found")
    return "".join(letter.lower() if "A" <= letter <= "Z" else letter for letter in text)


# --- versions


def version_lt(left: Any, right: Any) -> bool:
    """Return whether version `left` comes before `right`.

    Debian's order (deb-version(7)), in which RPM's and vendors' versions of firmware sort as they mean it, too: an
    epoch before `:` first, then what stands before the last `-`, then what stands behind it. Runs of digits count by
    their value, letters come before other signs, and `~` before everything, the end of the text included.
    """
    if not isinstance(left, str) or not isinstance(right, str):
        raise Fault(f"version_lt: text expected, {kind(left)} and {kind(right)} found")
    return _version(left[:MAX_VERSION]) < _version(right[:MAX_VERSION])


@lru_cache(maxsize=4096)
def _version(text: str) -> tuple[int, list[Any], list[Any]]:
    epoch, colon, rest = text.strip().partition(":")
    if not colon or not (epoch.isascii() and epoch.isdigit()) or len(epoch) > 9:
        epoch, rest = "0", text.strip()
    upstream, dash, revision = rest.rpartition("-")
    return int(epoch), list(_ordered(upstream if dash else rest)), list(_ordered(revision if dash else ""))


def _ordered(text: str) -> Iterator[tuple[tuple[int, ...], int, str]]:
    """Yield of each run of other signs and digits what it is compared by; a number by its length, then its digits."""
    at = 0
    while at < len(text):
        piece = PIECE.match(text, at)
        assert piece is not None
        digits = piece[2].lstrip("0")
        yield (*map(_weight, piece[1]), 0), len(digits), digits
        at = piece.end()
    yield (0,), 0, ""


def _weight(sign: str) -> int:
    if sign == "~":
        return -1
    return ord(sign) if sign.isalpha() else ord(sign) + 0x110000


# --- addresses


def cidr_contains(network: Any, address: Any) -> bool | Unknown:
    """Return whether an address, with or without a prefix length behind it, lies in `network`; IPv4 and IPv6."""
    if not isinstance(network, str) or not isinstance(address, str):
        raise Fault(f"cidr_contains: text expected, {kind(network)} and {kind(address)} found")
    wide, one = _network(network[:MAX_ADDRESS]), _address(address[:MAX_ADDRESS])
    if wide is None or one is None:
        return Unknown("unreadable", (address if wide else network)[:40])
    return one.version == wide.version and one in wide


@lru_cache(maxsize=1024)
def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_interface(text).ip
    except ValueError:
        return None


# --- conversions


def whole(value: Any) -> int | Unknown:
    """Return a real number without its fraction, the seconds of a time since 1970, or the number a text spells."""
    if type(value) is int:
        return value
    if isinstance(value, float):
        if not abs(value) < 2.0**63:
            raise Fault("whole number out of range")
        return int(value)
    if isinstance(value, datetime):
        return (value - EPOCH) // timedelta(seconds=1)
    if not isinstance(value, str):
        raise Fault(f"int: {kind(value)} is no number")
    spelled = WHOLE.fullmatch(value) if len(value) <= 100 else None
    number = int(spelled[1]) if spelled else 2**63
    return number if -(2**63) <= number < 2**63 else Unknown("unreadable", value[:40])


def real(value: Any) -> float | Unknown:
    """Return a number as a real one, or the one a text spells."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, str):
        raise Fault(f"double: {kind(value)} is no number")
    spelled = REAL.fullmatch(value) if len(value) <= 100 else None
    return float(spelled[1]) if spelled else Unknown("unreadable", value[:40])


def spelling(value: Any) -> str:
    """Return `value` as text: numbers the shortest way that reads back the same, times as RFC 3339."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return _digits(value)
        case datetime():
            return text_of_time(value)
        case timedelta():
            return text_of_span(value)
    raise Fault(f"string: {kind(value)} has no text")


def _digits(value: float) -> str:
    """Return the shortest digits that read back as `value`, with an exponent from a million on and below 0.0001."""
    if math.isnan(value) or math.isinf(value):
        return str(value)
    sign = "-" if math.copysign(1, value) < 0 else ""
    mantissa, _, exponent = f"{abs(value):.16e}".partition("e")
    for digits in range(17):
        shorter = f"{abs(value):.{digits}e}"
        if float(shorter) == abs(value):
            mantissa, _, exponent = shorter.partition("e")
            break
    power = int(exponent)
    if -5 < power < 6:
        plain = f"{abs(value):.{max(0, len(mantissa.replace('.', '')) - 1 - power)}f}"
        return sign + plain
    return f"{sign}{mantissa}e{power:+03d}"
