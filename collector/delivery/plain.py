"""Text from devices for places that read markup: what means something there becomes a character that looks like it."""

from __future__ import annotations

import re
from typing import Final

_SPECIAL: Final = "<>[]{}*`#!|\\~&@$"
_PLAIN: Final = {ord(each): ord(each) + 0xFEE0 for each in _SPECIAL}
"""Each has its full-width form 0xFEE0 further on (Unicode, Halfwidth and Fullwidth Forms)."""
_LOOSE: Final = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")


def plain(text: str) -> str:
    """Return `text` so that no reader of markup finds any in it, nor a mention, nor an address to follow."""
    return _LOOSE.sub("＿", text.translate(_PLAIN)).replace("://", ":／／")
