"""Values that say nothing: what a maker leaves in the field, or types to fill it. Anchored, so no real one is lost."""

from __future__ import annotations

import re
from typing import Final

from wire.placeholders import why_no_serial

_NOTHING: Final = re.compile(
    r"""
    n/?\.?a\.?|not[ ](?:available|applicable|specified|present|provided|set|supported|defined|found)
    |\(?none\)?|\(?null\)?|nil|unknow[n]?|undefined|unspecified|invalid|empty|blank|private|<private>|<removed>|-+|\?+|\.+
    |default(?:[ _]string)?|to[ ]be[ ]filled[ ]by.*|o\.?e\.?m\.?|system[ ](?:manufacturer|product[ ]name|version)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_NO_VERSION: Final = re.compile(r"802\.\d.*")  # a standard of IEEE 802, as in "802.11n access point"
MIN_SERIAL: Final = 3


def says_something(field: str, value: str) -> bool:
    """Return whether `value` may stand in `field` of a result."""
    plain = value.strip(" \t\"'")
    if not plain or _NOTHING.fullmatch(plain):
        return False
    if field == "version":
        return not _NO_VERSION.fullmatch(plain)
    if field == "serial":
        return len(plain) >= MIN_SERIAL and plain.isascii() and not why_no_serial(plain)
    return True
