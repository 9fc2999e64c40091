"""The fast way: tree → a Python code object for facts that are all there.

The code is made from our own tree alone: it names the two parameters `scope` and `left` (what may still be spent),
variables numbered here, and constants and helpers bound by name; `__builtins__` is empty and nothing of the data is
reached by attribute. Where types are known before it runs, operators are Python's own. Whatever is not plain (a field
that is missing, null or `Unknown`, another type than the catalogue has it, an operand that does not fit) raises one of
`UNSURE`: then the slow way, `evaluate`, has the word. So what is returned is what that would return.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from collector.language import operators, texts, times, windows
from collector.language.kinds import truth
from collector.language.signatures import WINDOWS
from collector.language.tree import Fault, Node, Unknown
from collector.language.types import BOOL, DOUBLE, DYN, INT, SCALARS, TEXT

UNSURE = (Fault, LookupError, TypeError, ValueError, ArithmeticError)
"""What says that the slow way must be gone."""
Native = Callable[[Mapping[str, Any], operators.Spent], Any]

COMPARED = frozenset({"==", "!=", "<", "<=", ">", ">="})


def native(tree: Node) -> Native:
    """Return the function of `tree`."""
    writer = _Writer()
    code = compile(f"lambda scope, left: {writer.result(tree)}", "<rule>", "eval")
    made: Native = eval(code, writer.names)  # noqa: S307  made from our own tree; it can name what is in `names` only
    return made


def has(record: Any, name: str) -> bool:
    """Return whether `record` has a value there; raise `Fault` when nobody knows."""
    is_record = type(record) is dict or isinstance(record, Mapping)
    value = record.get(name) if is_record else Unknown("no record")
    if type(value) is Unknown:
        raise Fault("no value")
    return value is not None


def item(container: Any, key: Any) -> Any:
    return operators.sound(operators.element(container, key))


def searched(left: operators.Spent, compiled: Any, text: Any) -> bool:
    operators.spend(left, len(text) // operators.A_STEP_OF_SEARCH)
    return texts.found(compiled, text)


_HELPERS: Mapping[str, Callable[..., Any]] = {
    "has": has, "item": item, "searched": searched, "sound": operators.sound, "truth": truth, "any": any, "all": all,
    "sum": sum, "len": len, "elements": operators.elements, "scanned": operators.scanned, "whole": operators.bounded,
    "divided": operators.divided, "quotient": operators.quotient, "days_until": times.days_until,
    "looked": windows.looked, "pattern": texts.pattern, "starts": str.startswith, "ends": str.endswith,
}  # fmt: skip


def _is_sure(tree: Node) -> bool:
    """Return whether what is at `tree`, if anything is, is a value of its type: neither null nor `Unknown`."""
    if tree.type == DYN:
        return False
    if tree.name == "select" or (tree.name == "[]" and tree.parts[0].type.name == "record"):
        record = tree.parts[0].type.record
        return record is not None and record.checked
    return all(map(_is_sure, tree.parts[1:])) if tree.name == "?:" else True


class _Writer:
    """Writes the code of one expression and gathers what it names."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"__builtins__": {}, **_HELPERS}
        self._variables: dict[str, str] = {}
        self._folds = 0

    def code(self, tree: Node) -> str:
        """Return code for the value of `tree`; a field may still be null or `Unknown`."""
        write = _WRITERS.get(tree.name)
        written = write(self, tree) if write else ""
        return written or self._called(tree)

    def sound(self, tree: Node) -> str:
        """Return code for a value that is there."""
        code = self.code(tree)
        return code if _is_sure(tree) else f"sound({code})"

    def result(self, tree: Node) -> str:
        """Return the same where nothing is calculated with it: a whole number may stand for a real one."""
        code = self._field(tree) if tree.name == "select" else self.code(tree)
        return code if _is_sure(tree) else f"sound({code})"

    def truth(self, tree: Node) -> str:
        """Return code for true or false."""
        code = self.code(tree)
        return code if tree.type == BOOL and _is_sure(tree) else f"truth({code})"

    def bound(self, value: object) -> str:
        """Return the name `value` is bound to."""
        name = f"c{len(self.names)}"
        self.names[name] = value
        return name

    def _called(self, tree: Node) -> str:
        """Return a call of the function the slow way uses."""
        parts = ", ".join(map(self.code, tree.parts))
        if spending := operators.SPENDING.get(tree.name):
            return f"{self.bound(spending)}(left, {parts})"
        return f"sound({self.bound(operators.TABLE[tree.name])}({parts}))"

    # --- names and fields

    def literal(self, tree: Node) -> str:
        return self.bound(tree.value) if isinstance(tree.value, str | float) else repr(tree.value)

    def name(self, tree: Node) -> str:
        return self._variables.get(tree.text) or f"scope[{self.bound(tree.text)}]"

    def select(self, tree: Node) -> str:
        return self._made_real(tree, self._field(tree))

    def _field(self, tree: Node) -> str:
        return f"{self.code(tree.parts[0])}[{tree.text!r}]"

    def _made_real(self, tree: Node, code: str) -> str:
        """Return `code` so that a real number is one, though JSON may have told it as a whole one."""
        return f"({code} * 1.0)" if tree.type == DOUBLE else code

    def has(self, tree: Node) -> str:
        over = tree.parts[0]
        if over.type.record is not None and over.type.record.checked:
            return f"({tree.text!r} in {self.code(over)})"
        return f"has({self.code(over)}, {tree.text!r})"

    def index(self, tree: Node) -> str:
        over, key = tree.parts
        if over.type.name == "record" and isinstance(key.value, str):
            return self._made_real(tree, f"{self.code(over)}[{self.bound(key.value)}]")
        return f"item({self.code(over)}, {self.code(key)})"

    def list(self, tree: Node) -> str:
        return f"[{', '.join(map(self.sound, tree.parts))}]"

    # --- logic

    def joined(self, tree: Node) -> str:
        word = " and " if tree.name == "&&" else " or "
        return f"({word.join(map(self.truth, tree.parts))})"

    def negation(self, tree: Node) -> str:
        return f"(not {self.truth(tree.parts[0])})"

    def conditional(self, tree: Node) -> str:
        condition, yes, no = tree.parts
        return f"({self.code(yes)} if {self.truth(condition)} else {self.code(no)})"

    def compared(self, tree: Node) -> str:
        left, right = tree.parts
        if left.type.name not in SCALARS or left.type != right.type:
            return ""  # whole with real numbers, too: Python compares them exactly, CEL as real ones
        return f"({self.result(left)} {tree.name} {self.result(right)})"

    def contained(self, tree: Node) -> str:
        one, over = tree.parts
        if one.type not in (TEXT, INT, BOOL):
            return ""
        if over.type.name == "record":
            return f"({self.sound(one)} in {self.code(over)})" if one.type == TEXT else ""
        if over.type.of != one.type:
            return ""
        if over.name == "list" and all(part.name == "literal" for part in over.parts):
            return f"({self.sound(one)} in {self.bound(frozenset(part.value for part in over.parts))})"
        looked = f"scanned(left, {self.code(over)})" if self._folds else self.sound(over)
        return f"({self.sound(one)} in {looked})"

    # --- arithmetic

    def calculated(self, tree: Node) -> str:
        left, right = tree.parts
        if left.type == right.type == INT and tree.name != "%":
            if tree.name == "/":
                return f"divided({self.sound(left)}, {self.sound(right)})"
            return f"whole({self.code(left)} {tree.name} {self.code(right)})"
        if tree.type != DOUBLE:
            return ""
        if tree.name == "/":
            return f"quotient({self._real(left)}, {self._real(right)})"
        return f"({self._real(left)} {tree.name} {self._real(right)})"

    def _real(self, tree: Node) -> str:
        """Return code for a real number where a whole one meets it, too."""
        return self.code(tree) if tree.type == DOUBLE else f"({self.code(tree)} * 1.0)"

    def negated(self, tree: Node) -> str:
        if tree.type == INT:
            return f"whole(-{self.code(tree.parts[0])})"
        return f"(-{self.code(tree.parts[0])})" if tree.type == DOUBLE else ""

    # --- functions

    def size(self, tree: Node) -> str:
        return "" if tree.parts[0].type == DYN else f"len({self.code(tree.parts[0])})"

    def of_texts(self, tree: Node) -> str:
        text, part = tree.parts
        if not text.type == part.type == TEXT:
            return ""
        if tree.name == "contains":
            return "" if self._folds else f"({self.code(part)} in {self.code(text)})"
        word = "starts" if tree.name == "startsWith" else "ends"
        return f"{word}({self.code(text)}, {self.code(part)})"

    def matches(self, tree: Node) -> str:
        text, wanted = tree.parts
        if not text.type == wanted.type == TEXT:
            return ""
        if wanted.name == "literal":
            compiled = self.bound(texts.pattern(str(wanted.value)))
        else:
            compiled = f"pattern({self.code(wanted)})"
        return f"searched(left, {compiled}, {self.code(text)})"

    def duration(self, tree: Node) -> str:
        constant = tree.parts[0]
        span = times.duration(constant.value) if constant.name == "literal" else None
        return self.bound(span) if isinstance(span, timedelta) else ""

    def days_until(self, tree: Node) -> str:
        return f"sound(days_until(scope['now'], {self.code(tree.parts[0])}))"

    def window(self, tree: Node) -> str:
        constants = f"{self.bound(tree.name)}, {self.bound(tree.value)}"
        return self._made_real(tree, f"sound(looked({constants}, scope, {self.code(tree.parts[0])}))")

    # --- macros

    def fold(self, tree: Node) -> str:
        over, *bodies = tree.parts
        items = f"elements(left, {self.code(over)})"
        variable = f"v{self._folds}"
        outer, self._variables = self._variables, {**self._variables, tree.text: variable}
        self._folds += 1
        loop = f"for {variable} in {items}"
        chosen = f"{loop} if {self.truth(bodies[0])}"
        match tree.value:
            case "filter":
                code = f"[{variable} {chosen}]"
            case "map":
                code = f"[{self.sound(bodies[-1])} {chosen if len(bodies) == 2 else loop}]"
            case "exists_one":
                code = f"(sum([1 {chosen}]) == 1)"
            case _:
                word = "any" if tree.value == "exists" else "all"
                code = f"{word}({self.truth(bodies[0])} {loop})"
        self._folds -= 1
        self._variables = outer
        return code


_WRITERS: Mapping[str, Callable[[_Writer, Node], str]] = {
    "literal": _Writer.literal, "name": _Writer.name, "select": _Writer.select, "has": _Writer.has,
    "[]": _Writer.index, "list": _Writer.list, "&&": _Writer.joined, "||": _Writer.joined, "!": _Writer.negation,
    "?:": _Writer.conditional, **dict.fromkeys(COMPARED, _Writer.compared), "in": _Writer.contained,
    **dict.fromkeys("+-*/%", _Writer.calculated), "negate": _Writer.negated, "size": _Writer.size,
    "startsWith": _Writer.of_texts, "endsWith": _Writer.of_texts, "contains": _Writer.of_texts,
    "matches": _Writer.matches, "duration": _Writer.duration, "days_until": _Writer.days_until, "fold": _Writer.fold,
    **dict.fromkeys(WINDOWS, _Writer.window),
}  # fmt: skip
