"""A line of syslog: RFC 5424, RFC 3164, and what devices send in their stead. No line is refused: all have a meaning.

Network gear writes its own header (sequence numbers, years, zones) before what it says; that is left in the text, for
what it says is found in it by pattern.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from discovery.text import MAX_TEXT, cleaned, readable

NOTICE: Final = 5
_PRIORITY: Final = re.compile(rb"<(\d{1,3})>")
_MAX_PRIORITY: Final = 191
"""local7.debug (RFC 5424 §6.2.1)."""
_NEW: Final = re.compile(r"1 (\S{1,64}) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) ")
"""VERSION TIMESTAMP HOSTNAME APP-NAME PROCID MSGID (RFC 5424 §6)."""
_OLD: Final = re.compile(r"[A-Z][a-z]{2} [ \d]?\d \d\d:\d\d:\d\d (\S{1,255}) ")
"""TIMESTAMP HOSTNAME (RFC 3164 §4.1.2)."""


@dataclass(frozen=True, slots=True)
class Line:
    """`severity` 0 (emergency) to 7 (debug). `host` as the line names it: anyone may write any name there.

    `text` is all it says, on one line, the program's name included.
    """

    severity: int
    host: str
    text: str


def read(raw: bytes) -> Line:
    """Return what a line says."""
    priority = _PRIORITY.match(raw)
    number = int(priority[1]) if priority else _MAX_PRIORITY + 1
    severity = number % 8 if number <= _MAX_PRIORITY else NOTICE  # RFC 3164 §4.3.3
    text = _text(raw[priority.end() :] if priority else raw)
    if new := _NEW.match(text):
        _, host, program, _, message_id = new.groups()
        said = [each for each in (program, message_id) if each != "-"]
        return Line(severity, _named(host), ": ".join([*said, _without_data(text[new.end() :])]))
    if old := _OLD.match(text):
        return Line(severity, old[1], text[old.end() :])
    return Line(severity, "", text)


def _text(raw: bytes) -> str:
    """Return octets as one line; those that are no text as far as they are."""
    told = readable(raw[: 4 * MAX_TEXT].removeprefix(b"\xef\xbb\xbf"))
    plain = cleaned(raw[: 4 * MAX_TEXT].decode("utf-8", "replace")) if told is None else told
    return " ".join(plain.split("\n"))


def _named(host: str) -> str:
    return "" if host == "-" else host


def _without_data(text: str) -> str:
    """Return the message behind STRUCTURED-DATA (RFC 5424 §6.3); the text as it is when that never ends."""
    at = 0
    while text[at : at + 1] == "[":
        end = _data_end(text, at)
        if end < 0:
            return text
        at = end
    return text[at:].removeprefix("-").lstrip(" \ufeff")


def _data_end(text: str, at: int) -> int:
    """Return where the element that begins at `at` is over, -1 when it is not; a `]` in quotes ends nothing."""
    is_quoted = is_escaped = False
    for place in range(at, len(text)):
        each = text[place]
        if is_escaped:
            is_escaped = False
        elif each == "\\":
            is_escaped = is_quoted
        elif each == '"':
            is_quoted = not is_quoted
        elif each == "]" and not is_quoted:
            return place + 1
    return -1
