"""The fast code and the exact one are one language, whatever the text and whatever the facts."""

from __future__ import annotations

import string
from random import Random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from collector.facttypes import CI
from collector.language import BadExpression, Expression, Fault, Unknown, compile_expression
from collector.language.operators import MAX_STEPS
from collector.language.tree import MAX_SOURCE, Exhausted
from tests.language.expressions import Maker
from tests.language.facts import NOW, TYPES, facts
from tests.language.test_against_cel import same

HOLES: list[Any] = [None, Unknown("stale", "host"), Unknown("missing", "ci.host")]
STRANGE: list[Any] = [*HOLES, True, 1, 2**70, -1.5, float("inf"), "x", "\ud800", [], [1, "a"], {}, {"a": None}, NOW]
PIECES = ["ci", ".host", ".name", ".ports", ".cores", ".load", ".tags", "param", ".count", ".words", "now", "[0]", "(",
          ")", "[", "]", "{", "}", ",", "?", ":", "!", "-", "&&", "||", "==", "<", " in ", "+", "*", "%", "/", "1",
          "2.5", "0x1f", "'t'", "r'\\d'", "true", "has(", "size(", ".exists(x,", ".map(x,", ".filter(x,", "x",
          "duration('1h')", "timestamp(", ".matches(", "string(", "int(", ".getHours()", "// c\n", " "]  # fmt: skip


def told(expression: Expression, way: str, scope: dict[str, Any]) -> Any:
    """Return the value, `Unknown`, or the text of the fault; anything else raised is a defect."""
    try:
        return getattr(expression, way)(scope)
    except Fault as fault:
        return ("fault", str(fault))


@given(st.integers(0, 2**40).map(Random), st.booleans())
@settings(max_examples=300)
def test_holes_and_strange_values_are_told_alike(random: Random, typed: bool) -> None:
    source = Maker(random).condition()
    scope = facts(random)
    for _ in range(
        random.randrange(1, 4)
    ):  # what ingest did not check may be null or not known; without types, anything
        scope["ci"][random.choice(["name", "rank", "host", "ports"])] = random.choice(HOLES if typed else STRANGE)
    try:
        expression = compile_expression(source, {}, TYPES if typed else None)
    except BadExpression:
        return
    fast, exact = told(expression, "evaluate", scope), told(expression, "exactly", scope)
    assert same(fast, exact) or (isinstance(fast, Unknown) and fast == exact), (source, scope, fast, exact)


@given(
    st.one_of(
        st.text(max_size=80), st.text(string.printable, max_size=80), st.lists(st.sampled_from(PIECES)).map("".join)
    )
)
@settings(max_examples=1_000)
@example("ci.ports.exists(x, x.tags.all(x, x == ''))").via("a name that hides itself")
@example("[" * 32 + "]" * 32).via("as deep as it goes")
@example("ci.host.load" + " * 2.5" * 31).via("as long as it goes")
@example("'" + "\\U0010ffff" * 200 + "'").via("as many escapes as there is room for")
def test_any_text_compiles_or_is_a_bad_expression_and_then_both_ways_agree(source: str) -> None:
    for types in (TYPES, None):
        try:
            expression = compile_expression(source, {}, types)
        except BadExpression:
            continue
        scope = facts(Random(source))
        fast, exact = told(expression, "evaluate", scope), told(expression, "exactly", scope)
        assert same(fast, exact) or fast == exact, (source, scope, fast, exact)


@pytest.mark.parametrize(
    "source",
    [
        "9" * 2_000, "1e" + "9" * 2_000, "0x" + "f" * 2_000, "-" * 2_000 + "1", "!" * 2_048, "(" * 2_048, "{" * 2_000,
        "a." * 1_000 + "a", "'" + "\\" * 2_000, "1?" * 1_000, "1+" * 1_000 + "1", "[1].map(x," * 200, "x" * 100_000,
        "true?" * 400 + "1" + ":1" * 400, "matches('a','" + "(" * 400 + "')", "ci" + "[0]" * 600,
    ],
    ids=lambda source: source[:12],
)  # fmt: skip
def test_what_is_enormous_is_refused_as_a_bad_expression(source: str) -> None:
    with pytest.raises(BadExpression):
        compile_expression(source)


