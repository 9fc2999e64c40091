"""The mutation gate: rules changed a little in every way there is, and whether their own tests notice."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from collector.mutation.gate import bred, tried
from collector.mutation.rule import REFUSED, SHARED, mutants
from collector.mutation.source import mutated
from collector.rulebook import of_packs
from collector.ruletests.suite import Suite
from collector.yamlfile import parse
from tests.rules.shipped import SUITE

AT_LEAST = 0.95

PACK = """
pack: test
title: {zh: 试验, en: Test}
params:
  limit: {type: double, default: 0.9}
  unread: {type: int, default: 3}
rules:
  - id: TST-FULL-001
    kinds: [server]
    title: {zh: 满, en: Full}
    each: {var: m, in: ci.health, key: m.instance}
    where: m.metric == "full_ratio"
    expr: m.value > param.limit
    recover: m.value < 0.8
    for: 10m
    max_age: 2h
    severity: {default: warning, when: [{if: m.value > 0.95, level: critical}]}
    summary: {zh: x, en: x}
    runbook: {zh: x, en: x}
    cases: []
"""


def changes(source: str) -> dict[str, str]:
    return dict(mutated(source))


@pytest.mark.parametrize(
    ("source", "what", "new"),
    [
        ("a > 3", "> → >=", "a >= 3"),
        ("a > 3", "> → <", "a < 3"),
        ("a == b", "== → !=", "a != b"),
        ("a > 30", "30 → 33", "a > 33"),
        ("a > 3", "3 → 2", "a > 2"),
        ("a > 0.5", "0.5 → 0.45", "a > 0.45"),
        ('a == "up"', '"up" → "up~"', 'a == "up~"'),
        ('now - a > duration("20m")', '"20m" → "22m"', 'now - a > duration("22m")'),
        ('rate(p, "x", "10m") > 1.0', '"10m" → "5m"', 'rate(p, "x", "5m") > 1.0'),
        ("a && b || c", "&& → ||", "a || b || c"),
        ("a && b && c", "without b", "a  && c"),
        ("a && b || c", "without a && b", " c"),
        ("a && (b || c)", "not (c)", "a && (b || !(c))"),
        ("!a", "! → ", "a"),
        ("has(a.b) || c", "has(a.b) → true", "true || c"),
        ("a.exists(x, x.y)", "exists → all", "a.all(x, x.y)"),
        ("a", "negated", "!(a)"),
    ],
)
def test_an_expression_is_changed_in_one_place(source: str, what: str, new: str) -> None:
    assert changes(source)[what].split() == new.split()


def test_what_takes_a_term_away_is_not_counted_twice() -> None:
    assert "has(a.b) → true" not in changes("has(a.b) && a.b > 3")
    assert changes("has(a.b) && a.b > 3")["without has(a.b)"].strip() == "a.b > 3"


def _small() -> Suite:
    return Suite(of_packs([parse(PACK, Path("pack.yaml"))]))


def test_everything_a_rule_says_is_changed_or_left_out() -> None:
    (rule,) = _small().book.rules.values()
    whats = {mutant.what for mutant in mutants(rule)}
    assert whats >= {
        "where dropped", "recover dropped", "critical dropped", "for dropped", "for a tenth longer", "max_age dropped",
        "max_age halved", "max_age a half longer", "param limit = 0.99", "param limit = 0.81", "expr: > → >=",
        "recover: 0.8 → 0.88", "critical: > → <", 'where: "full_ratio" → "full_ratio~"',
    }  # fmt: skip
    assert not any("unread" in what or what.startswith("match") for what in whats)


def test_a_mutant_the_compiler_refuses_is_none() -> None:
    (rule,) = _small().book.rules.values()
    changed = replace(rule, rule=replace(rule.rule, expr="m.value > param.limit && m.metric.contains('x')"))
    refused = [mutant for mutant in mutants(changed) if mutant.because]
    assert {mutant.because for mutant in refused} <= {REFUSED, SHARED}
    assert all(mutant.compiled is None for mutant in refused)


def test_a_rule_without_cases_lets_every_mutant_live() -> None:
    tests = _small()
    tally = tried(bred(tests.book.rules.values()), tests.tests())
    assert (tally.killed, tally.rate) == (0, 0.0)
    assert len(tally.survived) == tally.counted > 20


def test_the_tests_of_the_shipped_rules_notice_nearly_all_mutants() -> None:
    assert list(SUITE.failures()) == []
    tally = tried(bred(SUITE.book.rules.values()), SUITE.tests())
    worst = Counter(mutant.rule for mutant in tally.survived).most_common(5)
    told = "\n".join(map(str, islice(tally.survived, 60)))
    assert tally.rate >= AT_LEAST, f"{tally.killed} of {tally.counted} mutants noticed; {worst}\n{told}"
