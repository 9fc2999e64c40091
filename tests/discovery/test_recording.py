"""Recordings: both forms read, scripts answered, hostile files end in one declared error."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discovery.asking import Address, Get, Oid, Script, Value, Walk, get, walk
from discovery.recording import MAX_BYTES, BadRecording, Recording, answer, read

SAMPLES = Path(__file__).parent / "samples"
SNMPREC = b"""1.3.6.1.2.1.1.1.0|4|Switch
1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.9.1.1
1.3.6.1.2.1.1.3.0|67|42
1.3.6.1.2.1.1.6.0|4e|a\\x41\\n\\101\\\\
1.3.6.1.2.1.2.2.1.6.2|4x|001b21
1.3.6.1.2.1.2.2.1.6.10|4x|001b22
1.3.6.1.2.1.2.2.1.6.1|4x|001b20
1.3.6.1.2.1.4.20.1.1.10.0.0.1|64|10.0.0.1
1.3.6.1.2.1.4.20.1.1.10.0.0.2|64x|0a000002
1.3.6.1.2.1.9.1.0|129|
1.3.6.1.2.1.31.1.1.1.6.1|70|18446744073709551615
"""


def test_a_get_tells_each_kind_of_value() -> None:
    recording = Recording(SNMPREC)
    assert recording.get("1.3.6.1.2.1.1.1.0") == b"Switch"
    assert recording.get("1.3.6.1.2.1.1.2.0") == Oid("1.3.6.1.4.1.9.1.1")
    assert recording.get("1.3.6.1.2.1.1.3.0") == 42
    assert recording.get("1.3.6.1.2.1.1.6.0") == b"aA\nA\\"
    assert recording.get("1.3.6.1.2.1.4.20.1.1.10.0.0.1") == Address(b"\x0a\0\0\x01")
    assert recording.get("1.3.6.1.2.1.4.20.1.1.10.0.0.2") == Address(b"\x0a\0\0\x02")
    assert recording.get("1.3.6.1.2.1.31.1.1.1.6.1") == 2**64 - 1


def test_what_is_absent_or_an_exception_has_no_value() -> None:
    recording = Recording(SNMPREC)
    assert recording.get("1.3.6.1.2.1.1.1") is None
    assert recording.get("1.3.6.1.2.1.9.1.0") is None


def test_a_column_is_sorted_by_number_and_cut_at_its_rows() -> None:
    recording = Recording(SNMPREC)
    assert list(recording.column("1.3.6.1.2.1.2.2.1.6", 9)) == [(1,), (2,), (10,)]
    assert len(recording.column("1.3.6.1.2.1.2.2.1.6", 2)) == 2
    assert recording.column("1.3.6.1.2.1.2.2.1", 9).keys() == {(6, 1), (6, 2), (6, 10)}


def test_everything_comes_in_the_order_of_a_walk() -> None:
    indexes = [index for index, _ in Recording(SNMPREC).everything()]
    assert indexes == sorted(indexes)
    assert len(indexes) == 10


def test_a_script_is_answered_to_its_result() -> None:
    def script() -> Script[tuple[Value, int]]:
        told = yield from get("1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.1.99.0")
        rows = yield from walk("1.3.6.1.2.1.2.2.1.6", "1.3.6.1.2.1.2.2.1.7")
        assert told.keys() == {"1.3.6.1.2.1.1.3.0"}
        return told["1.3.6.1.2.1.1.3.0"], len(rows.rows)

    assert answer(script(), Recording(SNMPREC)) == (42, 3)


@pytest.mark.parametrize("prefix", [b".", b"iso."])
def test_a_walk_of_net_snmp_says_the_same(prefix: bytes) -> None:
    text = (SAMPLES / "walk-on.txt").read_bytes()
    if prefix == b"iso.":
        text = text.replace(b"\n.1.", b"\niso.").replace(b"OID: .1.", b"OID: iso.").replace(b".1.3", b"iso.3", 1)
    recording = Recording(text)
    assert recording.get("1.3.6.1.2.1.1.1.0") == b"Linux gw1 5.10.0\nsecond line"
    assert recording.get("1.3.6.1.2.1.1.2.0") == Oid("1.3.6.1.4.1.8072.3.2.10")
    assert recording.get("1.3.6.1.2.1.1.3.0") == 4711
    assert recording.get("1.3.6.1.2.1.1.5.0") == b"gw1"
    assert recording.column("1.3.6.1.2.1.2.2.1.6", 9) == {
        (1,): bytes.fromhex("001b21aabbcc"),
        (2,): bytes.fromhex("001b21aabbdd"),
    }
    assert recording.get("1.3.6.1.2.1.2.2.1.8.1") == 1
    assert recording.get("1.3.6.1.2.1.2.2.1.10.1") == 12345
    assert recording.get("1.3.6.1.2.1.4.20.1.1.10.0.0.1") == Address(b"\x0a\0\0\x01")
    assert recording.get("1.3.6.1.2.1.9.9.0") is None
    assert recording.get("1.3.6.1.2.1.31.1.1.1.18.1") == b""


def test_quick_output_is_read_by_its_looks() -> None:
    text = (
        b'.1.3.6.1.2.1.1.1.0 = "Some \\"box\\""\n.1.3.6.1.2.1.1.2.0 = .1.3.6.1.4.1.9.1.1\n'
        b'.1.3.6.1.2.1.1.7.0 = 72\n.1.3.6.1.2.1.2.2.1.6.1 = "00 1B 21 AA BB CC "\n'
    )
    recording = Recording(text)
    assert recording.get("1.3.6.1.2.1.1.1.0") == b'Some "box"'
    assert recording.get("1.3.6.1.2.1.1.2.0") == Oid("1.3.6.1.4.1.9.1.1")
    assert recording.get("1.3.6.1.2.1.1.7.0") == 72
    assert recording.get("1.3.6.1.2.1.2.2.1.6.1") == bytes.fromhex("001b21aabbcc")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello\n",
        b"1.3.6.1.2.1.1.1.0|2|many\n",
        b"1.3.6.1.2.1.1.1.0|4x|0\n",
        b"1.3.6.1.2.1.1.1.0|64|1.2.3.400\n",
        b"1.3.6.1.2.1.1.1.0|6|1.x\n",
        b"1.3.6.1.2.1.1.1.0|2|" + b"9" * 500 + b"\n",
        b"1.3.6.1.2.1.1.1.0|4|" + b"a" * 70_000 + b"\n",
    ],
)
def test_a_file_that_is_none_is_refused_by_its_one_error(data: bytes) -> None:
    with pytest.raises(BadRecording):
        Recording(data).get("1.3.6.1.2.1.1.1.0")


def test_a_file_that_cannot_be_read_or_is_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRecording):
        read(tmp_path / "none.snmprec")
    large = tmp_path / "large.snmprec"
    with large.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(BadRecording):
        read(large)


def everything_of(data: bytes) -> Iterator[Value]:
    recording = Recording(data)
    yield from (value for _, value in recording.everything())
    yield from recording.column("1.3", 5).values()


LINES = st.lists(
    st.tuples(
        st.sampled_from([b"1.3.6.1.2.1.1.1.0", b"1.3.6.1.4.1.9.1", b"1.3.x", b"." * 9, b"1." * 200 + b"1"]),
        st.sampled_from(
            [b"|2|", b"|4|", b"|4x|", b"|4e|", b"|6|", b"|64|", b"|64e|", b"|70|", b"|", b" = STRING: ", b" = "]
        ),
        st.binary(max_size=30),
    ).map(b"".join),
    max_size=8,
).map(b"\n".join)


@settings(max_examples=300, deadline=None)
@given(data=st.one_of(LINES, st.binary(max_size=200)))
def test_no_file_raises_anything_undeclared(data: bytes) -> None:
    try:
        for value in everything_of(data):
            assert isinstance(value, int | bytes | str)
    except BadRecording:
        pass


def test_what_is_asked_for_is_one_of_two_things() -> None:
    assert Get(("1.3",)).oids == ("1.3",)
    assert Walk(("1.3",)).rows > 0
