"""Values of devices as text: printable, bounded, whatever they send."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.asking import Address, Oid
from discovery.text import MAX_SHOWN, MAX_TEXT, shown, text


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (b"  Switch \t 5\0\0", "Switch 5"),
        (b"a\r\nb\rc", "a\nb\nc"),
        ("机房一".encode("gb18030"), "机房一"),
        ("机房一".encode(), "机房一"),
        (b"\x00\x1b\x21\xaa\xbb\xcc", "001b21aabbcc"),
        (b"caf\xe9", "café"),
        (b"SN1\0junk", "SN1"),
        (b"A\xa1@", "A"),
        (7, "7"),
        (Oid("1.3.6"), "1.3.6"),
        (Address(b"\x0a\0\0\x01"), "10.0.0.1"),
    ],
)
def test_a_value_becomes_readable_text(value: int | bytes | Oid, said: str) -> None:
    assert text(value) == said


@given(st.binary(max_size=5000))
def test_text_is_printable_and_bounded(raw: bytes) -> None:
    said = text(raw)
    assert len(said) <= MAX_TEXT
    assert all(char == "\n" or char.isprintable() for char in said)
    assert len(shown(said)) <= MAX_SHOWN
    assert "\n" not in shown(said)
