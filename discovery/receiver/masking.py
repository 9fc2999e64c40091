"""Takes out of a text what follows a word that announces a secret: commands are logged with the passwords in them."""

from __future__ import annotations

import re
from typing import Final

HIDDEN: Final = "••••"
_ANNOUNCED: Final = re.compile(
    r"(?i)(?<![a-z])(?:(?:pass(?:word|wd|phrase|code)?|(?:psk)?secret|(?:auth|priv)-pwd|community|cipher|psk|(?:pre-)?shared-key|key-string|"
    r"(?:auth|priv|api|md5)[-_]?key|key|token|credentials?)(?![a-z])[\"']?[\s:=\[(]+|(?:sha\d*|md5)\s+)(?=\S)"
)
_NOT_SAID: Final = re.compile(
    r"(?i)(?:for|from|is|was|has|have|been|on|of|to|and|or|by|in|must|not|auth\w*|change[ds]?|expire[ds]?|fail\w*|"
    r"accepted|incorrect|invalid|wrong|mismatch\w*|exchange|type|id|fingerprint)(?![a-z])"
)
"""Words behind which no secret stands: the text speaks of one, and does not tell it."""


def masked(text: str) -> str:
    """Return `text` up to the first secret it tells; what stands behind one may belong to it."""
    for found in _ANNOUNCED.finditer(text):
        if not _NOT_SAID.match(text, found.end()):
            return text[: found.end()] + HIDDEN
    return text
