"""A stream is cut into lines by length or by line end; no stream makes it hold more than a line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.receiver.framing import MAX_LINE, BadFrame, Framing

LINES = st.lists(
    st.binary(min_size=1, max_size=60).map(lambda each: b"<" + each.translate(None, b"\n\r\0")), max_size=8
)


def counted(line: bytes) -> bytes:
    return b"%d %s" % (len(line), line)


@given(LINES, st.lists(st.integers(1, 40)), st.booleans())
def test_lines_come_out_as_they_went_in_however_the_stream_is_cut(
    lines: list[bytes], cuts: list[int], by_length: bool
) -> None:
    stream = b"".join(counted(each) if by_length else each + b"\n" for each in lines)
    framing, found = Framing(), []
    for size in [*cuts, len(stream)]:
        found += framing.feed(stream[:size])
        stream = stream[size:]
    assert found == lines
    assert framing.rest() == []


def test_both_ways_may_be_mixed_and_line_ends_may_be_null_or_carriage_return() -> None:
    assert Framing().feed(b"<1>a\n" + counted(b"<2>b\nc") + b"<3>d\r\n<4>e\0") == [
        b"<1>a",
        b"<2>b\nc",
        b"<3>d",
        b"<4>e",
    ]


def test_a_line_without_an_end_is_told_when_the_stream_is_over() -> None:
    framing = Framing()
    assert framing.feed(b"<1>whole\n<2>begun") == [b"<1>whole"]
    assert framing.rest() == [b"<2>begun"]
    cut = Framing()
    assert cut.feed(b"20 <1>half") == []
    assert cut.rest() == [], "half of what was announced is no line"


@pytest.mark.parametrize("lead", [b"", b"%d " % (3 * MAX_LINE)])
def test_of_a_line_that_is_too_long_the_beginning_is_read_and_the_next_one_is_whole(lead: bytes) -> None:
    framing = Framing()
    long = b"<1>" + b"x" * (3 * MAX_LINE - 3)
    found = framing.feed(lead + long)
    found += framing.feed((b"" if lead else b"\n") + b"<2>next\n")
    assert [each[:6] for each in found] == [b"<1>xxx", b"<2>nex"]
    assert len(found[0]) <= MAX_LINE
    assert framing.cut == 1


@pytest.mark.parametrize("data", [b"1234567 <1>x", b"12x <1>a", b"9999999999"])
def test_a_length_that_is_none_ends_the_stream(data: bytes) -> None:
    with pytest.raises(BadFrame):
        Framing().feed(data)


@given(st.lists(st.binary(max_size=200), max_size=30))
def test_any_stream_is_cut_or_refused_and_never_held(chunks: list[bytes]) -> None:
    framing = Framing()
    try:
        for each in chunks:
            assert all(len(line) <= MAX_LINE for line in framing.feed(each))
            assert len(framing._held) <= MAX_LINE + 200
    except BadFrame:
        return
