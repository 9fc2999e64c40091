"""Lines of the UPS management protocol as words (RFC 9271 §4.1): one declared error, `BadLine`."""

from __future__ import annotations

import re
from typing import Final

MAX_LINE: Final = 4096
MAX_WORDS: Final = 32
_WORD: Final = re.compile(r'[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))(?=[ \t]|$)', re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


class BadLine(ValueError):
    """A line that is none of the protocol."""


def words(line: bytes) -> list[str]:
    """Return the words of a line without its end: blanks part them, except between quotes; raise `BadLine`.

    In quotes a backslash takes the meaning from the quote or backslash after it.
    """
    if len(line) > MAX_LINE:
        raise BadLine(f"{len(line)} octets")
    text, at, found = line.decode("utf-8", "replace").rstrip(), 0, list[str]()
    while at < len(text):
        word = _WORD.match(text, at)
        if word is None or len(found) == MAX_WORDS:
            raise BadLine("quotes that do not close, or too many words")
        found.append(word[2] if word[1] is None else _ESCAPED.sub(r"\1", word[1]))
        at = word.end()
    return found


def is_name(text: str) -> bool:
    """Return whether a word may be sent as the name of a device: of a hostile server's words one could be a command."""
    return 0 < len(text) <= 255 and re.fullmatch(r"[A-Za-z0-9._@:-]+", text) is not None
