"""Types, before a rule runs: a tree over named types → the tree with the type of every operation, or a mistake told.

A typo, operands that do not fit, a condition that is not true or false, a constant nobody can read: each is a
`BadExpression` with its position. Where a type is not known (`DYN`), the values themselves are looked at when it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import reduce

from collector.language import texts, times
from collector.language.signatures import FUNCTIONS, WINDOWS
from collector.language.tree import BadExpression, Node, Unknown, spelled
from collector.language.types import (
    BOOL,
    DOUBLE,
    DYN,
    INT,
    LIST,
    MAP,
    NUMBER,
    NUMBERS,
    SPAN,
    TEXT,
    TIME,
    Type,
    alike,
    common,
    list_of,
)
from collector.language.windows import MAX_SPAN_MS, PREVIOUS_MS, Look, Window

Names = Mapping[str, Type]
ORDERED = frozenset({"bool", "text", "time", "duration", *NUMBERS})


def checked(tree: Node, names: Names) -> Node:
    """Return `tree` with types; raise `BadExpression`."""
    if tree.name == "fold":
        return _fold(tree, names)
    parts = tuple(checked(part, names) for part in tree.parts)
    tree = replace(tree, parts=parts)
    if tree.name == "name":
        return replace(tree, type=_named(tree, names))
    if tree.name in WINDOWS:
        return _window(tree)
    rule = _RULES.get(tree.name, _function)
    return replace(tree, type=rule(tree, parts))


def _named(tree: Node, names: Names) -> Type:
    if tree.text not in names:
        raise BadExpression(f"unknown name {tree.text}", tree.at)
    return names[tree.text]


def expect(tree: Node, wanted: Type) -> None:
    """Raise `BadExpression` unless `tree` can be of the type `wanted`."""
    if DYN not in (tree.type, wanted) and tree.type != wanted:
        raise BadExpression(f"{_word(wanted)} expected, {tree.type} found", tree.at)


def _word(wanted: Type) -> str:
    return "true or false" if wanted == BOOL else wanted.name


# --- fields and elements


def _select(tree: Node, parts: Sequence[Node]) -> Type:
    over = parts[0].type
    if over.record is not None:
        if tree.text not in over.record.fields:
            raise BadExpression(f"no such fact: {spelled(tree) or tree.text}", tree.at)
        return BOOL if tree.name == "has" else over.record.fields[tree.text]
    if over not in (DYN, MAP):
        raise BadExpression(f"{spelled(tree) or tree.text}: {over} has no fields", tree.at)
    return BOOL if tree.name == "has" else DYN


def _index(tree: Node, parts: Sequence[Node]) -> Type:
    over, key = parts
    if over.type.name == "record":
        expect(key, TEXT)
        if over.type.record is not None and isinstance(key.value, str):
            return _select(replace(tree, name="select", text=key.value), parts)
        return DYN
    if over.type.name == "list":
        if key.type not in (DYN, INT, NUMBER):
            raise BadExpression(f"a list has no element {key.type}", tree.at)
        return over.type.element
    if over.type != DYN:
        raise BadExpression(f"{over.type} has no elements", tree.at)
    return DYN


def _list(tree: Node, parts: Sequence[Node]) -> Type:
    return list_of(reduce(common, (part.type for part in parts))) if parts else LIST


def _record(tree: Node, parts: Sequence[Node]) -> Type:
    for key in parts[::2]:
        expect(key, TEXT)
    return MAP


def _fold(tree: Node, names: Names) -> Node:
    over = checked(tree.parts[0], names)
    if over.type != DYN and over.type.name not in ("list", "record"):
        raise BadExpression(f"{tree.value}: a list expected, {over.type} found", tree.at)
    bodies = [checked(body, {**names, tree.text: over.type.element}) for body in tree.parts[1:]]
    for condition in bodies[:-1] if tree.value == "map" else bodies:
        expect(condition, BOOL)
    gives = BOOL if tree.value not in ("map", "filter") else list_of(
        bodies[-1].type if tree.value == "map" else over.type.element)  # fmt: skip
    return replace(tree, parts=(over, *bodies), type=gives)


# --- operators


def _logic(tree: Node, parts: Sequence[Node]) -> Type:
    for part in parts:
        expect(part, BOOL)
    return BOOL


def _conditional(tree: Node, parts: Sequence[Node]) -> Type:
    condition, yes, no = parts
    expect(condition, BOOL)
    if not alike(yes.type, no.type):
        raise BadExpression(f"either {yes.type} or {no.type}, one of them", tree.at)
    return common(yes.type, no.type)


def _equal(tree: Node, parts: Sequence[Node]) -> Type:
    left, right = parts
    if not alike(left.type, right.type):
        raise BadExpression(f"cannot compare {left.type} with {right.type}", tree.at)
    return BOOL


def _ordered(tree: Node, parts: Sequence[Node]) -> Type:
    left, right = parts
    if not alike(left.type, right.type) or not {left.type.name, right.type.name} <= ORDERED | {DYN.name}:
        raise BadExpression(f"cannot order {left.type} and {right.type}", tree.at)
    return BOOL


def _in(tree: Node, parts: Sequence[Node]) -> Type:
    item, over = parts
    if over.type != DYN and over.type.name not in ("list", "record"):
        raise BadExpression(f"in: {over.type} holds nothing", tree.at)
    if over.type != DYN and not alike(item.type, over.type.element):
        raise BadExpression(f"in: {over.type} holds no {item.type}", tree.at)
    return BOOL


def _calculation(tree: Node, parts: Sequence[Node]) -> Type:
    left, right = (part.type for part in parts)
    if left.name in NUMBERS and right.name in NUMBERS and not (tree.name == "%" and DOUBLE in (left, right)):
        return left if left == right else DOUBLE if DOUBLE in (left, right) else NUMBER
    if DYN in (left, right):
        other = right if left == DYN else left
        if other == DYN or (other.name in NUMBERS and not (tree.name == "%" and other == DOUBLE)):
            return DYN
        if any(other.name in pair for pair in _SUMS.get(tree.name, ())):
            return DYN
    elif gives := _SUMS.get(tree.name, {}).get((left.name, right.name)):
        return gives
    raise BadExpression(f"cannot do {left} {tree.name} {right}", tree.at)


def _negated(tree: Node, parts: Sequence[Node]) -> Type:
    if parts[0].type.name not in NUMBERS and parts[0].type != DYN:
        raise BadExpression(f"cannot negate {parts[0].type}", tree.at)
    return parts[0].type


_SUMS: Mapping[str, Mapping[tuple[str, str], Type]] = {
    "+": {("text", "text"): TEXT, ("list", "list"): LIST, ("duration", "duration"): SPAN,
          ("time", "duration"): TIME, ("duration", "time"): TIME},
    "-": {("duration", "duration"): SPAN, ("time", "time"): SPAN, ("time", "duration"): TIME},
}  # fmt: skip

# --- functions


def _function(tree: Node, parts: Sequence[Node]) -> Type:
    signature = FUNCTIONS[tree.name]
    for part, takes in zip(parts, signature.takes, strict=False):
        if takes and part.type != DYN and part.type.name not in takes:
            raise BadExpression(f"{tree.name}: {part.type} does not fit", part.at)
    _constants(tree, parts)
    return signature.gives


def _constants(tree: Node, parts: Sequence[Node]) -> None:
    """Raise `BadExpression` for a constant that can never be read."""
    first, last = parts[0].value, parts[-1].value
    if tree.name == "matches" and isinstance(last, str):
        try:
            texts.pattern(last)
        except texts.BadPattern as error:
            raise BadExpression(f"{error}: {last!r}", parts[-1].at) from error
    if tree.name == "cidr_contains" and isinstance(first, str) and _is_bad_network(first):
        raise BadExpression(f"not a network: {first!r}", parts[0].at)
    reader = _READERS.get(tree.name)
    if reader is not None and isinstance(first, str) and isinstance(reader[1](first), Unknown):
        raise BadExpression(f"not a {reader[0]}: {first!r}", tree.at)


def _is_bad_network(network: str) -> bool:
    return isinstance(texts.cidr_contains(network, "::"), Unknown)


_READERS: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "timestamp": ("time", times.timestamp), "days_until": ("time", times.timestamp),
    "duration": ("duration", times.duration), "int": ("number", texts.whole), "double": ("number", texts.real),
}  # fmt: skip


def _window(tree: Node) -> Node:
    row, *constants = tree.parts
    record = row.type.record
    if record is None or not record.section:
        raise BadExpression(f"{tree.name}: looks back on the variable of a section or on a section", tree.at)
    for constant in constants:
        if constant.name != "literal" or not isinstance(constant.value, str):
            raise BadExpression(f"{tree.name}: a text as it stands expected", constant.at)
    field, span = str(constants[0].value), _span(constants[1]) if len(constants) > 1 else PREVIOUS_MS
    if field not in record.fields:
        raise BadExpression(f"no such fact: {spelled(row)}.{field}", constants[0].at)
    gives = record.fields[field]
    if tree.name in ("rate", "avg_over", "max_over", "min_over") and gives.name not in NUMBERS:
        raise BadExpression(f"{tree.name}: {field} is no number", constants[0].at)
    look = Look(Window(record.section, field, span), record.key)
    return replace(tree, parts=(row,), value=look, type=_GIVEN.get(tree.name, gives))


def _span(constant: Node) -> int:
    span = times.duration(constant.value)
    if isinstance(span, Unknown) or not timedelta() < span <= timedelta(milliseconds=MAX_SPAN_MS):
        raise BadExpression(f"not a span of up to 31 days: {constant.value!r}", constant.at)
    return span // timedelta(milliseconds=1)


_GIVEN = {"rate": DOUBLE, "avg_over": DOUBLE, "changes": INT}


def _literal(tree: Node, parts: Sequence[Node]) -> Type:
    return {bool: BOOL, int: INT, float: DOUBLE}.get(type(tree.value), TEXT)


_RULES: Mapping[str, Callable[[Node, Sequence[Node]], Type]] = {
    "literal": _literal, "select": _select, "has": _select, "[]": _index, "list": _list, "record": _record,
    "!": _logic, "&&": _logic, "||": _logic, "?:": _conditional, "==": _equal, "!=": _equal,
    "<": _ordered, "<=": _ordered, ">": _ordered, ">=": _ordered, "in": _in,
    "+": _calculation, "-": _calculation, "*": _calculation, "/": _calculation, "%": _calculation,
    "negate": _negated,
}  # fmt: skip
