"""Sessions come from wtmp, whose records are made here byte by byte as utmp(5) says they are."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.collectors.base import Unsupported
from agent.collectors.bounded import Malformed
from agent.collectors.linux import logins
from agent.collectors.linux.logins import MAX_SESSIONS, parse_wtmp
from tests.agent.collectors.catalogue import kept

AT = 1_768_464_000
"""2026-01-15T08:00:00Z"""
SHAPES = {"x86": "<hxxi32s4s32s256s2hi2i4i20x", "arm64": "<hxxi32s4s32s256s2hq2q4i24x"}


def record(kind: int, line: str, user: str = "", after: int = 0, host: str = "", shape: str = "x86") -> bytes:
    """Return one record of so many seconds after `AT`."""
    names = line.encode(), b"id", user.encode(), host.encode()
    return struct.pack(SHAPES[shape], kind, 1, *names, 0, 0, 0, AT + after, 0, 0, 0, 0, 0)


def course(shape: str) -> bytes:
    said: Sequence[tuple[int, str, str, int, str]] = [
        (2, "~", "reboot", 0, "6.1.0"), (7, "pts/0", "wang", 60, "10.0.0.5"), (7, "tty1", "root", 90, ""),
        (8, "pts/0", "", 120, ""), (7, "pts/0", "li", 180, "jump.example"), (1, "~", "shutdown", 240, "6.1.0"),
        (2, "~", "reboot", 300, "6.1.0"), (7, "pts/0", "zhao", 360, ""), (6, "tty1", "LOGIN", 400, ""),
    ]  # fmt: skip
    return b"".join(record(*each, shape=shape) for each in said)


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_a_session_ends_with_its_terminals_next_word_or_with_the_machine(shape: str) -> None:
    assert kept("logins", parse_wtmp(course(shape))) == [
        {"at": "2026-01-15T08:01:00Z", "line": "pts/0", "user": "wang", "origin": "10.0.0.5",
         "ended": "2026-01-15T08:02:00Z"},
        {"at": "2026-01-15T08:01:30Z", "line": "tty1", "user": "root", "ended": "2026-01-15T08:04:00Z"},
        {"at": "2026-01-15T08:03:00Z", "line": "pts/0", "user": "li", "origin": "jump.example",
         "ended": "2026-01-15T08:04:00Z"},
        {"at": "2026-01-15T08:06:00Z", "line": "pts/0", "user": "zhao"},
    ]  # fmt: skip


def test_only_the_last_sessions_are_told() -> None:
    rows = parse_wtmp(b"".join(record(7, "pts/0", "wang", at) for at in range(MAX_SESSIONS + 50)))
    assert (len(rows), rows[0]["at"]) == (MAX_SESSIONS, "2026-01-15T08:00:50Z")


def test_what_whoever_logs_in_chose_as_a_name_is_plain_text() -> None:
    [row] = parse_wtmp(record(7, "pts/0", "wang", host="\x1b[31mevil\n"))
    assert row["origin"] == "\ufffd[31mevil\ufffd"


def test_a_machine_without_the_file_is_unsupported_and_half_a_record_malformed(tmp_path: Path) -> None:
    with pytest.raises(Unsupported):
        logins.collect(tmp_path)
    (tmp_path / "var/log").mkdir(parents=True)
    (tmp_path / logins.WTMP).write_bytes(b"")
    assert logins.collect(tmp_path) == []
    (tmp_path / logins.WTMP).write_bytes(course("x86")[:-1])
    with pytest.raises(Malformed):
        logins.collect(tmp_path)


@given(st.binary(max_size=1200) | st.lists(st.binary(min_size=384, max_size=384), max_size=4).map(b"".join))
def test_any_bytes_are_sessions_or_malformed(content: bytes) -> None:
    with suppress(Malformed):
        kept("logins", parse_wtmp(content))
    with suppress(Malformed):
        kept("logins", parse_wtmp(b"".join(b"\7\0" + content[at + 2 : at + 384] for at in range(0, 384, 384))))
