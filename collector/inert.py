"""Makes text from devices harmless to look at: what cannot be seen, or turns the line round, is shown as a mark."""

from __future__ import annotations

import re

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_PICTURES = 0x2400
"""U+2400 to U+2421 picture the control characters, U+241B the one that drives terminals."""


def visible(text: str) -> str:
    """Return `text` with a mark for every control, direction and zero-width character; tab and line feed stay."""
    return _HIDDEN.sub(_mark, text)


def _mark(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x20:
        return chr(_PICTURES + code)
    return "\u2421" if code == 0x7F else f"[U+{code:04X}]"


def shorten(text: str, limit: int) -> str:
    """Return `text` with its middle left out where it is longer than `limit`: both ends of an identifier tell."""
    if len(text) <= limit:
        return text
    tail = max(6, limit // 3)
    return f"{text[: limit - tail - 1]}…{text[-tail:]}"
