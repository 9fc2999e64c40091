"""Expected values: exact, one of, a pattern, a range, or whatever is discovered."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.change.expected import MAX_BYTES, MAX_CHOICES, MAX_PATTERN, BadExpected, Expected, How
from collector.model import Value


@pytest.mark.parametrize(
    ("how", "expected", "value", "met"),
    [
        (How.DISCOVERED, None, "anything", None),
        (How.DISCOVERED, None, None, None),
        (How.EXACT, "V2", "V2", True),
        (How.EXACT, "V2", "V2.1", False),
        (How.EXACT, None, None, True),
        (How.EXACT, None, "still there", False),
        (How.EXACT, {"version": "2"}, {"version": "2", "arch": "amd64"}, True),
        (How.EXACT, {"version": "2"}, {"version": "3"}, False),
        (How.EXACT, {"version": "2"}, None, False),
        (How.EXACT, ["a", "b"], ["b", "a"], False),
        (How.ONE_OF, ("V2", "V3"), "V3", True),
        (How.ONE_OF, ("V2", None), None, True),
        (How.ONE_OF, ("V2", "V3"), "V4", False),
        (How.PATTERN, r"V2\..*", "V2.1", True),
        (How.PATTERN, r"V2", "V2.1", False),
        (How.PATTERN, r".*", 7, False),
        (How.RANGE, (16, 32), 16, True),
        (How.RANGE, (16, 32), 33, False),
        (How.RANGE, (None, 32), -1, True),
        (How.RANGE, (16, None), 15.9, False),
        (How.RANGE, (0, 1), True, False),
        (How.RANGE, (0, 1), "1", False),
    ],
)
def test_a_value_is_as_expected_or_not_or_nothing_was_promised(
    how: How, expected: Value, value: Value, met: bool
) -> None:
    assert Expected(how, expected).met_by(value) is met


def test_an_expected_element_promises_only_the_fields_it_names() -> None:
    element = Expected(How.EXACT, {"version": "2"})
    assert element.of_field("version").met_by("2") is True
    assert element.of_field("version").met_by("3") is False
    assert element.of_field("arch").met_by("amd64") is None


@pytest.mark.parametrize(
    ("how", "value"),
    [
        (How.DISCOVERED, "V2"),
        (How.ONE_OF, ()),
        (How.ONE_OF, ["V2"]),
        (How.ONE_OF, tuple(range(MAX_CHOICES + 1))),
        (How.PATTERN, "("),
        (How.PATTERN, "(?=x)"),
        (How.PATTERN, "\ud800"),
        (How.PATTERN, "x" * (MAX_PATTERN + 1)),
        (How.PATTERN, 7),
        (How.PATTERN, "((((x{100}){100}){100}){100})"),
        (How.RANGE, (1,)),
        (How.RANGE, (2, 1)),
        (How.RANGE, ("1", 2)),
        (How.RANGE, (float("nan"), 1)),
        (How.EXACT, float("inf")),
        (How.EXACT, {1, 2}),
        (How.EXACT, "x" * MAX_BYTES),
    ],
)
def test_an_expectation_nothing_could_be_held_against_is_refused(how: How, value: Value) -> None:
    with pytest.raises(BadExpected):
        Expected(how, value)


def test_nesting_without_end_is_refused_not_crashed_on() -> None:
    deep: Value = "x"
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(BadExpected):
        Expected(How.EXACT, deep)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(How), JSON | st.tuples(JSON, JSON), JSON)
def test_whatever_is_written_and_seen_there_is_an_answer_or_the_one_error(
    how: How, written: Value, seen: Value
) -> None:
    try:
        expected = Expected(how, written)
    except BadExpected:
        return
    assert expected.met_by(seen) in {True, False, None}
    json.dumps(expected.value, allow_nan=False)


@given(JSON)
def test_a_value_that_can_be_expected_meets_its_own_expectation(value: Value) -> None:
    try:
        expected = Expected(How.EXACT, value)
    except BadExpected:
        return
    assert expected.met_by(value) is True


def test_half_a_surrogate_pair_from_a_device_matches_no_pattern() -> None:
    assert Expected(How.PATTERN, ".*").met_by("\ud800") is False
