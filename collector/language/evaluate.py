"""The slow, exact way: tree → closures over a scope. Three answers: a value, `Unknown`, or a raised `Fault`.

`&&` and `||` are Kleene's: a known false (true) decides whatever else is unknown or faulty; so do `exists` and `all`.
Every other operation on an unknown is unknown. Types never mix silently: that is a `Fault`, for it is the rule's bug.
`generate` does the same faster where every value is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from collector.language import operators, windows
from collector.language.kinds import kind, truth
from collector.language.operators import Spent
from collector.language.signatures import WINDOWS
from collector.language.times import days_until
from collector.language.tree import Exhausted, Fault, Node, Unknown, spelled
from collector.language.types import DOUBLE
from collector.language.windows import Look

Scope = Mapping[str, Any]
"""Names → values: JSON values, datetimes, timedeltas, `Unknown`; `history`."""
Closure = Callable[[Scope, Spent], Any]
TOLD = frozenset({"select", "[]", *WINDOWS})
"""What gives values as they were told."""


def build(tree: Node) -> Closure:
    """Return the closure of `tree`."""
    if maker := _MAKERS.get(tree.name):
        return _real(maker(tree)) if tree.type == DOUBLE and tree.name in TOLD else maker(tree)
    if spending := operators.SPENDING.get(tree.name):
        return _strict(spending, True, tree)
    return _strict(operators.TABLE[tree.name], False, tree)


def _real(told: Closure) -> Closure:
    """Return `told` so that a real number is one, though JSON may have told it as a whole one."""

    def run(scope: Scope, left: Spent) -> Any:
        value = told(scope, left)
        return float(value) if type(value) is int else value

    return run


def _strict(apply: Callable[..., Any], spends: bool, tree: Node) -> Closure:
    parts = tuple(map(build, tree))
    if len(parts) == 2 and not spends:
        return _of_two(apply, *parts)

    def run(scope: Scope, left: Spent) -> Any:
        values: list[Any] = [left] if spends else []
        for part in parts:
            value = part(scope, left)
            if isinstance(value, Unknown):
                return value
            values.append(value)
        return apply(*values)

    return run


def _of_two(apply: Callable[[Any, Any], Any], one: Closure, other: Closure) -> Closure:
    def run(scope: Scope, left: Spent) -> Any:
        first = one(scope, left)
        if type(first) is Unknown:
            return first
        second = other(scope, left)
        return second if type(second) is Unknown else apply(first, second)

    return run


def _literal(tree: Node) -> Closure:
    value = tree.value
    return lambda scope, left: value


def _name(tree: Node) -> Closure:
    name = tree.text

    def run(scope: Scope, left: Spent) -> Any:
        value = scope.get(name)
        return Unknown("missing", name) if value is None else value

    return run


def _select(tree: Node) -> Closure:
    operand, name, what = build(tree.parts[0]), tree.text, spelled(tree)

    def run(scope: Scope, left: Spent) -> Any:
        record = operand(scope, left)
        if isinstance(record, Unknown):
            return record
        if type(record) is not dict and not isinstance(record, Mapping):
            raise Fault(f"{what}: {kind(record)} has no fields")
        value = record.get(name)
        return Unknown("missing", what) if value is None else value

    return run


def _has(tree: Node) -> Closure:
    select = _select(tree)

    def run(scope: Scope, left: Spent) -> Any:
        value = select(scope, left)
        if not isinstance(value, Unknown):
            return True
        # Absent from a record we have read: no. Not read at all: nobody knows.
        return False if value == Unknown("missing", spelled(tree)) else value

    return run


def _index(tree: Node) -> Closure:
    what = spelled(tree)

    def apply(container: Any, key: Any) -> Any:
        found = operators.element(container, key)
        return Unknown("missing", what) if found is None else found

    return _strict(apply, False, tree)


def _days_until(tree: Node) -> Closure:
    return _in_scope(tree, lambda scope, text: days_until(scope["now"], text))


def _window(tree: Node) -> Closure:
    assert isinstance(tree.value, Look)
    return _in_scope(tree, partial(windows.looked, tree.name, tree.value))


def _in_scope(tree: Node, apply: Callable[[Scope, Any], Any]) -> Closure:
    operand = build(tree.parts[0])

    def run(scope: Scope, left: Spent) -> Any:
        value = operand(scope, left)
        return value if isinstance(value, Unknown) else apply(scope, value)

    return run


def _conditional(tree: Node) -> Closure:
    condition, yes, no = map(build, tree)

    def run(scope: Scope, left: Spent) -> Any:
        value = condition(scope, left)
        if isinstance(value, Unknown):
            return value
        return yes(scope, left) if truth(value) else no(scope, left)

    return run


# --- what a part of the operands can decide


def _kleene(tree: Node, decisive: bool) -> Closure:
    parts = tuple(map(build, tree))
    return lambda scope, left: _decided(lambda part: part(scope, left), parts, decisive)


def _decided(ask: Callable[[Any], Any], of: Iterable[Any], decisive: bool) -> bool | Unknown:
    """Ask of each in turn, until one is `decisive`; what is unknown or faulty counts when none is."""
    unknown: Unknown | None = None
    fault: Fault | None = None
    for each in of:
        try:
            value: object = ask(each)
            if value is decisive:
                return decisive
            if isinstance(value, Unknown):
                unknown = unknown or value
            else:
                truth(value)
        except Exhausted:
            raise
        except Fault as error:
            fault = fault or error
    if fault and not unknown:
        raise fault
    return unknown or (not decisive)


# --- macros


def _fold(tree: Node) -> Closure:
    over, *bodies = map(build, tree)
    name, finish = tree.text, _FINISHES[str(tree.value)]

    def run(scope: Scope, left: Spent) -> Any:
        items = over(scope, left)
        if isinstance(items, Unknown):
            return items
        inner = dict(scope)

        def judged(body: Closure, item: Any) -> Any:
            inner[name] = item
            return body(inner, left)

        items = operators.elements(left, items)
        return finish(items, [partial(judged, body) for body in bodies])

    return run


Bodies = Sequence[Callable[[Any], Any]]


def _exists(items: Sequence[Any], bodies: Bodies) -> bool | Unknown:
    return _decided(bodies[0], items, True)


def _all(items: Sequence[Any], bodies: Bodies) -> bool | Unknown:
    return _decided(bodies[0], items, False)


def _exists_one(items: Sequence[Any], bodies: Bodies) -> bool | Unknown:
    chosen = _filter(items, bodies)
    return chosen if isinstance(chosen, Unknown) else len(chosen) == 1


def _filter(items: Sequence[Any], bodies: Bodies) -> list[Any] | Unknown:
    chosen = []
    for item in items:
        verdict = bodies[0](item)
        if isinstance(verdict, Unknown):
            return verdict
        if truth(verdict):
            chosen.append(item)
    return chosen


def _map(items: Sequence[Any], bodies: Bodies) -> list[Any] | Unknown:
    chosen = _filter(items, bodies) if len(bodies) == 2 else items
    if isinstance(chosen, Unknown):
        return chosen
    values = []
    for item in chosen:
        value = bodies[-1](item)
        if isinstance(value, Unknown):
            return value
        values.append(value)
    return values


_FINISHES: Mapping[str, Callable[[Sequence[Any], Bodies], Any]] = {
    "exists": _exists, "all": _all, "exists_one": _exists_one, "filter": _filter, "map": _map,
}  # fmt: skip
_MAKERS: Mapping[str, Callable[[Node], Closure]] = {
    "literal": _literal, "name": _name, "select": _select, "has": _has, "[]": _index,
    "?:": _conditional, "fold": _fold, "days_until": _days_until, **dict.fromkeys(WINDOWS, _window),
    "||": lambda tree: _kleene(tree, True), "&&": lambda tree: _kleene(tree, False),
}  # fmt: skip
