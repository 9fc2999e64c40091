r"""What stands where a serial number should and names nothing: left there by a maker, or typed to fill the field.

Whoever reads devices leaves it out, and whoever tells CIs apart refuses it, by this one list. What is doubtful may be
a serial number of somebody: it is told, and tells nobody apart. Words and patterns are compared with a value whose case
and runs of blanks are folded, and as a whole: `\d\.\d` swallows no `SN-A1.2B77`. Each pattern has values it refuses and
values it keeps, which it is tested by.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple


class Shape(NamedTuple):
    """A pattern of values that name nothing, and what proves it."""

    pattern: str
    reason: str
    refuses: tuple[str, ...]
    keeps: tuple[str, ...]
    doubtful: bool = False


_FACTORY: Final = "the board maker left the factory default in the firmware"
_NONE: Final = "a word that says there is none"
_TYPED: Final = "a run of digits typed to fill the field"
_HYPERVISOR: Final = "the name of a hypervisor where a serial should stand"

WORDS: Final[Mapping[str, str]] = {
    **dict.fromkeys((
        "to be filled by o.e.m.", "to be filled by o.e.m. by more string", "default string", "default_string", "o.e.m.",
        "oem_serial", "oem default string", "system serial number", "systemserialnumb", "chassis serial number",
        "base board serial number", "system manufacturer", "system product name", "product name",
        "serial number xxxxxx", "deviceserl", "builtin", "tulip computers", "eval", "iatpass",
        "sn-123456fvgv3i0b8o5n6n7k",
    ), _FACTORY),
    **dict.fromkeys((
        "none", "(none)", "null", "(null)", "(null string)", "empty", "blank", "invalid", "unknow", "unknown",
        "undefined", "not specified", "not applicable", "not available", "not present", "not provided", "<private>",
    ), _NONE),
    **dict.fromkeys((
        "12345678", "123456789", "1234567890", "0123456789", "123456789abcdef", "0123456789abcdef",
    ), _TYPED),
    **dict.fromkeys((
        "qemu", "vmware", "vmware, inc.", "virtualbox", "virtual", "virtual machine", "bochs",
    ), _HYPERVISOR),
}  # fmt: skip
"""Folded value → why it names nothing."""
DOUBTFUL: Final[Mapping[str, str]] = dict.fromkeys((
    "1234", "12345", "123456", "1234567", "123456789000", "123456789012", "12345678901234567", "9876543210",
), _TYPED)  # fmt: skip
"""The same of what may be a serial number of somebody."""

SHAPES: Final = (
    Shape(r"(.)\1*", "one character repeated", ("00000000", "XXXXXXX", "........", "NNNNNNN"), ("00000007", "XXXXXX1")),
    Shape(r"[01]+", "zeros and ones only", ("0101010", "10000000"), ("0101012", "A0101010"),
          doubtful=True),
    Shape(r"[^a-z0-9]+", "punctuation only", ("-----", ". . .", "????-???"), ("--A1--", "-0042-")),
    Shape(r"(?:[0x]+|f{2})(?:[-. :/_]+(?:[0x]+|f{2}))+", "zeros, x or ff with separators",
          ("00-00-00-00", "xxx-xxxx", "0000.0000", "FF:FF:FF:FF"), ("00-00-00-01", "X10-0000", "FF:FE")),
    Shape(r"\d\.\d(?:\.\d)?", "a firmware version where a serial should stand",
          ("1.0.0", "2.0.1"), ("SN-A1.2B77", "1.0.0-7731"), doubtful=True),
    Shape(r"to be filled.*", "spellings of the factory default",
          ("To be filled by OEM", "To be filled by O.E.M"), ("TBF-0EM77", "TO-BE-1F11")),
    Shape(r"(?:sn|mb|sys|s/n)[-_ :]?(?:0?123456?7?8?9?0?|9876543210)", "a run of digits behind a prefix",
          ("SYS-1234567890", "SN-12345", "MB-1234567890", "SYS-9876543210"), ("SN-1234567891", "SYS-4471", "MB12345A"),
          doubtful=True),
    Shape(r"(?:system|chassis|product|board|base ?board|enclosure|device|oem)[-_ ]?(?:serial|s/?n)"
          r"(?:[-_ ]?(?:num|numb|number|no\.?))?", "the name of the field where its value should stand",
          ("System Serial Number", "BaseBoard Serial Number", "OEM Serial", "Product SN"),
          ("SYSTEM-SERIAL-7X", "BOARD-SN4471")),
    Shape(r"s/?n:?|serial[-_ ]?(?:number|numb|num|no\.?)?[-_ :#]*[x0#]*", "the name of the field, filled with x",
          ("Serial Number xxxxxx", "Serial", "SERIALNO:000", "S/N:"), ("SERIAL-A7712", "SERIALX1", "SN:4471")),
    Shape(r"n/?a|no[ _]?serial.*|not? ?(?:available|applicable|specified|present|provided|settable|defined|set|found"
          r"|asset tag|serial)|none\b.*", "words that say there is none",
          ("N/A", "Not Settable", "No Serial", "not found", "None installed"), ("NA77451", "NOT-4471", "NONE4471")),
)  # fmt: skip
_COMPILED: Final = tuple(
    (re.compile(each.pattern, re.ASCII), each.reason) for each in SHAPES if not each.doubtful
)  # fmt: skip


def fold(text: str) -> str:
    """Return `text` as placeholders are compared: without case, runs of blanks as one."""
    return " ".join(text.casefold().split())


@lru_cache(maxsize=8192)
def why_no_serial(text: str) -> str:
    """Return why `text` is nobody's serial number; empty when it may be one."""
    folded = fold(text)
    return WORDS.get(folded) or next((reason for regex, reason in _COMPILED if regex.fullmatch(folded)), "")
