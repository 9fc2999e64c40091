"""Tree → closures over a scope. Three answers: a value, `Unknown`, or a raised `Fault`.

`&&` and `||` are Kleene's: a known false (true) decides whatever else is unknown. Every other
operation on an unknown is unknown. Types never mix silently: that is a `Fault`, for it is the rule's bug.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from collector.language import operators
from collector.language.tree import BadExpression, Fault, Node, Unknown

Scope = dict[str, Any]
"""Names → values: JSON values, datetimes, timedeltas, `Unknown`; under `STEPS` what may still be spent."""
Closure = Callable[[Scope], Any]

STEPS = "(steps)"
MAX_STEPS = 250_000
"""Elements that the macros of one evaluation may visit."""


def build(tree: Node) -> Closure:
    """Return the closure of `tree`; raise `BadExpression` for a constant that can never be read."""
    if tree.name in ("timestamp", "duration", "days_until") and tree.parts[0].name == "literal":
        _check_constant(tree)
    maker = _MAKERS.get(tree.name)
    return maker(tree) if maker is not None else _strict(operators.TABLE[tree.name], *map(build, tree))


def _check_constant(tree: Node) -> None:
    text = tree.parts[0].value
    read = operators.duration if tree.name == "duration" else operators.timestamp
    if not isinstance(text, str) or isinstance(read(text), Unknown):
        raise BadExpression(f"not a {'duration' if tree.name == 'duration' else 'time'}: {text!r}", tree.at)


def _strict(apply: Callable[..., Any], *parts: Closure) -> Closure:
    def run(scope: Scope) -> Any:
        values = []
        for part in parts:
            value = part(scope)
            if isinstance(value, Unknown):
                return value
            values.append(value)
        return apply(*values)

    return run


def _literal(tree: Node) -> Closure:
    value = tree.value
    return lambda scope: value


def _name(tree: Node) -> Closure:
    name = tree.text
    return lambda scope: scope[name]


def _list(tree: Node) -> Closure:
    return _strict(lambda *items: list(items), *map(build, tree))


def _select(tree: Node) -> Closure:
    operand, name, what = build(tree.parts[0]), tree.text, spelled(tree)

    def run(scope: Scope) -> Any:
        record = operand(scope)
        if isinstance(record, Unknown):
            return record
        if not isinstance(record, Mapping):
            raise Fault(f"{what}: {operators.kind(record)} has no fields")
        value = record.get(name)
        return Unknown("missing", what) if value is None else value

    return run


def _has(tree: Node) -> Closure:
    select = _select(tree)

    def run(scope: Scope) -> Any:
        value = select(scope)
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

    return _strict(apply, *map(build, tree))


def _days_until(tree: Node) -> Closure:
    return _strict(operators.days_until, lambda scope: scope["now"], build(tree.parts[0]))


def _conditional(tree: Node) -> Closure:
    condition, yes, no = map(build, tree)

    def run(scope: Scope) -> Any:
        value = condition(scope)
        if isinstance(value, Unknown):
            return value
        return yes(scope) if operators.truth(value) else no(scope)

    return run


def _kleene(tree: Node, decisive: bool) -> Closure:
    parts = tuple(map(build, tree))
    return lambda scope: _decided((part(scope) for part in parts), decisive)


def _decided(verdicts: Iterable[Any], decisive: bool) -> bool | Unknown:
    unknown: Unknown | None = None
    for verdict in verdicts:
        if isinstance(verdict, Unknown):
            unknown = unknown or verdict
        elif operators.truth(verdict) is decisive:
            return decisive
    return unknown or (not decisive)


def _fold(tree: Node) -> Closure:
    over, body, name = build(tree.parts[0]), build(tree.parts[1]), tree.text
    finish = _FINISHES[str(tree.value)]

    def run(scope: Scope) -> Any:
        items = over(scope)
        if isinstance(items, Unknown):
            return items
        if not isinstance(items, list):
            raise Fault(f"{tree.value}: a list expected, {operators.kind(items)} found")
        inner = dict(scope)

        def judged(item: Any) -> Any:
            _spend(scope)
            inner[name] = item
            return body(inner)

        return finish(items, map(judged, items))

    return run


def _spend(scope: Scope) -> None:
    scope[STEPS][0] -= 1
    if scope[STEPS][0] < 0:
        raise Fault(f"more than {MAX_STEPS} elements visited")


def _filter(items: list[Any], verdicts: Iterable[Any]) -> Any:
    values = _all_known(verdicts)
    if isinstance(values, Unknown):
        return values
    return [item for item, verdict in zip(items, values, strict=True) if operators.truth(verdict)]


def _all_known(values: Iterable[Any]) -> list[Any] | Unknown:
    known = []
    for value in values:
        if isinstance(value, Unknown):
            return value
        known.append(value)
    return known


def spelled(tree: Node) -> str:
    """Return the dotted path a chain of fields is written as, `[]` for an element; '' for anything else."""
    if tree.name == "name":
        return tree.text
    if tree.name in ("select", "has"):
        return f"{spelled(tree.parts[0])}.{tree.text}"
    return f"{spelled(tree.parts[0])}[]" if tree.name == "[]" else ""


_FINISHES: Mapping[str, Callable[[list[Any], Iterable[Any]], Any]] = {
    "exists": lambda _, verdicts: _decided(verdicts, True),
    "all": lambda _, verdicts: _decided(verdicts, False),
    "filter": _filter,
    "map": lambda _, values: _all_known(values),
}
_MAKERS: Mapping[str, Callable[[Node], Closure]] = {
    "literal": _literal, "name": _name, "list": _list, "select": _select, "has": _has, "[]": _index,
    "?:": _conditional, "fold": _fold, "days_until": _days_until,
    "||": lambda tree: _kleene(tree, True), "&&": lambda tree: _kleene(tree, False),
}  # fmt: skip
