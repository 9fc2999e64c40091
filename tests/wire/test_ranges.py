"""Sets of addresses: what is taken away, what two share, and the texts that name a set again."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.ranges import BadRange, Ranges, ranges

BASE = int(IPv4Address("192.0.2.0"))
NUMBERS = st.sets(st.integers(0, 60), max_size=30)


def of(numbers: set[int]) -> Ranges:
    return ranges(str(IPv4Address(BASE + each)) for each in numbers)


@given(NUMBERS, NUMBERS)
def test_ranges_are_the_sets_they_name(some: set[int], others: set[int]) -> None:
    assert of(some) - of(others) == of(some - others)
    assert of(some) & of(others) == of(some & others)
    assert of(some) | of(others) == of(some | others)
    assert of(some).size == len(some)


@given(NUMBERS, st.sets(st.integers(1, 1 << 100), max_size=5))
def test_a_set_is_read_again_from_its_texts(four: set[int], six: set[int]) -> None:
    every = of(four) | Ranges(six=tuple((each << 20, (each << 20) + 5) for each in sorted(six)))
    assert ranges(every.texts) == every


@given(st.text(max_size=120))
def test_any_text_is_a_range_or_refused_with_the_one_declared_error(text: str) -> None:
    try:
        assert ranges([text])
    except BadRange as error:
        assert len(str(error)) < 400  # noqa: PT017


def test_one_long_exclusion_cuts_many_runs_and_many_cut_one() -> None:
    every_other = ranges(f"192.0.2.{last}" for last in range(0, 200, 2))
    assert (every_other - ranges(["192.0.2.10-192.0.2.189"])).size == 10
    assert (ranges(["192.0.2.0/24"]) - every_other).size == 156


def test_an_address_of_the_wrong_form_names_nothing() -> None:
    for text in ("", "192.0.2.1/33", "192.0.2.9-1", "fe80::1%eth0", "192.0.2.1-2001:db8::1", "1" * 200):
        with pytest.raises(BadRange):
            ranges([text])
