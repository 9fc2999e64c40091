"""Source text → tree, by precedence climbing over the tokens of a CEL subset."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from collector.language.tree import MAX_DEPTH, MAX_SOURCE, BadExpression, Node, node

TOKEN = re.compile(
    r"""(?P<blank>[ \t\r\n]+)
      | (?P<real>\d+\.\d+(?:[eE][+-]?\d+)?)
      | (?P<whole>\d+)
      | (?P<text>"(?:[^"\\\r\n]|\\.)*"|'(?:[^'\\\r\n]|\\.)*')
      | (?P<name>[A-Za-z_]\w*)
      | (?P<sign>&&|\|\||[=!<>]=|[-+*/%!<>?:.,()\[\]])""",
    re.VERBOSE | re.ASCII,
)
ESCAPES = {"n": "\n", "t": "\t", "\\": "\\", '"': '"', "'": "'"}
BINDING = {"||": 1, "&&": 2, "==": 3, "!=": 3, "<": 3, "<=": 3, ">": 3, ">=": 3, "in": 3,
           "+": 4, "-": 4, "*": 5, "/": 5, "%": 5}  # fmt: skip
FOLDS = frozenset({"exists", "all", "filter", "map"})
METHODS = frozenset({"startsWith", "endsWith", "contains"})
ARITY = {"size": 1, "timestamp": 1, "duration": 1, "days_until": 1}
CONSTANTS = {"true": True, "false": False}
WORDS = frozenset({"in", "null", *CONSTANTS})
MAX_WHOLE = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    at: int


def parse(source: str) -> Node:
    """Return the tree of `source`; raise `BadExpression`."""
    if len(source) > MAX_SOURCE:
        raise BadExpression(f"longer than {MAX_SOURCE} characters", MAX_SOURCE)
    return _Parser(source).whole()


def _tokens(source: str) -> Iterator[Token]:
    at = 0
    while at < len(source):
        match = TOKEN.match(source, at)
        if match is None:
            raise BadExpression(f"unexpected {source[at]!r}", at)
        if match.lastgroup != "blank":
            yield Token(match.lastgroup or "", match.group(), at)
        at = match.end()
    yield Token("end", "", at)


class _Parser:
    def __init__(self, source: str) -> None:
        self._tokens = list(_tokens(source))
        self._next = 0
        self._level = 0

    def whole(self) -> Node:
        tree = self._expression()
        self._expect("")
        return tree

    def _expression(self) -> Node:
        self._level += 1
        if self._level > MAX_DEPTH:
            raise BadExpression(f"nested deeper than {MAX_DEPTH}", self._token.at)
        condition = self._binary(1)
        if mark := self._accept("?"):
            yes = self._expression()
            self._expect(":")
            condition = node("?:", mark.at, (condition, yes, self._expression()))
        self._level -= 1
        return condition

    def _binary(self, least: int) -> Node:
        left = self._unary()
        while (binding := BINDING.get(self._token.text, 0)) >= least and self._token.kind in ("sign", "name"):
            operator = self._take()
            right = self._binary(binding + 1)
            flat = left.parts if operator.text == left.name and binding < 3 else (left,)  # a || b || c is one node
            left = node(operator.text, operator.at, (*flat, right))
        return left

    def _unary(self) -> Node:
        signs = []
        while self._token.kind == "sign" and self._token.text in ("!", "-"):
            signs.append(self._take())
        tree = self._postfix()
        for sign in reversed(signs):
            tree = node("negate" if sign.text == "-" else "!", sign.at, (tree,))
        return tree

    def _postfix(self) -> Node:
        tree = self._primary()
        while True:
            if self._accept("."):
                tree = self._member(tree)
            elif mark := self._accept("["):
                tree = node("[]", mark.at, (tree, self._expression()))
                self._expect("]")
            else:
                return tree

    def _member(self, operand: Node) -> Node:
        name = self._name()
        if not self._accept("("):
            return node("select", name.at, (operand,), name.text)
        if name.text in FOLDS:
            return self._fold(operand, name)
        if name.text not in METHODS:
            raise BadExpression(f"unknown method {name.text}", name.at)
        argument = self._expression()
        self._expect(")")
        return node(name.text, name.at, (operand, argument))

    def _fold(self, over: Node, name: Token) -> Node:
        variable = self._name()
        self._expect(",")
        body = self._expression()
        self._expect(")")
        return node("fold", name.at, (over, body), variable.text, name.text)

    def _primary(self) -> Node:
        token = self._take()
        if token.kind == "name":
            return self._named(token)
        if token.kind == "text":
            return node("literal", token.at, value=_unquoted(token))
        if token.kind == "real":
            return node("literal", token.at, value=_real(token))
        if token.kind == "whole":
            return node("literal", token.at, value=_whole(token))
        if token.text == "(":
            tree = self._expression()
            self._expect(")")
            return tree
        if token.text == "[":
            return node("list", token.at, self._until("]"))
        raise BadExpression(f"unexpected {token.text!r}" if token.text else "unexpected end", token.at)

    def _named(self, token: Token) -> Node:
        if token.text in CONSTANTS:
            return node("literal", token.at, value=CONSTANTS[token.text])
        if token.text in WORDS:
            raise BadExpression(f"{token.text} is not a value here; ask for absence with has()", token.at)
        if not self._accept("("):
            return node("name", token.at, text=token.text)
        parts = self._until(")")
        if token.text == "has":
            if len(parts) != 1 or parts[0].name != "select":
                raise BadExpression("has() asks for one field, as in has(a.b)", token.at)
            return node("has", token.at, parts[0].parts, parts[0].text)
        if ARITY.get(token.text) != len(parts):
            raise BadExpression(f"no function {token.text} of {len(parts)}", token.at)
        return node(token.text, token.at, parts)

    def _until(self, closing: str) -> tuple[Node, ...]:
        parts: list[Node] = []
        while not self._accept(closing):
            if parts:
                self._expect(",")
            parts.append(self._expression())
        return tuple(parts)

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._token
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    def _accept(self, sign: str) -> Token | None:
        return self._take() if self._token.kind == "sign" and self._token.text == sign else None

    def _expect(self, sign: str) -> None:
        if self._token.text != sign or self._token.kind not in ("sign", "end"):
            raise BadExpression(f"{sign!r} expected" if sign else f"unexpected {self._token.text!r}", self._token.at)
        self._take()

    def _name(self) -> Token:
        token = self._take()
        if token.kind != "name" or token.text in WORDS:
            raise BadExpression("a name expected", token.at)
        return token


def _unquoted(token: Token) -> str:
    text, at = [], 1
    while at < len(token.text) - 1:
        if token.text[at] == "\\":
            at += 1
            if token.text[at] not in ESCAPES:
                raise BadExpression(f"unknown escape \\{token.text[at]}", token.at + at)
            text.append(ESCAPES[token.text[at]])
        else:
            text.append(token.text[at])
        at += 1
    return "".join(text)


def _real(token: Token) -> float:
    value = float(token.text)
    if value == float("inf"):
        raise BadExpression("number out of range", token.at)
    return value


def _whole(token: Token) -> int:
    if len(token.text) > 19 or int(token.text) > MAX_WHOLE:
        raise BadExpression("number out of range", token.at)
    return int(token.text)
