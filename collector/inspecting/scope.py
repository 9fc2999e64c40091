"""What a plan reaches: which CIs, and which rules are asked of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Final

from collector.compiled import BadRule, CompiledRule, compile_selector
from collector.inspecting.plan import CADENCES, BadPlan, Plan, Scope
from collector.language import Expression, Fault
from collector.stocktake import Thing, is_within

PACK: Final = "pack:"
INSPECT: Final = "inspect"


def compiled(scope: Scope) -> Expression | None:
    """Return the expression of a scope, None where it has none; raise `BadPlan`."""
    if not scope.match:
        return None
    try:
        return compile_selector(scope.match)
    except BadRule as error:
        raise BadPlan(str(error).removeprefix("match: "), "scope.match") from None


def holds(scope: Scope, expression: Expression | None, thing: Thing, own: Mapping[str, Any]) -> bool:
    """Return whether a CI is in scope. `own`: its own fields, as rules read them; what cannot be told is in scope."""
    if scope.classes and thing.ci_class not in scope.classes:
        return False
    if scope.place and not is_within(thing.place, scope.place):
        return False
    if scope.label and not fnmatchcase(thing.label.casefold(), scope.label.casefold()):
        return False
    if expression is None:
        return True
    try:
        return expression.judge({"ci": own}) is not False
    except Fault:
        return True  # a report with one CI too many shows it; one too few hides it


def divided(things: Iterable[Thing], rules: Sequence[CompiledRule], most: int) -> list[tuple[int, ...]]:
    """Return the ids of what is in scope in as many parts as reports are needed, at least one.

    A report has at most `most` checks; what stands in one place stays together as far as that goes, then what is of
    one class. A single CI is never parted.
    """
    parts: list[tuple[int, ...]] = []
    here: list[int] = []
    weights: dict[tuple[str, str], int] = {}
    filled = 0
    for each in sorted(things, key=lambda each: (each.place, each.ci_class, each.ci_id)):
        kinds = (each.ci_class, each.ci_type)
        if kinds not in weights:
            weights[kinds] = sum(not rule.rule.kinds.isdisjoint(kinds) for rule in rules)
        if here and filled + weights[kinds] > most:
            parts.append(tuple(here))
            here, filled = [], 0
        here.append(each.ci_id)
        filled += weights[kinds]
    return [*parts, tuple(here)]


def chosen(plan: Plan, rules: Iterable[CompiledRule]) -> tuple[CompiledRule, ...]:
    """Return the rules a plan asks: named ones always, those of globs and packs when they are asked often enough."""
    most = CADENCES.index(plan.cadence)
    return tuple(rule for rule in rules if _is_asked(rule, plan.checks, most))


def _is_asked(rule: CompiledRule, checks: Iterable[str], most: int) -> bool:
    if rule.id in checks:
        return True
    if INSPECT not in rule.rule.modes or CADENCES.index(rule.rule.cadence) > most:
        return False
    return any(_names(check, rule) for check in checks)


def _names(check: str, rule: CompiledRule) -> bool:
    if check.startswith(PACK):
        return rule.rule.pack == check.removeprefix(PACK)
    return fnmatchcase(rule.id, check)
