"""Source text → tree, by precedence climbing over the tokens of a CEL subset."""

from __future__ import annotations

from collector.language.signatures import FUNCTIONS
from collector.language.tokens import Token, literal, tokens
from collector.language.tree import MAX_DEPTH, MAX_FOLDS, MAX_SOURCE, BadExpression, Node, node

BINDING = {"||": 1, "&&": 2, "==": 3, "!=": 3, "<": 3, "<=": 3, ">": 3, ">=": 3, "in": 3,
           "+": 4, "-": 4, "*": 5, "/": 5, "%": 5}  # fmt: skip
FOLDS = frozenset({"exists", "all", "exists_one", "filter", "map"})
CONSTANTS = {"true": True, "false": False}
WORDS = frozenset({"in", "null", *CONSTANTS})
LITERALS = frozenset({"text", "raw", "real", "whole"})


def parse(source: str) -> Node:
    """Return the tree of `source`; raise `BadExpression`."""
    if len(source) > MAX_SOURCE:
        raise BadExpression(f"longer than {MAX_SOURCE} characters", MAX_SOURCE)
    return _Parser(source).whole()


class _Parser:
    def __init__(self, source: str) -> None:
        self._tokens = list(tokens(source))
        self._next = 0
        self._level = -1
        self._folds = 0

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
        if signs and signs[-1].text == "-" and self._token.kind in ("real", "whole"):
            sign, number = signs.pop(), self._take()  # -9223372036854775808 is a number, without the sign it is none
            tree = self._members(node("literal", sign.at, value=literal(number, "-")))
        else:
            tree = self._members(self._primary())
        for sign in reversed(signs):
            tree = node("negate" if sign.text == "-" else "!", sign.at, (tree,))
        return tree

    def _members(self, tree: Node) -> Node:
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
        signature = FUNCTIONS.get(name.text)
        if signature is None or not signature.is_method:
            raise BadExpression(f"unknown method {name.text}", name.at)
        parts = (operand, *self._until(")"))
        if len(parts) not in signature.arity:
            raise BadExpression(f"no method {name.text} of {len(parts) - 1}", name.at)
        return node(name.text, name.at, parts)

    def _fold(self, over: Node, name: Token) -> Node:
        variable = self._name()
        self._expect(",")
        self._folds += 1
        if self._folds > MAX_FOLDS:
            raise BadExpression(f"more than {MAX_FOLDS} macros inside each other", name.at)
        bodies = self._until(")")
        self._folds -= 1
        if len(bodies) != 1 and not (name.text == "map" and len(bodies) == 2):
            raise BadExpression(f"{name.text} of a variable and {len(bodies)} expressions", name.at)
        return node("fold", name.at, (over, *bodies), variable.text, name.text)

    def _primary(self) -> Node:
        token = self._take()
        if token.kind == "name":
            return self._named(token)
        if token.kind in LITERALS:
            return node("literal", token.at, value=literal(token))
        if token.text == "(":
            tree = self._expression()
            self._expect(")")
            return tree
        if token.text == "[":
            return node("list", token.at, self._until("]"))
        if token.text == "{":
            return self._record(token)
        raise BadExpression(f"unexpected {token.text!r}" if token.text else "unexpected end", token.at)

    def _record(self, token: Token) -> Node:
        parts: list[Node] = []
        while not self._accept("}"):
            if parts:
                self._expect(",")
            parts.append(self._expression())
            self._expect(":")
            parts.append(self._expression())
        return node("record", token.at, tuple(parts))

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
        signature = FUNCTIONS.get(token.text)
        if signature is None or not signature.is_function or len(parts) not in signature.arity:
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
