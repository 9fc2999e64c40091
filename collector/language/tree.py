"""The tree of an expression, and the errors of the rule language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from collector.language.types import DYN, Type

MAX_SOURCE = 2_048
"""Characters of one expression."""
MAX_DEPTH = 32
"""Operations inside each other in one tree."""
MAX_FOLDS = 2
"""Macros inside each other."""

FactPath = tuple[str, ...]
"""What an expression reads: ("ci", "ntp", "synchronised"); "[]" stands for any element."""


class BadExpression(ValueError):
    """An expression outside the language; the message ends with the position of what is wrong."""

    def __init__(self, why: str, at: int) -> None:
        super().__init__(f"{why} (at character {at + 1})")
        self.at = at


class Fault(Exception):
    """The rule itself is wrong for these facts: operand types, a division by zero, an overflow."""


class Exhausted(Fault):
    """One evaluation took more work than any may; nothing makes up for that."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """No answer can be given: `reason` is a code (missing, stale, denied, unreadable …), `what` names the fact."""

    reason: str
    what: str = ""

    def __str__(self) -> str:
        return f"{self.reason}: {self.what}" if self.what else self.reason


@dataclass(frozen=True, slots=True)
class Node:
    """One operation. `name` tells which, `text` what it names (an identifier, a field, a bound variable).

    literal: `value` · name, select, has: `text` · fold: `text` is the variable, `value` the macro, parts are range
    and body, of a map with a condition range, condition and body · record: parts are keys and values in turn ·
    everything else: an operator or a function over its parts. `type` is what it gives, once it was checked.
    """

    name: str
    at: int
    parts: tuple[Node, ...] = ()
    text: str = ""
    value: object = None
    depth: int = 0
    type: Type = DYN

    def __iter__(self) -> Iterator[Node]:
        return iter(self.parts)


def node(name: str, at: int, parts: tuple[Node, ...] = (), text: str = "", value: object = None) -> Node:
    """Return a node over `parts`; raise `BadExpression` when the tree grows too deep."""
    depth = 1 + max((part.depth for part in parts), default=-1)
    if depth > MAX_DEPTH:
        raise BadExpression(f"nested deeper than {MAX_DEPTH}", at)
    return Node(name, at, parts, text, value, depth)


def spelled(tree: Node) -> str:
    """Return the dotted path a chain of fields is written as, `[]` for an element; '' for anything else."""
    if tree.name == "name":
        return tree.text
    if tree.name in ("select", "has"):
        return f"{spelled(tree.parts[0])}.{tree.text}"
    return f"{spelled(tree.parts[0])}[]" if tree.name == "[]" else ""
