"""Which elements of a list an expression sees."""

from __future__ import annotations

from typing import Any

import pytest

from collector.compiled import compile_rule
from collector.inspection import Moved, passes_over
from collector.language import compile_expression
from collector.model import Rule

LIST = ("ci", "packages")
NOW = 1_790_000_000_000
TEXTS = {"zh": "x", "en": "x"}


@pytest.mark.parametrize(
    ("source", "asked"),
    [
        ("ci.packages.exists(p, p.name == 'a')", ["p"]),
        ("size(ci.packages.filter(p, p.name == 'a')) > 1", ["p"]),
        ("ci.packages.map(p, p.name == 'a', p.version) == ['1']", ["p"]),
        ("ci.packages.exists_one(p, p.name == 'a') || ci.packages.exists(q, q.name == 'b')", ["p", "q"]),
        ("ci.disks.exists(d, ci.packages.exists(p, p.name == d.name))", ["p"]),
        ("ci.os.name == 'x'", []),
        ("size(ci.packages) > 1", None),
        ("ci.packages[0].name == 'a'", None),
        ("ci.packages.all(p, p.name == 'a')", None),
        ("ci.packages.map(p, p.name) == ['a']", None),
        ("ci.packages.exists(p, size(ci.packages) > 2)", None),
    ],
)
def test_an_expression_tells_what_it_asks_of_the_elements_of_a_list(source: str, asked: list[str] | None) -> None:
    found = compile_expression(source).asks_of(LIST, {})
    assert (None if found is None else [name for name, _ in found]) == asked


def rule(expr: str, **more: Any) -> Rule:
    return Rule("T-1", frozenset({"server"}), expr, TEXTS, TEXTS, max_age_ms=3_600_000, **more)


def moved(*names: str) -> Moved:
    return Moved(tuple({"name": name, "arch": "all", "version": "1"} for name in names), NOW)


@pytest.mark.parametrize(
    ("written", "names", "passes"),
    [
        (rule("ci.packages.exists(p, p.name == 'a')"), "b", True),
        (rule("ci.packages.exists(p, p.name == 'a')"), "ba", False),
        (rule("ci.packages.exists(p, p.name in param.bad)", params={"bad": ["a"]}), "b", True),
        (rule("size(ci.packages) > 1"), "b", False),
        (rule("p.version == '2'", each=("p", "ci.packages", "p.name"), where="p.name == 'a'"), "b", True),
        (rule("p.version == '2'", each=("p", "ci.packages", "p.name")), "b", False),
        # a row beside the one it is about
        (rule("ci.packages.exists(q, q.name == 'b')", each=("p", "ci.packages", "p.name"), where="p.name == 'a'"), "b",
         False),
        (rule("size(ci.packages) > 9", each=("p", "ci.packages", "p.name"), where="p.name == 'a'"), "b", False),
    ],
)  # fmt: skip
def test_a_rule_passes_over_rows_none_of_its_conditions_holds_for(written: Rule, names: str, passes: bool) -> None:
    assert passes_over(compile_rule(written), {"packages": moved(*names)}, NOW) is passes


def test_of_several_sections_that_moved_each_must_be_out_of_sight() -> None:
    compiled = compile_rule(rule("ci.packages.exists(p, p.name == 'a') && ci.groups.exists(g, g.name == 'a')"))
    groups = Moved(({"name": "b", "gid": 1, "members": []},), NOW)
    assert passes_over(compiled, {"packages": moved("b"), "groups": groups}, NOW)
    assert not passes_over(compiled, {"packages": moved("b"), "groups": None}, NOW)
    assert not passes_over(compiled, {"packages": moved("b"), "groups": groups}, NOW + 7_200_000), "it was stale"
