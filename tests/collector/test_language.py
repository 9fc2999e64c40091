"""The rule language: CEL's meaning, three-valued logic, and nothing but one declared error for any text."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.language import BadExpression, Expression, Fault, Unknown, compile_expression

NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)
CI = {
    "name": "srv1",
    "ntp": {"synchronised": False, "offset_seconds": 0.5, "servers": ["a", "b"]},
    "health": [{"metric": "load1", "value": 1}, {"metric": "used", "value": 0.93}, {"metric": "odd"}],
    "raid": Unknown("failed", "raid"),
}


def value_of(source: str, **more: Any) -> Any:
    return compile_expression(source).evaluate({"ci": CI | more, "param": {"limit": 3}, "now": NOW})


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("1 + 2 * 3", 7), ("(1 + 2) * 3", 9), ("10 - 2 - 3", 5), ("2 * 3 % 4", 2), ("-7 / 2", -3), ("7 / -2", -3),
        ("-7 % 3", -1), ("7 % -3", 1), ("7.0 / 2", 3.5), ("1 == 1.0", True), ("2 > 1.5", True), ("--3", 3),
        ("'a' + \"b\"", "ab"), (r"'it\'s' + '\n'", "it's\n"), ("'设备' == '设备'", True), ("'a' < 'b'", True),
        ("true ? 1 : 1 / 0", 1), ("false ? 1 : true ? 2 : 3", 2), ("!true || true", True), ("!(true || true)", False),
        ("1 + 1 == 2 && 2 < 3 || false", True), ("2 in [1, 2]", True), ("'x' in ['y']", False), ("size('abc')", 3),
        ("size(ci.ntp.servers)", 2), ("'synchronised' in ci.ntp", True), ("ci['ntp']['servers'][1]", "b"),
        ("ci.name.startsWith('srv') && ci.name.endsWith('1') && ci.name.contains('rv')", True),
        ("ci.ntp.servers.exists(s, s == 'b')", True), ("ci.ntp.servers.all(s, s == 'b')", False),
        ("ci.ntp.servers.filter(s, s != 'b').map(s, s + '!')", ["a!"]), ("[].all(x, false)", True),
        ("[1, 2].all(x, [1, 2].exists(y, x == y))", True), ("has(ci.ntp)", True), ("has(ci.lldp)", False),
        ("duration('90m') == duration('1h30m')", True), ("duration('-1s') < duration('1ms')", True),
        ("timestamp('2026-01-15T16:00:00+08:00') == now", True), ("now - duration('1h') < now", True),
        ("now - timestamp('2026-01-15T07:30:00.123456789Z') < duration('30m')", True),
        ("days_until('2026-01-17T20:00:00Z')", 2.5), ("days_until('2026-01-14T08:00:00Z')", -1.0),
        ("param.limit", 3),
    ],
)  # fmt: skip
def test_expressions_mean_what_cel_says(source: str, value: Any) -> None:
    got = value_of(source)
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("false && ci.lldp.port > 1", False), ("ci.lldp.port > 1 && false", False),
        ("true || ci.raid.x == 1", True), ("ci.raid.x == 1 || true", True),
        ("ci.lldp.port > 1 || false", Unknown("missing", "ci.lldp")),
        ("!ci.ntp.service", Unknown("missing", "ci.ntp.service")),
        ("ci.raid.x + 1", Unknown("failed", "raid")), ("has(ci.raid)", Unknown("failed", "raid")),
        ("has(ci.lldp.port)", Unknown("missing", "ci.lldp")), ("ci.raid.x ? 1 : 1", Unknown("failed", "raid")),
        ("ci.health.exists(h, h.value > 0.9)", True),
        ("ci.health.exists(h, h.value > 9)", Unknown("missing", "h.value")),
        ("ci.health.all(h, h.value > 0.95)", False), ("ci.health.all(h, h.value > 0)", Unknown("missing", "h.value")),
        ("size(ci.health.filter(h, h.value > 0))", Unknown("missing", "h.value")),
        ("ci.ntp.servers[2]", Unknown("missing", "ci.ntp.servers[]")),
        ("ci.ntp.servers[-1]", Unknown("missing", "ci.ntp.servers[]")),
        ("timestamp(ci.name) < now", Unknown("unreadable", "srv1")),
        ("days_until(ci.name) < 3", Unknown("unreadable", "srv1")),
    ],
)  # fmt: skip
def test_unknown_spreads_except_where_the_rest_decides(source: str, value: Any) -> None:
    assert value_of(source) == value


@pytest.mark.parametrize(
    "source",
    [
        "ci.name < 1", "ci.name < true", "ci.name - 1", "ci.name * 2", "ci.name + 1", "!ci.name", "-ci.name",
        "ci.name && true", "ci.name ? 1 : 2", "'a' in ci.name", "1 / 0", "1 % 0", "ci.ntp.offset_seconds % 2",
        "9223372036854775807 + 1", "-9223372036854775807 - 2", "-9223372036854775808 / -1", "-ci.least",
        "size(ci.ntp.synchronised)", "ci.name.x", "ci.name[0]", "ci.ntp.servers['a']",
        "ci.name.exists(x, true)", "ci.ntp.servers.exists(s, s)", "ci.name > 5", "now + ci.name",
        "now - duration('87660000h')", "duration('87660000h') + duration('1s')", "timestamp(ci.ntp)",
        "ci.name.contains(ci.ntp)", "ci.name.matches('[' + ci.name)", "int(1e30)", "ci.name == ci.name + ci.ntp",
        "{'a': 1, 'a': 2}", "now.getHours('Nowhere/City')",
    ],
)  # fmt: skip
def test_a_wrong_type_is_a_fault_never_false_and_never_unknown(source: str) -> None:
    with pytest.raises(Fault):
        value_of(source, least=-(2**63))


@pytest.mark.parametrize(
    ("source", "why", "at"),
    [
        ("1 == 'a'", "cannot compare whole number with text", 3), ("true == 1", "cannot compare bool with whole", 6),
        ("1 < 'a'", "cannot order", 3), ("1 < 2 < 3", "cannot order bool and whole number", 7),
        ("'a' - 'b'", "cannot do text - text", 5), ("'a' * 2", "cannot do", 5), ("1 + true", "cannot do", 3),
        ("!1", "true or false expected, whole number found", 2), ("-true", "cannot negate bool", 1),
        ("1 && true", "true or false expected", 1), ("'x' ? 1 : 2", "true or false expected", 1),
        ("true ? 1 : 'a'", "either whole number or text", 6),
        ("1 in ['a']", "in: list of text holds no whole number", 3), ("'a' in 'abc'", "in: text holds nothing", 5),
        ("1.5 % 2", "cannot do real number % whole number", 5), ("size(1)", "size: whole number does not fit", 6),
        ("now > 5", "cannot order time and whole number", 5), ("now + now", "cannot do time \\+ time", 5),
        ("ci.name.contains(1)", "contains: whole number does not fit", 18), ("-duration('1s')", "cannot negate", 1),
        ("duration('1s') * 2", "cannot do duration", 16), ("'abc'[0]", "text has no elements", 6),
        ("[1].exists(x, x)", "true or false expected", 15), ("'a'.matches('(')", "not a pattern of RE2", 13),
        ("'a'.matches('" + "a" * 501 + "')", "more than 500 characters", 13), ("int('1x')", "not a number", 1),
        ("cidr_contains('10.0.0.0/33', ci.name)", "not a network", 15), ("{1: 2}", "text expected", 2),
        ("rate(ci.ports, 'x', '1h')", "looks back on the variable", 1),
    ],
)  # fmt: skip
def test_operands_that_can_never_fit_are_refused_before_anything_runs(source: str, why: str, at: int) -> None:
    with pytest.raises(BadExpression, match=why) as caught:
        compile_expression(source)
    assert caught.value.at + 1 == at


@pytest.mark.parametrize(
    ("source", "why", "at"),
    [
        ("", "unexpected end", 1), ("1 +", "unexpected end", 4), ("1 2", "unexpected '2'", 3),
        ("(1", r"'\)' expected", 3),
        ("ci.", "a name expected", 4), ("ci.a.shell('x')", "unknown method shell", 6),
        ("ci.a.int()", "unknown method int", 6),
        ("memory > 1", "unknown name memory", 1),
        ("ci.l.exists(x, y > 1)", "unknown name y", 16), ("null == 1", "null is not a value", 1),
        ("has(ci)", "has", 1),
        ("shell('x')", "no function shell of 1", 1), ("size()", "no function size of 0", 1),
        ("'a", "unexpected \"'\"", 1),
        (r"'a\q'", "unknown escape", 3), (r"'\ud800'", "unknown escape", 2),
        (r"'\U00110000'", "unknown", 2), ("9223372036854775808", "out of range", 1),
        ("1e999", "out of range", 1), ("0x8000000000000000", "out of range", 1), ("0" * 30, "out of range", 1),
        ("-9223372036854775809", "out of range", 2), ("b'a'", "unexpected", 2), ("1u", "unexpected 'u'", 2),
        ("[1].all(a, [1].all(b, [1].all(c, true)))", "more than 2 macros inside each other", 27),
        ("[1].map(a, 1, 2, 3)", "map of a variable and 3 expressions", 5), ("[1].all(a)", "',' expected", 10),
        ("{'a' 1}", "':' expected", 6),
        ("1.0e999", "out of range", 1), ("duration('soon')", "not a duration", 1),
        ("duration('999999999h')", "not a duration", 1),
        ("timestamp('2026-13-01T00:00:00Z')", "not a time", 1),
        ("a = 1", "unexpected '='", 3), ("ci.x; 1", "unexpected ';'", 5), ("x" * 2049, "longer than", 2049),
        ("(" * 33 + "1" + ")" * 33, "nested deeper", 34), ("!" * 40 + "true", "nested deeper", 8),
        ("1" + "+1" * 33, "nested deeper", 66),
        ("[" * 500, "nested deeper", 34), ("ci" + ".a" * 40, "nested deeper", 68),
    ],
)  # fmt: skip
def test_what_is_not_in_the_language_is_refused_with_its_position(source: str, why: str, at: int) -> None:
    with pytest.raises(BadExpression, match=why) as caught:
        compile_expression(source)
    assert caught.value.at + 1 == at


def test_a_long_chain_of_alternatives_is_one_level() -> None:
    assert value_of(" || ".join(["ci.name == 'x'"] * 60)) is False


def test_an_expression_knows_what_it_reads() -> None:
    expression = compile_expression(
        "ci.ntp.synchronised || ci.health.exists(h, h.value > param.limit) || f.value > 1 || ci.disks[ci.id].size > 0"
        " || days_until(f.end) > 1",
        {"f": ("ci", "filesystems", "[]")},
    )
    assert expression.reads == {
        ("ci", "ntp", "synchronised"), ("ci", "health"), ("ci", "health", "[]", "value"), ("param", "limit"),
        ("ci", "filesystems", "[]", "value"), ("ci", "filesystems", "[]", "end"), ("ci", "disks", "[]", "size"),
        ("ci", "id"), ("now",),
    }  # fmt: skip


def test_a_verdict_is_true_false_or_unknown() -> None:
    scope = {"ci": CI, "param": {}, "now": NOW}
    assert compile_expression("ci.ntp.offset_seconds > 0.1").judge(scope) is True
    assert compile_expression("ci.raid.x > 0.1").judge(scope) == Unknown("failed", "raid")
    with pytest.raises(Fault, match="true or false expected"):
        compile_expression("1 + 1").judge(scope)


# --- any facts


def _logic(depth: int) -> st.SearchStrategy[str]:
    leaf = st.sampled_from(["ci.a", "ci.b", "ci.c", "true", "false", "ci.n > 1", "ci.l.exists(x, x)", "ci.l.all(x, x)"])
    if depth == 0:
        return leaf
    inner = _logic(depth - 1)
    return st.one_of(
        leaf,
        inner.map("!({})".format),
        st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(lambda each: f"({each[0]}) {each[1]} ({each[2]})"),
        st.tuples(inner, inner, inner).map(lambda each: f"({each[0]}) ? ({each[1]}) : ({each[2]})"),
    )


@given(
    _logic(3).map(compile_expression),
    st.fixed_dictionaries({"a": st.booleans(), "b": st.booleans(), "c": st.booleans(), "n": st.integers(0, 2)}),
    st.lists(st.booleans(), max_size=3),
    st.sets(st.sampled_from("abcnl")),
)
@settings(max_examples=600, deadline=None)
def test_what_is_answered_without_a_fact_is_what_is_answered_with_it(
    expression: Expression, facts: dict[str, Any], items: list[bool], hidden: set[str]
) -> None:
    known = {**facts, "l": items}
    partly = {name: Unknown("missing", name) if name in hidden else value for name, value in known.items()}
    answer = expression.judge({"ci": partly, "param": {}, "now": NOW})
    if not isinstance(answer, Unknown):
        assert answer is expression.judge({"ci": known, "param": {}, "now": NOW})
    assert hidden or isinstance(answer, bool)
