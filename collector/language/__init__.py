"""The language rules are written in: a typed subset of CEL, compiled to Python code, with unknowns.

Literals, `.` and `[]`, lists and records, `! - && || ?:`, comparison, `in`, `+ - * / %`, `has() exists() all()
exists_one() filter() map()`, `now`, and the functions of `signatures`. Regular expressions are RE2's: hostnames come
from the network and rules from people. There is no `null`, no bytes, no unsigned number and no message.

`parser` (over `tokens`) makes the tree, `check` types it, `reads` says what it reads, `generate` makes the fast code
and `evaluate` the slow, exact way for facts that are not all there; both share `operators`, `texts`, `times` and
`windows`. `sights` says which elements of a list it looks at, `turns` when time alone can change what it says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from collector.language.check import checked, expect
from collector.language.evaluate import Closure, build
from collector.language.generate import UNSURE, Native, native
from collector.language.operators import MAX_STEPS
from collector.language.parser import parse
from collector.language.reads import reads, windows
from collector.language.sights import Sight, sights
from collector.language.tree import BadExpression, Exhausted, FactPath, Fault, Node, Unknown
from collector.language.turns import Turning, next_turn, turning
from collector.language.types import DYN, TIME, Record, Type
from collector.language.windows import History, Window

__all__ = [
    "ROOTS", "BadExpression", "Expression", "FactPath", "Fault", "History", "Record", "Type", "Unknown", "Window",
    "compile_expression",
]  # fmt: skip

ROOTS: Mapping[str, FactPath] = {"ci": ("ci",), "param": ("param",), "now": ("now",)}


@dataclass(frozen=True)
class Expression:
    """A compiled expression, every path it may read and every window it looks back through.

    A scope has the names of the language (`ci`, `param`, `now` and further ones) and, where there is one, `history`.
    """

    source: str
    reads: frozenset[FactPath]
    windows: frozenset[Window]
    tree: Node = field(repr=False, compare=False)

    @cached_property
    def _fast(self) -> Native:
        return native(self.tree)

    @cached_property
    def _slow(self) -> Closure:
        return build(self.tree)

    @property
    def reads_time(self) -> bool:
        """Whether its answer can move while no fact does."""
        return ROOTS["now"] in self.reads

    @cached_property
    def _turns(self) -> Turning | None:
        return turning(self.tree)

    def next_turn(self, scope: Mapping[str, Any]) -> int | None:
        """Return when (ms) time alone can next change what it says; None: never, a fact must move."""
        return next_turn(self._turns, scope) if self._turns else None

    def asks_of(self, over: FactPath, names: Mapping[str, FactPath]) -> tuple[tuple[str, Expression], ...] | None:
        """Return what it asks of the elements of the list at `over`, by the name it gives them; None: it sees the list.

        `names`: further names it was compiled with, and their paths. An element of which every answer is false moves
        nothing.
        """
        found = sights(self.tree, {**ROOTS, **names}, over)
        return None if found is None else tuple((each.variable, self._asked(each)) for each in found)

    def _asked(self, sight: Sight) -> Expression:
        return Expression(self.source, frozenset(reads(sight.condition, sight.names)), self.windows, sight.condition)

    def evaluate(self, scope: Mapping[str, Any]) -> Any:
        """Return the value for the names in `scope`, or `Unknown`; raise `Fault`."""
        try:
            return self._fast(scope, [MAX_STEPS])
        except Exhausted:
            raise
        except UNSURE:
            return self.exactly(scope)

    def plainly(self, scope: Mapping[str, Any]) -> Any:
        """Return the value where nothing is missing or wrong on the way to it; else None, and `evaluate` has it."""
        try:
            return self._fast(scope, [MAX_STEPS])
        except UNSURE:
            return None

    def exactly(self, scope: Mapping[str, Any]) -> Any:
        """Return the same without the fast code."""
        try:
            return self._slow(scope, [MAX_STEPS])
        except (OverflowError, RecursionError) as error:
            raise Fault(f"out of range: {error}") from error

    def judge(self, scope: Mapping[str, Any]) -> bool | Unknown:
        """Return true, false or `Unknown`; raise `Fault`, also when the value is none of these."""
        try:  # as `evaluate` does, without another call: this is asked a million times
            verdict = self._fast(scope, [MAX_STEPS])
        except Exhausted:
            raise
        except UNSURE:
            verdict = self.exactly(scope)
        if verdict is True or verdict is False or isinstance(verdict, Unknown):
            return verdict
        raise Fault(f"true or false expected: {self.source}")


def compile_expression(
    source: str,
    elements: Mapping[str, FactPath] | None = None,
    types: Mapping[str, Type] | None = None,
    gives: Type = DYN,
) -> Expression:
    """Return the compiled `source`; raise `BadExpression`.

    It may name `ci`, `param`, `now` and `elements`: further names and the paths they stand for. `types` of the names,
    where they are known, find operands that do not fit before anything runs. `gives`: the type it must have.
    """
    return _compiled(source, _listed(elements), _listed(types), gives)


def _listed(names: Mapping[str, Any] | None) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted((names or {}).items(), key=lambda each: each[0]))


@lru_cache(maxsize=4096)
def _compiled(
    source: str, elements: tuple[tuple[str, FactPath], ...], types: tuple[tuple[str, Type], ...], gives: Type
) -> Expression:
    paths = {**ROOTS, **dict(elements)}
    tree = checked(parse(source), {**dict.fromkeys(paths, DYN), "now": TIME, **dict(types)})
    expect(tree, gives)
    return Expression(source, frozenset(reads(tree, paths)), frozenset(windows(tree)), tree)
