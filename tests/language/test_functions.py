"""The functions that CEL does not have, or has by other names: patterns, versions, networks, and looks back."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from collector.compiled import compile_rule
from collector.facttypes import CI, row_of
from collector.language import BadExpression, Fault, Unknown, Window, compile_expression
from collector.language.windows import PREVIOUS_MS
from collector.model import Rule

NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
MINUTE = 60_000
PATHS, TYPES = {"port": ("ci", "interfaces", "[]")}, {"ci": CI, "port": row_of("interfaces")}


def value_of(source: str, **ci: Any) -> Any:
    return compile_expression(source).evaluate({"ci": ci, "param": {}, "now": NOW})


# --- patterns


def test_a_pattern_is_found_anywhere_and_anchors_where_it_says_so() -> None:
    assert value_of("ci.name.matches('v[0-9]+')", name="srv12") is True
    assert value_of("matches(ci.name, '^r')", name="srv12") is False
    assert value_of("ci.name.matches(r'^核心-\\d+$')", name="核心-7") is True


def test_a_pattern_that_grows_without_end_elsewhere_ends_here() -> None:
    for bomb in ("^(a+)+$", "^(a|aa)+$", "^(a|a?)+$", "(x+x+)+y", "^(([a-z])+.)+[A-Z]([a-z])+$", "(.*)*" * 20 + "b"):
        assert value_of(f"ci.name.matches('{bomb}')", name="a" * 100_000 + "!") is False


def test_a_pattern_that_would_take_much_memory_is_none() -> None:
    for bomb in ("((a{100}){100}){100}", "(" * 490, "a" * 501, r"(a)\1", "(?=a)b"):
        with pytest.raises(Fault, match="matches: "):
            value_of("ci.name.matches(ci.pattern)", name="a", pattern=bomb)
        with pytest.raises(BadExpression):
            compile_expression(f"ci.name.matches(r'{bomb}')")


def test_texts_with_half_characters_match_like_any_other() -> None:
    assert value_of("ci.name.matches('^a.b$')", name="a\ud800b") is True


# --- versions

VERSIONS = [
    "", "0", "1", "1.0", "1.00", "1.0.0", "1.2", "1.10", "1.9", "1.0~rc1", "1.0~rc1-1", "1.0-1", "1.0-1ubuntu2",
    "1.0-10", "1.0a", "1.0+b1", "1:0.9", "0:1.0", "2:1", "1.0~~", "1.0~", "5.10.0-8-amd64", "5.10.0-28-amd64",
    "2.4.57-2", "2.4.57-2+deb12u1", "9.2p1", "9.2", "3.0.11-1~deb12u2", "1.0.", "1.a", "a1", "1.2-3-4",
]  # fmt: skip


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("5.10.0-8", "5.10.0-28"), ("1.9", "1.10"), ("1.0~rc1", "1.0"), ("1.0", "1:0.1"), ("16.12.4a", "16.12.5"),
        ("V200R005C10SPC500", "V200R005C20"), ("15.2(2)E7", "15.2(7)E2"), ("7.2.8", "7.4.0"), ("R0305P10", "R0306"),
        ("1.0", "1.0" + "9" * 5000), ("4.18.0-477.el8", "4.18.0-513.5.1.el8_9"),
    ],
)  # fmt: skip
def test_versions_are_ordered_as_their_makers_mean_it(older: str, newer: str) -> None:
    assert value_of("version_lt(ci.a, ci.b)", a=older, b=newer) is True
    assert value_of("version_lt(ci.b, ci.a)", a=older, b=newer) is False
    assert value_of("version_lt(ci.a, ci.a)", a=older) is False


@pytest.mark.skipif(not shutil.which("dpkg"), reason="dpkg is not installed")
def test_versions_are_ordered_as_debian_orders_them() -> None:
    pairs = [(a, b) for at, a in enumerate(VERSIONS[1:]) for b in VERSIONS[at % 7 + 1 :: 7]]
    script = "".join(f"dpkg --compare-versions '{a}' lt '{b}' 2>/dev/null && echo y || echo n\n" for a, b in pairs)
    said = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout.split()
    ours = ["y" if value_of("version_lt(ci.a, ci.b)", a=a, b=b) else "n" for a, b in pairs]
    assert [pair for pair, mine, its in zip(pairs, ours, said, strict=True) if mine != its] == []


# --- networks and conversions


@pytest.mark.parametrize(
    ("network", "address", "inside"),
    [
        ("10.0.0.0/8", "10.1.2.3", True), ("10.0.0.0/8", "10.1.2.3/24", True), ("10.0.0.0/8", "11.0.0.1", False),
        ("10.0.0.7/8", "10.9.9.9", True), ("2001:db8::/32", "2001:db8::1/64", True), ("10.0.0.0/8", "::1", False),
        ("10.0.0.0/8", "host7", Unknown("unreadable", "host7")), ("net", "10.0.0.1", Unknown("unreadable", "net")),
    ],
)  # fmt: skip
def test_a_network_holds_an_address_or_not_and_what_is_none_is_unknown(network: str, address: str, inside: Any) -> None:
    assert value_of("cidr_contains(ci.net, ci.ip)", net=network, ip=address) == inside


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("int('42') + int(2.9) + int(-2.9)", 42), ("int(timestamp('1970-01-01T00:01:00Z'))", 60),
        ("double('2.5') * 2.0", 5.0), ("string(12) + string(true) + string(1.5)", "12true1.5"),
        ("string(duration('90m')) + string(timestamp('2026-01-01T00:00:00Z'))", "5400s2026-01-01T00:00:00Z"),
        ("'ÄBC'.lowerAscii()", "Äbc"), ("size({'a': 1}) + size([1, 2]) + 'abc'.size()", 6),
        ("{'a': {'b': [1, 2]}}['a'].b[1]", 2), ("[1, 2, 3].exists_one(x, x > 2)", True),
        ("[1, 2, 3].map(x, x > 1, x * 10)", [20, 30]), ("now.getHours('Asia/Shanghai')", 16),
        ("now.getDayOfWeek() + duration('90m').getMinutes()", 94), ("0x10 + 1", 17), ("r'\\d' + '\\u8bbe'", "\\d设"),
        ("ci.text.contains('x') ? 1 : 2 // which", 2), ("1.0 / 0.0 > 1.0", True), ("dyn(1) == 'a'", False),
        ("int(ci.text)", Unknown("unreadable", "some")), ("double(ci.text)", Unknown("unreadable", "some")),
    ],
)  # fmt: skip
def test_conversions_and_what_else_cel_has_mean_what_they_say(source: str, value: Any) -> None:
    got = value_of(source, text="some")
    assert got == value
    assert type(got) is type(value)


# --- looks back


class Remembered:
    """The past of one field, asked for by everything that names it."""

    def __init__(self, *points: tuple[float, Any], of: tuple[str, str, str] = ("interfaces", "eth0", "index")) -> None:
        self.points = [(NOW_MS + int(minutes * MINUTE), value) for minutes, value in points]
        self.of = of

    def series(self, section: str, key: str, field: str, from_ms: int) -> Sequence[tuple[int, Any]]:
        return [point for point in self.points if point[0] >= from_ms] if (section, key, field) == self.of else []


def looked(source: str, history: Remembered | None, **port: Any) -> Any:
    expression = compile_expression(source, PATHS, TYPES)
    port = {"name": "eth0", "index": 1, "state": "up", **port}
    scope = {"ci": {"ups": {"charge_ratio": 0.5}}, "port": port, "param": {}, "now": NOW, "history": history}
    said = expression.evaluate(scope)
    assert said == expression.exactly(scope)
    return said


def test_a_rate_is_the_growth_a_second_and_a_counter_that_falls_began_again() -> None:
    assert looked("rate(port, 'index', '15m')", Remembered((-15, 0), (0, 900))) == 1.0
    assert looked("rate(port, 'index', '10m')", Remembered((-10, 500), (-5, 800), (0, 300))) == 1.0
    assert looked("rate(port, 'index', '15m') > 0.0", Remembered((-15, 7), (0, 7))) is False


def test_changes_counts_how_often_a_value_moved_inside_the_window() -> None:
    past = Remembered(
        (-50, "up"), (-9, "down"), (-6, "up"), (-3, "up"), (0, "down"), of=("interfaces", "eth0", "state")
    )
    assert looked("changes(port, 'state', '1h')", past) == 3
    assert looked("changes(port, 'state', '10m')", past) == 2


def test_an_average_weighs_by_time_and_extremes_do_not() -> None:
    past = Remembered((-60, 10), (-30, 10), (-30, 40), (0, 40))
    assert looked("avg_over(port, 'index', '1h')", past) == 25.0
    assert looked("max_over(port, 'index', '1h') - min_over(port, 'index', '1h')", past) == 30


def test_the_previous_value_is_the_one_before_it_last_moved() -> None:
    past = Remembered((-90, 7), (-60, 8), (-30, 9), (0, 9))
    assert looked("prev(port, 'index')", past) == 8
    assert looked("prev(port, 'index')", Remembered((0, 9))) == 9


def test_too_little_of_the_past_is_unknown() -> None:
    unknown = Unknown("no_history", "interfaces.index")
    for past in (None, Remembered(), Remembered((0, 5)), Remembered((-7, 5), (0, 6)), Remembered((-99, 1), (0, 9))):
        assert looked("rate(port, 'index', '15m') > 1.0", past) == unknown
    assert looked("rate(port, 'index', '15m')", Remembered((-7.5, 0), (0, 450))) == 1.0
    assert looked("prev(port, 'index')", Remembered()) == unknown


def test_a_section_that_is_one_record_looks_back_without_a_key() -> None:
    past = Remembered((-60, 1), (0, 0.5), of=("ups", "", "charge_ratio"))
    assert looked("min_over(ci.ups, 'charge_ratio', '1h')", past) == 0.5
    assert looked("changes(ci.ups, 'charge_ratio', '1h')", past) == 1


def test_windows_are_known_before_anything_runs() -> None:
    expression = compile_expression(
        "rate(port, 'index', '15m') > 1.0 && changes(port, 'state', '1h') > 2 && prev(ci.os, 'version') != ''"
        " && ci.interfaces.exists(i, max_over(i, 'mtu', '30m') > 9000)",
        PATHS, TYPES,
    )  # fmt: skip
    assert expression.windows == {
        Window("interfaces", "index", 15 * MINUTE), Window("interfaces", "state", 60 * MINUTE),
        Window("os", "version", PREVIOUS_MS), Window("interfaces", "mtu", 30 * MINUTE),
    }  # fmt: skip
    assert {("ci", "interfaces", "[]", "index"), ("ci", "os", "version"), ("now",)} <= expression.reads


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("rate(port, 'indx', '15m') > 1.0", "no such fact: port.indx"),
        ("rate(port, 'name', '15m') > 1.0", "rate: name is no number"),
        ("rate(port, 'index', 'long') > 1.0", "not a span"), ("rate(port, 'index', '32d') > 1.0", "not a span"),
        ("rate(port, 'index', '0s') > 1.0", "not a span"), ("rate(port, 'index', '745h') > 1.0", "not a span"),
        ("rate(port, port.name, '1h') > 1.0", "a text as it stands expected"),
        ("rate(port.name, 'index', '1h') > 1.0", "looks back on the variable"),
        ("rate(ci.interfaces, 'index', '1h') > 1.0", "looks back on the variable"),
        ("rate(port, 'index') > 1.0", "no function rate of 2"), ("prev(ci.agent, 'version') == ''", "looks back on"),
        ("port.rate('index', '1h') > 1.0", "unknown method rate"),
    ],
)  # fmt: skip
def test_a_look_back_that_can_never_be_taken_is_refused(source: str, why: str) -> None:
    with pytest.raises(BadExpression, match=why):
        compile_expression(source, PATHS, TYPES)


def test_a_rule_knows_the_windows_of_all_its_expressions() -> None:
    texts = {"zh": "x", "en": "x"}
    each = ("port", "ci.interfaces", "port.name")
    rule = Rule("T-1", frozenset({"server"}), "changes(port, 'state', '10m') >= 6", texts, texts, each=each)
    compiled = compile_rule(rule, recover="changes(port, 'state', '30m') <= 1")
    assert compiled.windows == {Window("interfaces", "state", at * MINUTE) for at in (10, 30)}
    assert compiled.reads_time
