"""Source text → tokens, and what the literals among them stand for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from collector.language.tree import BadExpression

TOKEN = re.compile(
    r"""(?P<blank>[ \t\r\n\f]+|//[^\r\n]*)
      | (?P<real>(?:\d+\.\d+|\.\d+)(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)
      | (?P<whole>0[xX][0-9a-fA-F]+|\d+)
      | (?P<raw>[rR](?:"[^"\r\n]*"|'[^'\r\n]*'))
      | (?P<text>"(?:[^"\\\r\n]|\\.)*"|'(?:[^'\\\r\n]|\\.)*')
      | (?P<name>[A-Za-z_]\w*)
      | (?P<sign>&&|\|\||[=!<>]=|[-+*/%!<>?:.,()\[\]{}])""",
    re.VERBOSE | re.ASCII,
)
HEX = "[0-9a-fA-F]"
ESCAPE = re.compile(rf"\\([xX]{HEX}{{2}}|u{HEX}{{4}}|U{HEX}{{8}}|[0-3][0-7]{{2}}|.)", re.ASCII | re.DOTALL)
ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
           "\\": "\\", "?": "?", '"': '"', "'": "'", "`": "`"}  # fmt: skip
MAX_WHOLE = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    at: int


def tokens(source: str) -> Iterator[Token]:
    """Yield the tokens of `source` and one of kind `end`; raise `BadExpression`."""
    at = 0
    while at < len(source):
        match = TOKEN.match(source, at)
        if match is None:
            raise BadExpression(f"unexpected {source[at]!r}", at)
        if match.lastgroup != "blank":
            yield Token(match.lastgroup or "", match.group(), at)
        at = match.end()
    yield Token("end", "", at)


def literal(token: Token, sign: str = "") -> str | int | float:
    """Return what `token` stands for, a number with `sign` before it; raise `BadExpression`."""
    match token.kind:
        case "raw":
            return _raw(token)
        case "text":
            return ESCAPE.sub(lambda escape: _unescaped(escape, token), token.text[1:-1])
        case "real":
            return _real(sign + token.text, token)
        case _:
            return _whole(sign + token.text, token)


def _raw(token: Token) -> str:
    text = token.text[2:-1]
    if (len(text) - len(text.rstrip("\\"))) % 2:
        raise BadExpression("a raw text cannot end with a backslash", token.at)
    return text


def _unescaped(escape: re.Match[str], token: Token) -> str:
    code = escape[1]
    if len(code) == 1 and code in ESCAPES:
        return ESCAPES[code]
    number = -1 if len(code) == 1 else int(code, 8) if code.isdigit() else int(code[1:], 16)
    if not 0 <= number <= 0x10FFFF or 0xD800 <= number <= 0xDFFF:
        raise BadExpression(f"unknown escape \\{code}", token.at + 1 + escape.start())
    return chr(number)


def _real(text: str, token: Token) -> float:
    value = float(text)
    if abs(value) == float("inf"):
        raise BadExpression("number out of range", token.at)
    return value


def _whole(text: str, token: Token) -> int:
    if len(text) > 20:
        raise BadExpression("number out of range", token.at)
    value = int(text, 16) if "x" in text.lower() else int(text)
    if not -MAX_WHOLE - 1 <= value <= MAX_WHOLE:
        raise BadExpression("number out of range", token.at)
    return value
