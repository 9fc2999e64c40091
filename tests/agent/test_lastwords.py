"""What a process said on standard error, and what of it never gets into a log."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from agent.lastwords import LEAST_HIDDEN, MAX_LINE, MOST_LINES, LastWords


def words(said: bytes) -> LastWords:
    found = LastWords(io.BytesIO(said))
    found.close(10)
    return found


def test_the_last_lines_are_kept_each_of_bounded_length() -> None:
    lines = words(b"".join(b"%d\n" % at for at in range(1000)) + b"x" * 5000).lines()
    assert (len(lines), lines[0], lines[-1]) == (MOST_LINES, str(1000 - MOST_LINES + 1), "x" * MAX_LINE)


def test_a_secret_is_struck_out_as_it_is_as_python_writes_it_and_line_by_line() -> None:
    secret = "first-line\nsecond\\line"
    lines = words(b"k first-line\nand 'first-line\\nsecond\\\\line'\nsecond\\line end\n").lines([secret, "no"])
    assert lines == ["k •••", "and '•••'", "••• end"]


@given(st.binary(max_size=300), st.text(min_size=LEAST_HIDDEN, max_size=12).filter(str.strip))
def test_whatever_is_said_no_secret_is_left_in_it(said: bytes, secret: str) -> None:
    lines = words(said + secret.encode("utf-8", "replace") + said).lines([secret])
    assert all(secret not in line for line in lines) or len(secret.strip()) < LEAST_HIDDEN
