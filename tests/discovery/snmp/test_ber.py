"""BER: what is encoded comes back, what is malformed raises the one declared error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.snmp.ber import (
    Malformed,
    encode_index,
    encode_integer,
    encode_oid,
    header,
    index,
    integer,
    oid_text,
    signed,
    tlv,
    unsigned32,
    unsigned64,
)

subids = st.lists(st.one_of(st.integers(0, 300), st.integers(0, 0xFFFFFFFF)), max_size=120).map(tuple)
oids = st.builds(
    lambda first, second, rest: ".".join(map(str, (first, second if first == 2 else second % 40, *rest))),
    st.integers(0, 2), st.integers(0, 1000), subids,
)  # fmt: skip


@given(subids)
def test_sub_identifiers_come_back(numbers):
    assert index(encode_index(numbers)) == numbers


@given(oids)
def test_an_identifier_comes_back(text):
    assert oid_text(encode_oid(text)) == text
    assert encode_oid("." + text) == encode_oid(text)


@given(st.integers(-(1 << 63), (1 << 63) - 1))
def test_an_integer_comes_back_from_the_fewest_octets(value):
    encoded = encode_integer(value)
    assert integer(encoded, 0, len(encoded)) == (value, len(encoded))
    assert len(encoded) == 3 or encoded[2:4] not in (b"\x00\x00", b"\xff\xff")


@given(st.binary(max_size=70_000))
def test_a_value_of_any_length_comes_back(content):
    encoded = tlv(0x04, content)
    tag, start, stop = header(encoded, 0, len(encoded))
    assert (tag, encoded[start:stop], stop) == (0x04, content, len(encoded))


def test_order_is_that_of_numbers_where_octets_sort_otherwise():
    smaller, larger = encode_index((16_383,)), encode_index((16_384,))
    assert smaller > larger
    assert index(smaller) < index(larger)


@pytest.mark.parametrize(
    "text", ["", "1", "3.1", "1.40", "1.3.-1", "1.3.4294967296", "1.3.x", "1..3", "1." + "1." * 200 + "1"]
)
def test_what_is_no_identifier_is_not_encoded(text):
    with pytest.raises(ValueError):  # noqa: PT011  int() and encode_oid both raise it
        encode_oid(text)


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param("", id="nothing"),
        pytest.param("30", id="no length"),
        pytest.param("3003 0201", id="cut off"),
        pytest.param("3080 0000", id="indefinite"),
        pytest.param("3085 0000000001 00", id="a length in five octets"),
        pytest.param("3084 ffffffff 00", id="a length of 4 GiB"),
        pytest.param("3082 01", id="a length cut off"),
        pytest.param("30ff", id="the reserved length"),
    ],
)
def test_a_header_that_is_none_is_malformed(octets):
    data = bytes.fromhex(octets)
    with pytest.raises(Malformed):
        header(data, 0, len(data))


def test_a_length_in_more_octets_than_needed_is_read_as_devices_send_it():
    data = bytes.fromhex("0484 00000002 6869")
    assert header(data, 0, len(data)) == (0x04, 6, 8)


@pytest.mark.parametrize("content", [b"", bytes(9), b"\x7f" * 9])
def test_an_integer_without_octets_or_with_too_many_is_malformed(content):
    with pytest.raises(Malformed):
        signed(content)


@pytest.mark.parametrize(
    ("content", "read", "value"),
    [
        (b"\x00\xff\xff\xff\xff", unsigned32, 0xFFFFFFFF),
        (b"\xff\xff\xff\xfe", unsigned32, 0xFFFFFFFE),  # without the leading zero, as some devices send it
        (b"\xc8", unsigned32, 200),
        (b"\x00\xff\xff\xff\xff\xff\xff\xff\xff", unsigned64, (1 << 64) - 1),
        (b"\x00\x00\x07", unsigned32, 7),
    ],
)
def test_unsigned_values_are_read_as_devices_send_them(content, read, value):
    assert read(content) == value


@pytest.mark.parametrize(
    ("content", "read"),
    [
        (b"", unsigned32),
        (b"\x01\0\0\0\0", unsigned32),
        (bytes(6), unsigned32),
        (b"", unsigned64),
        (bytes(10), unsigned64),
    ],
)
def test_an_unsigned_value_out_of_range_is_malformed(content, read):
    with pytest.raises(Malformed):
        read(content)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\x80\x01", id="padded"),
        pytest.param(b"\x01\x81", id="cut off"),
        pytest.param(b"\x90\x80\x80\x80\x00", id="33 bits"),
        pytest.param(b"\xff" * 400 + b"\x01", id="enormous"),
        pytest.param(b"\x01" * 129, id="129 sub-identifiers"),
        pytest.param(b"\x81\x01" * 129, id="129 long sub-identifiers"),
    ],
)
def test_sub_identifiers_that_are_none_are_malformed(content):
    with pytest.raises(Malformed):
        index(content)
