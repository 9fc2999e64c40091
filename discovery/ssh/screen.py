"""What a terminal would show of what a device sent: pagers wipe out their own line, and what stays is the text."""

from __future__ import annotations

import re
from typing import Final

_CONTROL: Final = re.compile(
    r"(\x1b\[[0-9;?]{0,32}[A-Za-z]|\x1b[()][A-Za-z0-9]|\x1b.?|[\x00-\x08\x0b-\x1f\x7f])", re.DOTALL
)
PAGER: Final = re.compile(r"(?i)-{2,}\s?\(?\s?more\b.{0,60}$|<-{1,3}\s?more\s?-{1,3}>|\bmore:|lines \d+-\d+\s*$")
ANY_KEY: Final = re.compile(r"(?i)(?:press|hit|type) (?:any|a|enter|return|<?return>?|space)\b.{0,60}$")


def rendered(text: str) -> str:
    """Return `text` without control characters, each line as a terminal would show it, no blanks at its end."""
    if "\x1b" not in text and "\b" not in text and "\r" not in text:
        text = _CONTROL.sub("", text)
        return "\n".join(map(str.rstrip, text.split("\n")))
    return "\n".join(map(line, text.split("\n")))


def line(sent: str) -> str:
    """Return one line as shown: `\\b`, `\\r` and CSI D, G move the cursor, CSI K wipes, the rest does nothing."""
    body = sent.rstrip("\r")
    if not _CONTROL.search(body):
        return body.rstrip()
    cells: list[str] = []
    at = 0
    for part in _CONTROL.split(body):
        if not part:
            continue
        if (part[0] not in "\x1b\x7f" and part[0] >= " ") or part[0] == "\t":
            cells[at : at + len(part)] = part
            at += len(part)
        else:
            at = _moved(part, at, cells)
    return "".join(cells).rstrip()


def _moved(control: str, at: int, cells: list[str]) -> int:
    """Return where the cursor is after a control; it never goes beyond what was written."""
    if control == "\b":
        return max(0, at - 1)
    if control == "\r":
        return 0
    if not control.startswith("\x1b["):
        return at
    digits = control[2:-1]
    count = int(digits) if digits.isdecimal() else 1
    match control[-1]:
        case "D":
            return max(0, at - count)
        case "C":
            return min(len(cells), at + count)
        case "G":
            return min(len(cells), max(0, count - 1))
        case "K" if digits in ("", "0"):
            del cells[at:]
        case "K":
            del cells[:]
            return 0
    return at
