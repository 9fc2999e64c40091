"""What a device once answered, read back from a file: `.snmprec` and net-snmp walks.

`.snmprec`: one `OID|tag|value` a line; the tag is the BER tag in decimal, with `x` behind it when the value is
hexadecimal and `e` when it carries backslash escapes (the format of snmpsim). A net-snmp walk (`snmpwalk -On`,
`-OQn`, numeric output in general) is brought into that form first.

Nothing is parsed before it is asked for: a get is one search through the bytes, so a folder of recordings identifies
at the speed of reading it, and the lines need not be sorted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeVar

from discovery.asking import Address, Answer, Ask, Get, Index, Oid, Script, Value
from discovery.netsnmp import snmprec_of_walk
from discovery.text import dotted

MAX_BYTES: Final = 64 * 1024 * 1024
MAX_VALUE: Final = 64 * 1024
"""Bytes of one line; an OCTET STRING is at most 65,535 bytes (RFC 2578 §7.1.2) and none in the field comes near."""

MAX_SUBIDS: Final = 128  # RFC 2578 §3.5
_ESCAPE: Final = re.compile(rb"\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|.)", re.DOTALL)
_LETTERS: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"0": b"\0"}
_ABSENT: Final = frozenset({5, 128, 129, 130})  # NULL, noSuchObject, noSuchInstance, endOfMibView

Result = TypeVar("Result")


class BadRecording(ValueError):
    """A file that is no recording; the message says where and why."""


class Recording:
    """One device's answers. Where an instance stands twice, the first line counts."""

    __slots__ = ("_data", "name")

    def __init__(self, data: bytes, name: str = "recording") -> None:
        """Take the bytes of a `.snmprec` or of a walk; raise `BadRecording` where they are neither."""
        if len(data) > MAX_BYTES:
            raise BadRecording(f"{name}: larger than {MAX_BYTES} bytes")
        self.name = name
        self._data = b"\n" + data if _is_snmprec(data) else b"\n" + snmprec_of_walk(data)
        if self._data.count(b"|", 0, MAX_VALUE) < 2:
            raise BadRecording(f"{name}: neither a .snmprec nor a numeric walk")

    def get(self, oid: str) -> Value | None:
        """Return the value of one instance, None when the device has none."""
        at = self._data.find(b"\n" + oid.encode() + b"|")
        return None if at < 0 else self._line(at + 1)[1]

    def column(self, oid: str, rows: int) -> dict[Index, Value]:
        """Return up to `rows` rows below `oid`, by index, sorted."""
        start, found = b"\n" + oid.encode() + b".", dict[Index, Value]()
        at = self._data.find(start)
        while at >= 0 and len(found) < rows:
            instance, value = self._line(at + 1)
            if value is not None:
                found.setdefault(self._index(instance[len(oid) + 1 :]), value)
            at = self._data.find(start, at + 1)
        return dict(sorted(found.items()))

    def everything(self) -> Iterator[tuple[Index, Value]]:
        """Yield every instance with its value, sorted as an agent would walk them."""
        at, found = 0, dict[Index, Value]()
        while 0 <= at < len(self._data) - 1:
            if self._data[at + 1 : at + 2] not in (b"\n", b"\r", b"#"):
                instance, value = self._line(at + 1)
                if value is not None:
                    found.setdefault(self._index(instance), value)
            at = self._data.find(b"\n", at + 1)
        yield from sorted(found.items())

    def _line(self, start: int) -> tuple[str, Value | None]:
        end = self._data.find(b"\n", start)
        end = len(self._data) if end < 0 else end
        if end - start > MAX_VALUE:
            raise BadRecording(f"{self.name}: a line of more than {MAX_VALUE} bytes")
        line = self._data[start:end].removesuffix(b"\r")
        try:
            instance, tag, value = line.split(b"|", 2)
            return instance.decode("ascii"), _value(tag.decode("ascii"), value)
        except ValueError as error:
            raise BadRecording(f"{self.name}: {line[:80]!r}: {error}") from error

    def _index(self, text: str) -> Index:
        try:
            return _numbers(text)
        except ValueError as error:
            raise BadRecording(f"{self.name}: {text[:80]!r}: {error}") from error


def read(file: Path) -> Recording:
    """Return the recording in `file`; raise `BadRecording`, also where it cannot be read."""
    try:
        if file.stat().st_size > MAX_BYTES:
            raise BadRecording(f"{file}: larger than {MAX_BYTES} bytes")
        return Recording(file.read_bytes(), str(file))
    except OSError as error:
        raise BadRecording(f"{file}: {error.strerror}") from error


def answer(script: Script[Result], recording: Recording) -> Result:
    """Run a script against a recording and return its result; raise `BadRecording`."""
    try:
        ask = next(script)
        while True:
            ask = script.send(_answer(ask, recording))
    except StopIteration as end:
        result: Result = end.value
        return result


def _answer(ask: Ask, recording: Recording) -> Answer:
    if ask.context:  # a recording is of the default context
        return Answer(failure="no_answer")
    if isinstance(ask, Get):
        told = ((oid, recording.get(oid)) for oid in ask.oids)
        return Answer(values={oid: value for oid, value in told if value is not None})
    return Answer(columns={column: recording.column(column, ask.rows) for column in ask.columns})


def _is_snmprec(data: bytes) -> bool:
    return re.match(rb"(?:\s*(?:#[^\n]*)?\n)*[0-9.]+\|[0-9]+[xe]?\|", data) is not None


def _value(tag: str, raw: bytes) -> Value | None:
    """Return the value of one line; raise ValueError."""
    number = int(tag.rstrip("xe"))
    if number in _ABSENT:
        return None
    if tag.endswith("x"):
        raw = bytes.fromhex(raw.decode("ascii"))
    elif tag.endswith("e"):
        raw = _ESCAPE.sub(_unescaped, raw)
    if number == 6:
        return Oid(dotted(_numbers(raw.decode("ascii").strip())))
    if number == 64:
        return _address(raw, plain=not tag.endswith(("x", "e")))
    return raw if number in (4, 68) else _integer(raw)


def _integer(raw: bytes) -> int:
    if len(raw) > 21:  # the sign and 20 digits of a Counter64
        raise ValueError("an integer of more than 64 bits")
    return int(raw)


def _address(raw: bytes, plain: bool) -> Address:
    return Address(bytes(int(part) for part in raw.split(b".")) if plain else raw)


def _numbers(text: str) -> Index:
    parts = text.removeprefix(".").split(".")
    if len(parts) > MAX_SUBIDS:
        raise ValueError(f"more than {MAX_SUBIDS} sub-identifiers")
    numbers = tuple(map(int, parts)) if text else ()
    if any(not 0 <= number < 2**32 for number in numbers):
        raise ValueError("a sub-identifier of more than 32 bits")
    return numbers


def _unescaped(found: re.Match[bytes]) -> bytes:
    body = found[1]
    if body[:1] == b"x" and len(body) == 3:
        return bytes.fromhex(body[1:].decode("ascii"))
    if body[:1].isdigit() and body != b"0":
        return bytes([int(body, 8) & 0xFF]) if body.isdigit() and max(body) < 0x38 else body
    return _LETTERS.get(body, body)
