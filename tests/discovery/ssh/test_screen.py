"""What a terminal shows of what was sent."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discovery.ssh.screen import ANY_KEY, PAGER, line, rendered


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (" --More-- \b\b\b\b\b\b\b\b\b\b          \b\b\b\b\b\b\b\b\b\b   indented by three", "   indented by three"),
        ("  ---- More ----\x1b[42D" + " " * 42 + "\x1b[42D interface X", " interface X"),
        ("--More-- \r         \r    set x 1", "    set x 1"),
        ("\x1b[7m--More--\x1b[m\x1b[8D\x1b[Kline", "line"),
        ("\x1b[2Kabc\x1b[1Gx", "xbc"),
        ("tab\tkept\r", "tab\tkept"),
        ("bell\x07 and \x1b(Bset", "bell and set"),
        ("a\x1b[99999999999999999999Cb", "ab"),
    ],
)
def test_a_line_reads_as_a_terminal_shows_it(sent: str, shown: str) -> None:
    assert line(sent) == shown


@pytest.mark.parametrize(
    "last", [" --More-- ", "  ---- More ----", "<--- More --->", "--More-- (q to quit)", "-- more --, next page: Space"]
)
def test_a_pager_is_known_by_its_line(last: str) -> None:
    assert PAGER.search(last)


def test_a_line_of_configuration_is_no_pager_and_no_question() -> None:
    for each in ("description no more ports", "banner press release", "--", "sw1#"):
        assert not PAGER.search(each)
        assert not ANY_KEY.search(each)
    assert ANY_KEY.search("Press any key to continue")


@given(st.text(alphabet="ab \t\b\r\n\x1b[0123456789;DCGKm(", max_size=400))
@settings(max_examples=500, deadline=500)
def test_whatever_is_sent_ends_as_plain_lines_no_longer_than_it(sent: str) -> None:
    shown = rendered(sent)
    assert len(shown) <= len(sent)
    assert not set(shown) & {"\b", "\r", "\x1b"}
