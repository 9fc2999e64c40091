"""Noise: the share of findings that were nothing is counted, and what has too many is proposed for review."""

from __future__ import annotations

import pytest

from collector.change.noise import BUDGET, WEEK_MS, Answered, LogOnly, dismissed_rate, for_review, is_enforced
from collector.model import Path

A, B, C, D = (Path("os", name) for name in "abcd")


def test_an_attribute_is_reviewed_when_more_than_a_fifth_was_dismissed_the_worst_first() -> None:
    answered = {A: Answered(4, 1), B: Answered(7, 2), C: Answered(0, 1), D: Answered()}
    assert for_review(answered) == (C, B)


def test_without_answers_there_is_no_rate() -> None:
    assert Answered().error_rate is None
    assert Answered(3, 1).error_rate == 0.25


def test_the_budget_is_by_a_thousand_cis_and_week() -> None:
    assert dismissed_rate(5, 10_000, WEEK_MS) == BUDGET
    assert dismissed_rate(5, 10_000, WEEK_MS * 5) == BUDGET / 5


@pytest.mark.parametrize(("cis", "span"), [(0, 1), (1, 0), (-1, 1)])
def test_a_rate_of_nothing_is_refused(cis: int, span: int) -> None:
    with pytest.raises(ValueError, match="some CIs"):
        dismissed_rate(1, cis, span)


def test_log_only_concerns_its_class_and_site_until_its_date() -> None:
    rules = [LogOnly(100, ci_class="pc"), LogOnly(200, ci_class="network", site="B")]
    assert not is_enforced(rules, "pc", "A", 99)
    assert is_enforced(rules, "pc", "A", 100)
    assert is_enforced(rules, "server", "A", 0)
    assert is_enforced(rules, "network", "A", 150)
    assert not is_enforced(rules, "network", "B", 150)
    assert not is_enforced([LogOnly(100)], "server", "A", 0)
