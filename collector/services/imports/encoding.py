"""In which encoding a list was written: UTF-8, UTF-16 or GB18030 (which holds GBK and GB 2312), told by its bytes."""

from __future__ import annotations

import codecs
from typing import Final

MARKS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
SAMPLE: Final = 64 * 1024
_MANY: Final = 0.3
"""So many of the bytes of a text in UTF-16 are zero on one side, if it holds headings in Latin letters."""


class BadEncoding(ValueError):
    """The bytes are no text in an encoding we know."""


def detect(begin: bytes) -> str:
    """Return the encoding of a text that begins so (at least `SAMPLE` bytes, or all of it); raise `BadEncoding`."""
    for mark, name in MARKS:
        if begin.startswith(mark):
            return name
    for name, zeros in (("utf-16-le", begin[1:400:2]), ("utf-16-be", begin[0:400:2])):
        if len(begin) >= 4 and zeros.count(0) > _MANY * len(zeros):
            return name
    for name in ("utf-8", "gb18030"):
        if _decodes(begin, name):
            return name
    raise BadEncoding("the file is no text in UTF-8, UTF-16 or GB18030")


def _decodes(begin: bytes, name: str) -> bool:
    """Return whether the bytes decode; a character that is cut off at their end is none of their fault."""
    try:
        text = codecs.getincrementaldecoder(name)().decode(begin)
    except UnicodeDecodeError:
        return False
    return "\0" not in text
