"""Who was on while something moved: any session that touches the bracket, whoever did it."""

from __future__ import annotations

import pytest

from collector.change.sessions import Session, between

AT = 1_768_464_000_000
ROWS = [
    {"at": "2026-01-15T08:10:00Z", "line": "pts/1", "user": "li", "origin": "10.0.0.5"},
    {"at": "2026-01-15T08:00:00Z", "line": "pts/0", "user": "wang", "ended": "2026-01-15T08:05:00Z"},
]
WANG, LI = Session("wang", "pts/0", "", AT, AT + 300_000), Session("li", "pts/1", "10.0.0.5", AT + 600_000)


@pytest.mark.parametrize(
    ("lo", "hi", "on"),
    [
        (0, 700_000, [WANG, LI]), (-10, -1, []), (-10, 0, [WANG]), (300_000, 400_000, [WANG]), (300_001, 599_999, []),
        (600_000, 10**9, [LI]), (10**8, 10**9, [LI]),
    ],
)  # fmt: skip
def test_a_session_counts_from_its_first_moment_to_its_last(lo: int, hi: int, on: list[Session]) -> None:
    assert between(ROWS, AT + lo, AT + hi) == on


@pytest.mark.parametrize("text", ["<script>", "", "9999999-01-01", "2026-13-01T00:00:00Z", None, 7])
def test_a_time_that_is_none_is_no_beginning_and_no_end(text: object) -> None:
    told = {"line": "pts/2", "user": "zhao"}
    assert between([{**told, "at": text}], 0, 10**15) == []
    assert between([{**told, "at": "2026-01-15T08:00:00Z", "ended": text}], AT, AT) == [
        Session("zhao", "pts/2", "", AT)
    ]
