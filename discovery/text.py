"""SNMP values as text: bounded, printable, whatever the device sent."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from discovery.asking import Address, Value

MAX_TEXT: Final = 2048
MAX_SHOWN: Final = 255
_BLANKS: Final = re.compile(r"[^\S\n]+")
_BINARY: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_CONTROLS: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff]")


def dotted(numbers: Iterable[int]) -> str:
    """Return an object identifier in numbers and dots, without a leading dot."""
    return ".".join(map(str, numbers))


def text(value: Value) -> str:
    """Return a value as text of at most `MAX_TEXT` characters: line ends are `\\n`, runs of blanks one blank.

    An address is dotted; an OCTET STRING that is no text (UTF-8, GB 18030 or Latin-1) is hexadecimal.
    """
    if isinstance(value, Address):
        return dotted(value)
    if not isinstance(value, bytes):
        return str(value)
    read = readable(value)
    return hexadecimal(value.rstrip(b"\0\xff ")) if read is None else read


@lru_cache(maxsize=512)  # every condition of every candidate reads the same few values
def readable(raw: bytes) -> str | None:
    """Return an OCTET STRING as `text` does, None when it is no text."""
    decoded = _decoded(raw)
    return None if decoded is None else cleaned(decoded)


def cleaned(raw: str) -> str:
    """Return `raw` without control characters, in the form `text` has."""
    lines = raw[: MAX_TEXT * 2].replace("\r\n", "\n").replace("\r", "\n")
    plain = _BLANKS.sub(" ", _CONTROLS.sub(" ", lines))
    if not plain.isprintable():  # line ends, and what no font has: private use, unassigned, halves of pairs
        plain = "".join(each if each == "\n" or each.isprintable() else " " for each in plain)
    return plain.strip()[:MAX_TEXT]


def shown(raw: str) -> str:
    """Return text as a result carries it: one line of at most `MAX_SHOWN` characters."""
    return " ".join(raw.split())[:MAX_SHOWN].strip()


def hexadecimal(raw: bytes) -> str:
    """Return up to 64 bytes in hexadecimal."""
    return raw[:64].hex()


def mac(raw: bytes) -> str:
    """Return an address of the data link with colons."""
    return raw[:8].hex(":")


def _decoded(raw: bytes) -> str | None:
    raw = raw[: MAX_TEXT * 4].rstrip(b"\0\xff ")
    plain = raw.partition(b"\0")[0] or raw  # what firmware leaves behind the NUL of a C string is no text
    if _BINARY.search(plain):
        return None
    for encoding in ("utf-8", "gb18030"):
        try:
            return plain.decode(encoding)
        except UnicodeDecodeError:
            continue
    return plain.decode("latin-1")
