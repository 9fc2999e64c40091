"""One expression → the same with one thing changed, as text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

_TOKEN: Final = re.compile(
    r"""(?P<real>\d+\.\d+(?:[eE][+-]?\d+)?) | (?P<whole>\d+) | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<name>[A-Za-z_]\w*) | (?P<sign>&&|\|\||[=!<>]=|[-+*/%!<>?:.,()\[\]{}])""",
    re.VERBOSE | re.ASCII,
)
_SPAN: Final = re.compile(r"(\d+)(ms|[smhd])")
_SWAPPED: Final[Mapping[str, tuple[str, ...]]] = {
    "<": ("<=", ">"), "<=": ("<", ">="), ">": (">=", "<"), ">=": (">", "<="), "==": ("!=",), "!=": ("==",),
    "&&": ("||",), "||": ("&&",), "+": ("-",), "*": ("/",), "/": ("*",), "exists": ("all",), "all": ("exists",),
}  # fmt: skip
_LOOKING_BACK: Final = frozenset({"rate", "changes", "avg_over", "max_over", "min_over"})
_OPEN, _CLOSE = "([{", ")]}"
_WEAKEST: Final = frozenset({"?", ":", ","})
"""What ends a term besides a bracket; a term of `&&` ends at `||` too, and each at its own sign."""


@dataclass(frozen=True, slots=True)
class Token:
    """One word of the source, from `at` to `end`, so many brackets deep."""

    kind: str
    text: str
    at: int
    end: int
    depth: int


def mutated(source: str) -> Iterator[tuple[str, str]]:
    """Yield what was changed, and the changed source. Not each of them is one the compiler takes."""
    tokens = list(_tokens(source))
    for at, token in enumerate(tokens):
        for new in _swapped(tokens, at):
            yield f"{token.text} → {new}", _put(source, token.at, token.end, new)
    yield from _terms(source, tokens)
    yield from _asked(source, tokens)
    yield "negated", f"!({source})"


def _put(source: str, at: int, end: int, new: str) -> str:
    return source[:at] + new + source[end:]


def _tokens(source: str) -> Iterator[Token]:
    depth = 0
    for found in _TOKEN.finditer(source):
        text = found.group()
        depth -= text in _CLOSE
        yield Token(found.lastgroup or "", text, found.start(), found.end(), depth)
        depth += text in _OPEN


def _swapped(tokens: Sequence[Token], at: int) -> Iterator[str]:
    token, before = tokens[at], tokens[at - 1] if at else None
    if token.text == "!":
        yield ""
    elif token.kind == "text":
        yield from _texts(token.text, is_window=_is_window(tokens, at))
    elif token.kind in ("real", "whole"):
        yield from stepped(token.text)
    elif token.kind == "sign" or (before is not None and before.text == "."):
        yield from _SWAPPED.get(token.text, ())


def stepped(number: str) -> Iterator[str]:
    """Yield `number` a tenth, and at least one of a whole number, more and less."""
    if "." in number:
        value = float(number)
        step = value / 10 or 0.1
        yield from (repr(round(value + step, 12)), repr(round(value - step, 12)))
        return
    whole = int(number)
    step_up = max(1, whole // 10)
    yield from (str(whole + step_up), str(whole - step_up))


def _texts(text: str, *, is_window: bool) -> Iterator[str]:
    """Yield another text; a duration is a tenth longer and shorter, a window of history twice and half as long."""
    quote, inside = text[0], text[1:-1]
    if not (span := _SPAN.fullmatch(inside)):
        yield f"{quote}{inside}~{quote}"
        return
    number, unit = int(span[1]), span[2]
    for new in (2 * number, number // 2) if is_window else map(int, stepped(span[1])):
        if new > 0:
            yield f"{quote}{new}{unit}{quote}"


def _is_window(tokens: Sequence[Token], at: int) -> bool:
    """Return whether the text at `at` stands in a call that looks back."""
    outer = next(
        (back for back in range(at, 0, -1) if tokens[back].text == "(" and tokens[back].depth < tokens[at].depth), 0
    )
    return outer > 0 and tokens[outer - 1].text in _LOOKING_BACK


def _terms(source: str, tokens: Sequence[Token]) -> Iterator[tuple[str, str]]:
    """Leave out each term of `&&` and `||`, and turn each into its contrary."""
    for start, end in _chains(tokens):
        sign = tokens[start].text
        bounds = [_left(tokens, start)]
        bounds += [
            at for at in range(start, end + 1) if tokens[at].text == sign and tokens[at].depth == tokens[start].depth
        ]
        bounds.append(_right(tokens, end))
        for left, right in pairwise(bounds):
            first, last = tokens[left + 1].at, tokens[right - 1].end
            term = source[first:last]
            yield f"not ({term})", _put(source, first, last, f"!({term})")
            yield f"without {term}", _without(source, tokens, left, right, sign)


def _without(source: str, tokens: Sequence[Token], left: int, right: int, sign: str) -> str:
    """Return the source without the term between two bounds, and without one of the signs beside it."""
    if left >= 0 and tokens[left].text == sign:
        return _put(source, tokens[left].at, tokens[right - 1].end, "")
    return _put(source, tokens[left + 1].at, tokens[right].end, "")


def _chains(tokens: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Yield where the first and the last sign of each chain of one sign stand."""
    open_ones: dict[tuple[int, str], list[int]] = {}
    for at, token in enumerate(tokens):
        for depth, sign in list(open_ones):
            if depth > token.depth or (depth == token.depth and _ends(token, sign) and token.text != sign):
                yield _ends_of(open_ones.pop((depth, sign)))
        if token.text in ("&&", "||"):
            open_ones.setdefault((token.depth, token.text), []).append(at)
    yield from map(_ends_of, open_ones.values())


