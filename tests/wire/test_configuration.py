"""Configurations as texts: what comes back from an address, and what people see of a secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.configuration import Damaged, address, bare, packed, unpacked, veiled

ONE, TWO = (f"snmp community <secret:{digit * 16}> ro" for digit in "1a")


def test_a_text_comes_back_from_its_address_and_no_other() -> None:
    text = "hostname 核心-1\n" * 500
    kept = packed(text)
    assert len(kept) < len(text) // 20
    assert unpacked(kept, address(text)) == text
    for damaged in (kept[:-3], kept + b"x", b"", packed("another"), packed("a" * 9_000_000)):
        with pytest.raises(Damaged):
            unpacked(damaged, address(text))


@given(st.binary(max_size=200))
def test_any_bytes_come_back_or_are_damaged(kept: bytes) -> None:
    with pytest.raises(Damaged):
        unpacked(kept, address("another"))


def test_people_see_that_a_secret_moved_and_nothing_of_it() -> None:
    assert veiled(TWO, ONE) == "snmp community •••• changed ro"
    assert veiled(TWO, TWO) == veiled(TWO) == "snmp community •••• ro"


def test_lines_that_differ_in_a_secret_alone_are_equal_when_bare() -> None:
    assert bare(ONE) == bare(TWO) == "snmp community <secret> ro"
    assert bare("no secret here") == "no secret here"


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_token_is_left_in_what_people_see(line: str, other: str) -> None:
    shown = veiled(f"{line}{ONE}", f"{other}{TWO}")
    assert "<secret:1111" not in shown
