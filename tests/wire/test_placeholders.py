"""What is no serial number: one list for who reads devices and for who tells CIs apart."""

from __future__ import annotations

import re

import pytest

from wire.placeholders import DOUBTFUL, SHAPES, WORDS, Shape, fold, why_no_serial


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.reason)
def test_a_pattern_does_as_its_examples_say_and_what_is_doubtful_is_told(shape: Shape) -> None:
    refused = [each for each in shape.refuses if re.fullmatch(shape.pattern, fold(each), re.ASCII)]
    assert refused == list(shape.refuses)
    assert [each for each in shape.keeps if re.fullmatch(shape.pattern, fold(each), re.ASCII)] == []
    assert all(bool(why_no_serial(each)) is not shape.doubtful for each in shape.refuses if fold(each) not in WORDS)


def test_words_are_written_as_they_are_compared() -> None:
    assert [each for each in (*WORDS, *DOUBTFUL) if fold(each) != each] == []
    assert why_no_serial("  To be  Filled by O.E.M.  ") == WORDS["to be filled by o.e.m."]


@pytest.mark.parametrize(
    "serial", ["7XK2M53", "1234567", "FOC1234X0AB", "2102353TESR0001", "SN-A1.2B77", "0000007", "CZJ0100101"]
)
def test_what_makers_stamp_on_a_box_is_a_serial_number(serial: str) -> None:
    assert why_no_serial(serial) == ""
