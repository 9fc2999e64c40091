"""What is remembered of the rules that have run: exactly that, and cheaply."""

from __future__ import annotations

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from collector.pipeline.judged import Judged

RULES = [f"RULE-{number:03}" for number in range(200)]


@given(st.lists(st.tuples(st.integers(1, 4), st.sets(st.sampled_from(RULES)))))
def test_a_rule_has_run_on_a_ci_exactly_when_that_was_said(told: list[tuple[int, set[str]]]) -> None:
    judged, plain = Judged(), set[tuple[int, str]]()
    for ci_id, rules in told:
        judged.add(ci_id, rules)
        plain |= {(ci_id, rule) for rule in rules}
    assert {(ci_id, rule) for ci_id in range(6) for rule in RULES if judged.has(ci_id, rule)} == plain


def test_what_was_forgotten_has_not_run() -> None:
    judged = Judged()
    judged.add(1, RULES)
    judged.clear()
    assert (len(judged), judged.has(1, RULES[0])) == (0, False)


def test_ten_thousand_cis_with_every_rule_take_little_memory() -> None:
    tracemalloc.start()
    judged = Judged()
    for ci_id in range(10_000):
        judged.add(ci_id, RULES)
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert used < 4_000_000