def test_the_longest_expression_that_is_allowed_compiles_and_runs() -> None:
    source = " || ".join(["ci.name == 'x'"] * 200)[:MAX_SOURCE].rpartition(" || ")[0]
    assert compile_expression(source, {}, TYPES).judge({"ci": {"name": "y"}, "param": {}, "now": NOW}) is False


@pytest.mark.parametrize(
    "source",
    [
        "ci.l.all(x, ci.l.all(y, x <= y || y < x))", "ci.l.map(x, ci.l + ci.l).size() == 0",
        "ci.l.map(x, ci.t + ci.t).size() == 0", "ci.l.all(x, !ci.t.contains('b'))", "ci.l.all(x, !ci.t.matches('b'))",
        "ci.l.all(x, !(-1 in ci.l))", "ci.l.all(x, ci.l == ci.l)",
    ],
)  # fmt: skip
@pytest.mark.parametrize("way", ["evaluate", "exactly"])
def test_the_work_of_one_evaluation_is_bounded(source: str, way: str) -> None:
    wide = list(range(int(MAX_STEPS**0.5) * 8))
    scope = {"ci": {"l": wide, "t": "a" * 200_000}, "param": {}, "now": NOW}
    with pytest.raises(Exhausted, match="elements visited"):
        getattr(compile_expression(source), way)(scope)


def test_work_that_was_too_much_is_not_made_up_for_by_an_alternative() -> None:
    wide = list(range(MAX_STEPS + 1))
    with pytest.raises(Exhausted):
        compile_expression("ci.l.all(x, true) || true").evaluate({"ci": {"l": wide}, "param": {}, "now": NOW})


# --- what decides although something is missing or wrong


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("1 / 0 > 1 || true", True), ("true || 1 / 0 > 1", True), ("1 / 0 > 1 && false", False),
        ("ci.none > 1 || 1 / 0 > 1 || true", True), ("[1, 2].exists(x, 2 / (x - 1) == 2)", True),
        ("[1, 2].all(x, 2 / (x - 1) == 3)", False), ("true ? 1 : 1 / 0", 1), ("ci.none > 1 && ci.name", "unknown"),
        ("ci.name && true", "fault"), ("1 / 0 > 1 || false", "fault"),
        ("[1, 2].exists_one(x, 2 / (x - 1) == 2)", "fault"),
        ("[1, 2].filter(x, 2 / (x - 1) == 2).size() == 1", "fault"), ("1 / 0 > 1 ? true : true", "fault"),
        ("ci.none ? true : true", "unknown"), ("[ci.none].size() == 1", "unknown"),
    ],
)  # fmt: skip
def test_a_fault_or_an_unknown_counts_only_where_the_rest_does_not_decide(source: str, value: Any) -> None:
    expression = compile_expression(source)
    scope = {"ci": {"name": "srv1"}, "param": {}, "now": NOW}
    fast, exact = told(expression, "evaluate", scope), told(expression, "exactly", scope)
    assert fast == exact
    if value in ("fault", "unknown"):
        assert fast[0] == "fault" if value == "fault" else isinstance(fast, Unknown)
    else:
        assert fast == value


def test_a_real_field_that_was_told_as_a_whole_number_is_a_real_one() -> None:
    types = {"ci": CI}
    scope = {"ci": {"health": [{"metric": "m", "instance": "", "value": 1}]}, "param": {}, "now": NOW}
    for source in ("ci.health[0].value / 2.0 == 0.5", "ci.health.map(h, h.value)[0] / 2 == 0.5",
                   "[ci.health[0].value][0] / 2.0 == 0.5", "-ci.health[0].value / 2.0 == -0.5",
                   "dyn(ci.health[0].value) / 2 == 0.5", "(true ? ci.health[0].value : 2.0) / 2.0 == 0.5",
                   "ci.health[0].value * 9.0e18 * 2.0 > 1.7e19"):  # fmt: skip
        expression = compile_expression(source, {}, types)
        assert expression.evaluate(scope) is True, source
        assert expression.exactly(scope) is True, source


def test_code_reaches_nothing_but_what_it_names() -> None:
    expression = compile_expression("ci.name == 'x' && ci.ports.exists(p, p.up)", {}, TYPES)
    expression.evaluate({"ci": {}, "param": {}, "now": NOW})
    code = expression._fast.__code__
    codes = [code, *(each for each in code.co_consts if hasattr(each, "co_names"))]
    assert expression._fast.__globals__["__builtins__"] == {}
    assert {name for each in codes for name in each.co_names} <= set(expression._fast.__globals__)
