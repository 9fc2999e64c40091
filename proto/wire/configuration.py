"""Configurations as texts: their content address, how they are kept, and what of them people are shown.

A secret stands in them as a token, `<secret:…>`, a keyed hash; or as `<secret>`, where nothing can be told of it.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from typing import Final

from wire.sections import MAX_BODY_BYTES

MAX_OCTETS: Final = MAX_BODY_BYTES // 2 - 4096
"""Of a text in JSON: what runs and what starts travel in one body."""
SALTED: Final = "<secret>"
HIDDEN: Final = "••••"
SHOWN: Final = f"{HIDDEN} changed"
_TOKEN: Final = re.compile(r"<secret(?::[0-9a-f]{16})?>")


class Damaged(ValueError):
    """What was kept is not what its address says."""


def address(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def packed(text: str) -> bytes:
    return zlib.compress(text.encode("utf-8", "replace"), 6)


def unpacked(kept: bytes, sha256: str) -> str:
    """Return the text kept under an address. Raises Damaged."""
    unpacking = zlib.decompressobj()
    try:
        raw = unpacking.decompress(kept, MAX_OCTETS)
        text = raw.decode("utf-8")
    except (zlib.error, UnicodeDecodeError) as error:
        raise Damaged(str(error)) from None
    if not unpacking.eof or unpacking.unused_data or address(text) != sha256:
        raise Damaged("not what its address says")
    return text


def bare(line: str) -> str:
    """Return a line without what tells its secrets apart: two lines that differ in secrets alone are equal then."""
    return _TOKEN.sub(SALTED, line)


def veiled(text: str, other: str = "") -> str:
    """Return a line for people: `••••` for its secrets, `•••• changed` where they are not those of line `other`."""
    theirs = _TOKEN.findall(other)
    tokens = iter(range(text.count("<secret")))

    def veil(found: re.Match[str]) -> str:
        at = next(tokens)
        return SHOWN if at < len(theirs) and theirs[at] != found[0] else HIDDEN

    return _TOKEN.sub(veil, text)