def _ends_of(chain: Sequence[int]) -> tuple[int, int]:
    return chain[0], chain[-1]


def _ends(token: Token, sign: str) -> bool:
    """Return whether a chain of `sign` ends at a token of its own depth."""
    return token.text in _WEAKEST or (sign == "&&" and token.text == "||") or token.text == sign


def _left(tokens: Sequence[Token], at: int) -> int:
    """Return where the token stands before the first term of a chain whose first sign is at `at`; -1: the beginning."""
    depth, sign = tokens[at].depth, tokens[at].text
    return next((back for back in range(at - 1, -1, -1) if _bounds(tokens[back], depth, sign)), -1)


def _right(tokens: Sequence[Token], at: int) -> int:
    depth, sign = tokens[at].depth, tokens[at].text
    return next((on for on in range(at + 1, len(tokens)) if _bounds(tokens[on], depth, sign)), len(tokens))


def _bounds(token: Token, depth: int, sign: str) -> bool:
    return token.depth < depth or (token.depth == depth and _ends(token, sign))


def _asked(source: str, tokens: Sequence[Token]) -> Iterator[tuple[str, str]]:
    """Take each `has(…)` for granted, unless it is a term of `&&`: that mutant is there already, without the term."""
    for at, token in enumerate(tokens[:-1]):
        if token.text == "has" and tokens[at + 1].text == "(":
            end = _closing(tokens, at + 1)
            if "&&" not in (_text(tokens, at - 1), _text(tokens, end + 1)):
                yield f"{source[token.at : tokens[end].end]} → true", _put(source, token.at, tokens[end].end, "true")


def _closing(tokens: Sequence[Token], opening: int) -> int:
    depth = tokens[opening].depth
    return next(at for at in range(opening + 1, len(tokens)) if tokens[at].text == ")" and tokens[at].depth == depth)


def _text(tokens: Sequence[Token], at: int) -> str:
    return tokens[at].text if 0 <= at < len(tokens) else ""
