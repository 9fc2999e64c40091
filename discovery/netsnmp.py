"""Numeric output of net-snmp's `snmpwalk`, brought into the form of a `.snmprec`.

`.1.3.6.1.2.1.1.1.0 = STRING: "text"` (-On), `.1.3.6.1.2.1.1.1.0 = "text"` (-OnQ), also with `iso.` in front; Hex-STRING
and quoted strings may go on over several lines. What carries no type is a number, an object identifier or text, by its
looks.
"""

from __future__ import annotations

import re
from typing import Final

_START: Final = re.compile(rb"^(?:\.|iso\.)?((?:\d+\.)+\d+) = ?(.*)$", re.DOTALL)
_TYPED: Final = re.compile(rb"^([A-Za-z][A-Za-z0-9-]*(?: [A-Z]+)?): ?(.*)$", re.DOTALL)
_TAGS: Final = {
    b"INTEGER": b"2", b"Integer32": b"2", b"OID": b"6", b"IpAddress": b"64", b"Network Address": b"64",
    b"Counter32": b"65", b"Gauge32": b"66", b"Unsigned32": b"66", b"Timeticks": b"67", b"Counter64": b"70",
}  # fmt: skip
_NONE: Final = (b"No Such", b"No more variables", b"NULL")


def snmprec_of_walk(data: bytes) -> bytes:
    """Return the lines of a walk as `.snmprec`; lines that belong to no value are left out."""
    out: list[bytes] = []
    pending: tuple[bytes, list[bytes]] | None = None
    for line in data.splitlines():
        start = _START.match(line)
        if start:
            out.extend(_finished(pending))
            oid = b"1." + start[1] if line.startswith(b"iso.") else start[1]
            pending = oid, [start[2]]
        elif pending:
            pending[1].append(line)
    out.extend(_finished(pending))
    return b"\n".join(out) + b"\n"


def _finished(pending: tuple[bytes, list[bytes]] | None) -> list[bytes]:
    if pending is None:
        return []
    oid, lines = pending
    said = b"\n".join(lines).strip()
    typed = _TYPED.match(said)
    tag, value = _typed(typed[1], typed[2]) if typed and not said.startswith(b'"') else _untyped(said)
    return [oid + b"|" + tag + b"|" + value] if tag else []


def _typed(kind: bytes, said: bytes) -> tuple[bytes, bytes]:
    if kind in (b"Hex-STRING", b"BITS"):
        return _hexadecimal(said)
    tag = _TAGS.get(kind)
    if tag is None:
        return _string(said)
    if tag == b"6":
        return (tag, _oid(said)) if _oid(said) else (b"", b"")
    return _number(tag, said)


def _number(tag: bytes, said: bytes) -> tuple[bytes, bytes]:
    """`up(1)`, `(4711) 0:00:47.11`, `10.0.0.1` and plain numbers; a unit behind them is dropped."""
    if tag == b"64":
        address = re.match(rb"\d+\.\d+\.\d+\.\d+", said)
        return (tag, address[0]) if address else (b"", b"")
    found = re.match(rb"(?:[^()]*\()?(-?\d{1,20})\b", said)
    return (tag, found[1]) if found else (b"", b"")


def _untyped(said: bytes) -> tuple[bytes, bytes]:
    if said.startswith(_NONE):
        return b"", b""
    if re.fullmatch(rb"-?\d{1,20}", said):
        return b"2", said
    if _oid(said) and said.startswith((b".", b"iso.")):
        return b"6", _oid(said)
    if re.fullmatch(rb'"(?:[0-9A-F]{2} )+"', said):
        return _hexadecimal(said.strip(b'"'))
    return _string(said)


def _oid(said: bytes) -> bytes:
    found = re.fullmatch(rb"(iso)?\.?((?:\d+\.)*\d+)", said)
    return (b"1." if found[1] else b"") + found[2] if found else b""


def _hexadecimal(said: bytes) -> tuple[bytes, bytes]:
    digits = re.match(rb"[0-9A-Fa-f\s]*", said)
    packed = b"".join(digits[0].split()) if digits else b""
    return (b"4x", packed) if len(packed) % 2 == 0 else (b"", b"")


def _string(said: bytes) -> tuple[bytes, bytes]:
    if len(said) > 1 and said.startswith(b'"') and said.endswith(b'"'):
        said = re.sub(rb"\\(.)", rb"\1", said[1:-1], flags=re.DOTALL)
    return b"4x", said.hex().encode()
