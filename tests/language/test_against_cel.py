"""Held against Google's own implementation: of every pair of an expression and facts both say the same.

Outcomes are a value, none (ours: `Unknown` or `Fault`; theirs: an error), or refused before anything runs. Expressions
are made so that what ours allows beyond CEL (whole and real numbers meet) is not in them, except in comparisons of
facts, where CEL allows it, too.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from cel_expr_python import cel

from collector.language import BadExpression, Expression, Fault, Unknown, compile_expression
from collector.language.types import Type
from tests.language.expressions import Maker
from tests.language.facts import TYPES, facts, told_real

DYN = cel.Type.DYN
THEIRS = cel.NewEnv(variables={"ci": cel.Type.Map(cel.Type.STRING, DYN), "param": cel.Type.Map(cel.Type.STRING, DYN),
                               "now": cel.Type.TIMESTAMP})  # fmt: skip
NONE, REFUSED = ("none",), ("refused",)
PAIRS, SHARDS = 2_000, 4


def theirs(source: str, scope: Mapping[str, Any]) -> Any:
    try:
        expression = THEIRS.compile(source)
    except RuntimeError:
        return REFUSED
    try:
        value = expression.eval(data=scope)
    except RuntimeError:
        return NONE
    return NONE if value.type() == cel.Type.ERROR else value.plain_value()


def ours(source: str, types: Mapping[str, Type] | None, scope: Mapping[str, Any]) -> Any:
    """Return the outcome, and make sure that the fast way and the exact one agree on it."""
    try:
        expression = compile_expression(source, {}, types)
    except BadExpression:
        return REFUSED
    fast, exact = _outcome(expression, "evaluate", scope), _outcome(expression, "exactly", scope)
    assert same(fast, exact), f"{source}\n{scope}\nfast {fast!r}\nexactly {exact!r}"
    return fast


def _outcome(expression: Expression, how: str, scope: Mapping[str, Any]) -> Any:
    try:
        value = getattr(expression, how)(scope)
    except Fault:
        return NONE
    return NONE if isinstance(value, Unknown) else value


def same(one: Any, other: Any) -> bool:
    """Return whether two outcomes are the same. A real field that JSON told as a whole number stays as it was told."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other or (math.isnan(one) and math.isnan(other))
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)


def pair(number: int) -> tuple[str, dict[str, Any]]:
    random = Random(number)
    return Maker(random).condition(), facts(random)


def differences(numbers: range) -> tuple[list[str], Counter[str]]:
    """Return what differs, spelled out, and how often which outcome came about."""
    found, outcomes = [], Counter[str]()
    for number in numbers:
        source, scope = pair(number)
        real = told_real(scope)
        wanted = theirs(source, real)
        said = {"typed": ours(source, TYPES, scope), "untyped": ours(source, None, real)}
        outcomes[wanted[0] if wanted in (NONE, REFUSED) else str(wanted)] += 1
        found += [f"{number} {how}: {source}\n  of {scope}\n  ours {mine!r}, theirs {wanted!r}"
                  for how, mine in said.items() if not same(mine, wanted)]  # fmt: skip
    return found, outcomes


@pytest.mark.parametrize("shard", range(SHARDS))
def test_generated_expressions_mean_what_googles_cel_says(shard: int, request: pytest.FixtureRequest) -> None:
    count = (request.config.getoption("--campaign") or PAIRS) // SHARDS
    found, outcomes = differences(range(shard * count, (shard + 1) * count))
    print(f"{count} pairs, {len(found)} differences; outcomes {dict(outcomes)}")
    assert not found, "\n".join(found[:5])
    for outcome in ("True", "False", "none", "refused"):
        assert outcomes[outcome] > count * 0.01, f"too few that end as {outcome}: {outcomes}"
