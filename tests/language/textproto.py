"""Protocol buffers' text format, read without a schema: every field is a list of what it was given."""

from __future__ import annotations

import re
from typing import Any

TOKEN = re.compile(
    r"""(?P<blank>\s+|\#[^\n]*)
      | (?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
      | (?P<number>[-+]?(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?f?|(?:inf|infinity|nan)\b))
      | (?P<name>[A-Za-z_][\w.]*)
      | (?P<sign>[:;,{}<>\[\]/-])""",
    re.VERBOSE,
)
ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}|.)", re.DOTALL)
ESCAPES = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}

Message = dict[str, list[Any]]


def read(text: str) -> Message:
    """Return the message of `text`; raise `ValueError`."""
    return _Reader(text).message("")


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens = [(str(m.lastgroup), m.group()) for m in TOKEN.finditer(text) if m.lastgroup != "blank"]
        self._tokens.append(("end", ""))
        self._next = 0

    def message(self, closing: str) -> Message:
        found: Message = {}
        while self._peek() != closing:
            found.setdefault(self._name(), []).extend(self._values())
            while self._peek() in (",", ";"):
                self._take()
        self._take()
        return found

    def _name(self) -> str:
        kind, name = self._take()
        if name == "[":  # an extension, or the type of an Any
            return self._until("]")
        if kind != "name":
            raise ValueError(f"a field expected, {name!r} found")
        return name

    def _until(self, closing: str) -> str:
        parts = []
        while self._peek() != closing:
            parts.append(self._take()[1])
        self._take()
        return "".join(parts)

    def _values(self) -> list[Any]:
        if self._peek() == ":":
            self._take()
        if self._peek() != "[":
            return [self._value()]
        self._take()
        values = []
        while self._peek() != "]":
            values.append(self._value())
            if self._peek() == ",":
                self._take()
        self._take()
        return values

    def _value(self) -> Any:
        kind, text = self._take()
        if text in ("{", "<"):
            return self.message("}" if text == "{" else ">")
        if text == "-":
            return -self._value()
        if kind == "number":
            return _number(text)
        if kind != "text":
            return {"true": True, "false": False}.get(text, text)
        octets = _octets(text)
        while self._tokens[self._next][0] == "text":
            octets += _octets(self._take()[1])
        return octets

    def _peek(self) -> str:
        return self._tokens[self._next][1]

    def _take(self) -> tuple[str, str]:
        token = self._tokens[self._next]
        if token[0] == "end" and self._next >= len(self._tokens):
            raise ValueError("unexpected end")
        self._next += 1
        return token


def _number(text: str) -> int | float:
    try:
        return int(text, 0)
    except ValueError:
        return float(text.rstrip("f") if "inf" not in text else text)


def _octets(text: str) -> bytes:
    return ESCAPE.sub(lambda escape: _unescaped(escape[1]), text[1:-1].encode())


def _unescaped(code: bytes) -> bytes:
    if code[:1] in b"uU" and len(code) > 1:
        return chr(int(code[1:], 16)).encode()
    if code[:1] == b"x" and len(code) > 1:
        return bytes([int(code[1:], 16)])
    return bytes([int(code, 8)]) if code.isdigit() else ESCAPES.get(code, code)
