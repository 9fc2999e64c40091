"""One rule → the same with one thing changed, and what is left out of the count with the reason why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from collector.compiled import BadRule, CompiledRule, compile_rule
from collector.language import Expression
from collector.language.times import duration
from collector.model import Rule, Value
from collector.mutation.source import mutated, stepped
from collector.rulepack import DEFAULT_MATCH, DEFAULT_MAX_AGE

REFUSED: Final = "the compiler refuses it"
UNREAD: Final = "nothing it reads grows old"
SHARED: Final = "it is in the words of the default `match`"
_SPAN: Final = re.compile(r"(\d+)(ms|[smhd])")
DEFAULT_AGE: Final = duration(DEFAULT_MAX_AGE) // timedelta(milliseconds=1)  # type: ignore[operator]  # it is one


@dataclass(frozen=True, slots=True)
class Parts:
    """What a compiled rule is made of: everything `compile_rule` is given."""

    rule: Rule
    recover: str | None
    levels: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A rule with one thing changed. `compiled` None: left out of the count, for the reason `because`."""

    rule: str
    what: str
    compiled: CompiledRule | None
    because: str = ""

    def __str__(self) -> str:
        return f"{self.rule}: {self.what}"


def mutants(original: CompiledRule) -> Iterator[Mutant]:
    """Yield every mutant of a rule, those that are left out among them."""
    parts = Parts(
        original.rule,
        original.recover.source if original.recover else None,
        tuple((condition.source, level) for condition, level in original.levels),
    )
    for what, changed in _changed(parts, original):
        if isinstance(changed, str):
            yield Mutant(original.id, what, None, changed)
            continue
        try:
            yield Mutant(original.id, what, compile_rule(changed.rule, changed.recover, changed.levels))
        except BadRule:
            yield Mutant(original.id, what, None, REFUSED)


def _changed(parts: Parts, original: CompiledRule) -> Iterator[tuple[str, Parts | str]]:
    yield from _expressions(parts)
    yield from _levels(parts)
    yield from _params(parts, original)
    yield from _timers(parts, original)


def _with(parts: Parts, **fields: Any) -> Parts:
    return replace(parts, rule=replace(parts.rule, **fields))


def _expressions(parts: Parts) -> Iterator[tuple[str, Parts | str]]:
    rule = parts.rule
    for what, source in mutated(rule.expr):
        yield f"expr: {what}", _with(parts, expr=source)
    if rule.match != DEFAULT_MATCH:  # that one is no rule's own
        yield "match dropped", _with(parts, match="true")
        for what, source in mutated(rule.match):
            is_shared = DEFAULT_MATCH in rule.match and DEFAULT_MATCH not in source
            yield f"match: {what}", SHARED if is_shared else _with(parts, match=source)
    if rule.where:
        yield "where dropped", _with(parts, where=None)
        for what, source in mutated(rule.where):
            yield f"where: {what}", _with(parts, where=source)
    if parts.recover:
        yield "recover dropped", replace(parts, recover=None)
        for what, source in mutated(parts.recover):
            yield f"recover: {what}", replace(parts, recover=source)


def _levels(parts: Parts) -> Iterator[tuple[str, Parts | str]]:
    for at, (condition, level) in enumerate(parts.levels):
        before, after = parts.levels[:at], parts.levels[at + 1 :]
        yield f"{level} dropped", replace(parts, levels=before + after)
        for what, source in mutated(condition):
            yield f"{level}: {what}", replace(parts, levels=(*before, (source, level), *after))


# --- constants


def _params(parts: Parts, original: CompiledRule) -> Iterator[tuple[str, Parts | str]]:
    """Yield changed constants, of those the rule's own expressions read."""
    read = {path[1] for one in _own(original) for path in one.reads if path[0] == "param" and len(path) > 1}
    for name in sorted(read):
        for value in _values(parts.rule.params[name]):
            yield f"param {name} = {value!r}", _with(parts, params={**parts.rule.params, name: value})
    for name in sorted(read & parts.rule.overrides.keys()):
        others = {each: its for each, its in parts.rule.overrides.items() if each != name}
        yield f"overrides of {name} dropped", _with(parts, overrides=others)


def _own(rule: CompiledRule) -> Iterator[Expression]:
    yield from (rule.match, rule.expr)
    yield from (one for one in (rule.recover, rule.where) if one is not None)
    yield from (condition for condition, _ in rule.levels)


def _values(value: Value) -> Iterator[Value]:
    match value:
        case bool():
            yield not value
        case int() | float():
            sign = -1 if value < 0 else 1
            yield from (sign * type(value)(float(each)) for each in stepped(repr(abs(value))))
        case str():
            span = _SPAN.fullmatch(value)
            yield from (f"{each}{span[2]}" for each in stepped(span[1])) if span else (f"{value}~",)
        case list():
            yield []
        case dict():
            yield {}


# --- times


def _timers(parts: Parts, original: CompiledRule) -> Iterator[tuple[str, Parts | str]]:
    for name, field in (("for", "hold_ms"), ("keep_firing_for", "keep_ms")):
        if span := getattr(parts.rule, field):
            yield f"{name} dropped", _with(parts, **{field: 0})
            yield f"{name} a tenth longer", _with(parts, **{field: span + span // 10})
    if parts.rule.min_samples > 1:
        yield "min_samples dropped", _with(parts, min_samples=1)
    if parts.rule.on_unknown != "keep":
        yield "on_unknown dropped", _with(parts, on_unknown="keep")
    yield from _ages(parts, original.sections)


def _ages(parts: Parts, sections: frozenset[str]) -> Iterator[tuple[str, Parts | str]]:
    age = parts.rule.max_age_ms
    if age == DEFAULT_AGE:  # that one is no rule's own
        return
    changed = {"max_age dropped": 0, "max_age halved": age // 2, "max_age a half longer": age + age // 2}
    for what, new in changed.items() if age else ():
        yield what, _with(parts, max_age_ms=new) if sections else UNREAD


def summary(excluded: Mapping[str, int]) -> str:
    """Return the reasons for which mutants were left out, with how many of each."""
    return ", ".join(f"{number} × {because}" for because, number in sorted(excluded.items())) or "none"
