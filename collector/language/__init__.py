"""The language rules are written in: a subset of CEL, compiled to closures, with unknowns.

Literals, `.` and `[]`, `! - && || ?:`, comparison, `in`, `+ - * / %`, `has() exists() all() filter()
map() size() startsWith() endsWith() contains()`, `timestamp() duration() days_until()` and `now`.
No regular expressions: hostnames come from the network and rules from people.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from collector.language.evaluate import MAX_STEPS, STEPS, Closure, build
from collector.language.parser import parse
from collector.language.tree import BadExpression, Fault, Node, Unknown

__all__ = ["ROOTS", "BadExpression", "Expression", "FactPath", "Fault", "Unknown", "compile_expression"]

FactPath = tuple[str, ...]
"""What an expression reads: ("ci", "ntp", "synchronised"); "[]" stands for any element."""

ROOTS: Mapping[str, FactPath] = {"ci": ("ci",), "param": ("param",), "now": ("now",)}


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression and every path it may read."""

    source: str
    reads: frozenset[FactPath]
    closure: Closure

    def evaluate(self, scope: Mapping[str, Any]) -> Any:
        """Return the value for the names in `scope`, or `Unknown`; raise `Fault`."""
        try:
            return self.closure({**scope, STEPS: [MAX_STEPS]})
        except OverflowError as error:
            raise Fault(f"out of range: {error}") from error

    def judge(self, scope: Mapping[str, Any]) -> bool | Unknown:
        """Return true, false or `Unknown`; raise `Fault`, also when the value is none of these."""
        verdict = self.evaluate(scope)
        if isinstance(verdict, bool | Unknown):
            return verdict
        raise Fault(f"true or false expected: {self.source}")


def compile_expression(source: str, elements: Mapping[str, FactPath] | None = None) -> Expression:
    """Return the compiled `source`; raise `BadExpression`.

    It may name `ci`, `param`, `now` and `elements`: further names and the paths they stand for.
    """
    return _compiled(source, tuple(sorted((elements or {}).items())))


@lru_cache(maxsize=4096)
def _compiled(source: str, elements: tuple[tuple[str, FactPath], ...]) -> Expression:
    tree = parse(source)
    reads = frozenset(_reads(tree, {**ROOTS, **dict(elements)}))
    return Expression(source, reads, build(tree))


def _reads(tree: Node, names: Mapping[str, FactPath]) -> Iterator[FactPath]:
    if tree.name == "fold":
        over, body = tree.parts
        yield from _reads(over, names)
        yield from _reads(body, {**names, tree.text: (*_path(over, names), "[]")})
        return
    path = _path(tree, names)
    if path:
        yield path
    if tree.name == "days_until":
        yield ROOTS["now"]
    for at, part in enumerate(tree):
        if path and at == 0:  # the rest of the chain; only its computed keys read anything else
            yield from (each for each in _reads(part, names) if each != _path(part, names))
        else:
            yield from _reads(part, names)


def _path(tree: Node, names: Mapping[str, FactPath]) -> FactPath:
    """Return the path a chain of fields names; () for anything that is computed."""
    if tree.name == "name":
        if tree.text not in names:
            raise BadExpression(f"unknown name {tree.text}", tree.at)
        return names[tree.text]
    if tree.name not in ("select", "has", "[]") or not (above := _path(tree.parts[0], names)):
        return ()
    if tree.name == "[]":
        key = tree.parts[1]
        return (*above, key.value if isinstance(key.value, str) else "[]")
    return (*above, tree.text)
