"""What is its owner's is taken out of values a device told: names, places, addresses, secrets.

What a definition is written from stays: models, versions, serial numbers, and which instance says them. A name that
only a table of the maker knows cannot be told from a product's; whoever passes a sample on looks it over first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Set
from typing import Final

from discovery.asking import Address, Index, Value
from discovery.device import SYS_CONTACT, SYS_LOCATION, SYS_NAME
from discovery.text import readable

ADDRESS: Final = Address(bytes((192, 0, 2, 1)))
"""Stands for every address: TEST-NET-1 (RFC 5737)."""

MAX_OCTETS: Final = 255
MIN_NAME: Final = 3
_ADDRESS_OCTETS: Final = (4, 16)
_MAC_OCTETS: Final = 6
_KNOWN: Final = {SYS_CONTACT: b"contact", SYS_NAME: b"host", SYS_LOCATION: b"place"}
_HOST: Final = re.compile(r"^((?:Linux|FreeBSD|NetBSD|OpenBSD|DragonFly|SunOS|Darwin|AIX|HP-UX) )(?!\d)\S+")
_VERSION: Final = re.compile(r"\b(?:v|ver|version|release|rev|fw|firmware|sw|software|build)[ .:=_(-]*$", re.IGNORECASE)
_IPV4: Final = re.compile(r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.])")
_HEX: Final = "[0-9A-Fa-f]{1,4}"
_PLAIN: Final = (
    (re.compile(r"-----BEGIN .*", re.DOTALL), "secret"),
    (re.compile(r"(?i)\b(pass(?:word|wd|phrase)?|secret|community|psk|token|key)(\s*[=:]\s*)\S+"), r"\1\2secret"),
    (re.compile(r"\$\w{1,8}\$\S+"), "secret"),
    (re.compile(r"(?<![\w/+])[\w/+]{40,}={0,2}"), "secret"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*"), "user@example.org"),
    (re.compile(r"://[^\s/:]+"), "://example.org"),
    (re.compile(r"\b((?:[0-9A-Fa-f]{2}[:-]){3})(?:[0-9A-Fa-f]{2}[:-]){2}[0-9A-Fa-f]{2}\b"), r"\g<1>00:00:00"),
    (re.compile(r"\b([0-9A-Fa-f]{4}\.[0-9A-Fa-f]{2})[0-9A-Fa-f]{2}\.[0-9A-Fa-f]{4}\b"), r"\g<1>00.0000"),
    (re.compile(rf"(?<![\w:])(?:{_HEX}:){{7}}{_HEX}(?![\w:])"), "2001:db8::1"),
    (re.compile(rf"(?<![\w:])(?:{_HEX}:){{1,6}}:(?:{_HEX}(?::{_HEX}){{0,5}})?(?![\w:])"), "2001:db8::1"),
    (re.compile(r"\b[\w-]+(?:\.[\w-]+)*\.(?:com|net|org|edu|gov|cn|local|lan|internal|corp)\b"), "example.org"),
)  # fmt: skip


class Scrub:
    """Scrubs the values of one device; `hidden`: words of its owner's that are known, names and secrets."""

    def __init__(self, hidden: Iterable[str] = ()) -> None:
        words = {word for each in hidden for word in (each, each.partition(".")[0]) if len(word) >= MIN_NAME}
        longest = sorted(words, key=len, reverse=True)
        self._hidden = re.compile("|".join(map(re.escape, longest)), re.IGNORECASE) if longest else None

    def value(self, oid: str, value: Value) -> Value:
        """Return what may be shown of the value of an instance."""
        if oid in _KNOWN:
            return _KNOWN[oid]
        if isinstance(value, Address):
            return value if not any(value) else ADDRESS
        return self._octets(value) if isinstance(value, bytes) else value

    def _octets(self, raw: bytes) -> bytes:
        raw = raw[:MAX_OCTETS]
        text = _text(raw)
        if text is None:  # of what is no text the maker's part of a MAC is all that helps
            kept = 0 if len(raw) in _ADDRESS_OCTETS else 3
            return raw[:kept] + b"\0" * len(raw[kept:])
        return self.text(text).encode()

    def text(self, text: str) -> str:
        """Return `text` with what is its owner's replaced by words of the same kind."""
        text = _HOST.sub(r"\1host", text)
        for pattern, instead in _PLAIN:
            text = pattern.sub(instead, text)
        text = _IPV4.sub(lambda found: _address(text, found), text)
        return self._hidden.sub("hidden", text) if self._hidden else text


def _text(raw: bytes) -> str | None:
    """Return octets as text; what has the length of an address is one, unless it is plain ASCII."""
    return readable(raw) if raw.isascii() or len(raw) not in (*_ADDRESS_OCTETS, _MAC_OCTETS) else None


def _address(text: str, found: re.Match[str]) -> str:
    """Return what stands for four numbers and dots: versions are written so, too, and say that they are one."""
    return found[0] if _VERSION.search(text[: found.start()]) else "192.0.2.1"


def speaks_of(index: Index, addresses: Set[Index]) -> bool:
    """Return whether an instance is named by a text, or by one of `addresses`: its OID itself would tell."""
    windows = (index[at : at + octets] for octets in (*_ADDRESS_OCTETS, _MAC_OCTETS) for at in range(len(index)))
    return any(window in addresses for window in windows) or any(
        3 <= length <= len(index) - at - 1 and all(32 <= each < 127 for each in index[at + 1 : at + 1 + length])
        for at, length in enumerate(index)
    )


def address_in(value: Value) -> Index | None:
    """Return an address or a MAC as it would stand in an index, None when `value` is none."""
    if not isinstance(value, bytes):
        return None
    bare = len(value) in (*_ADDRESS_OCTETS, _MAC_OCTETS) and _text(value) is None
    return tuple(value) if (isinstance(value, Address) or bare) and any(value) else None
