"""Lines of syslog, in the standards' forms and in those that devices send in their stead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.receiver.syslog import Line, read
from discovery.text import MAX_TEXT


@pytest.mark.parametrize(("raw", "line"), [
    (b"<34>Oct 11 22:14:15 mymachine su: 'su root' failed", Line(2, "mymachine", "su: 'su root' failed")),
    (b"<165>1 2003-10-11T22:14:15.003Z host.example evntslog 12 ID47 - \xef\xbb\xbfAn entry",
     Line(5, "host.example", "evntslog: ID47: An entry")),
    (b'<165>1 2003-10-11T22:14:15.003Z h app - - [a@1 x="1]2"][b@1 y="\\"]"] text', Line(5, "h", "app: text")),
    (b"<165>1 2003-10-11T22:14:15.003Z - app - - -", Line(5, "", "app: ")),
    (b'<165>1 2003-10-11T22:14:15.003Z h app - - [a@1 x="never ends', Line(5, "h", 'app: [a@1 x="never ends')),
    (b"<189>29: sw1: *Mar  1 18:46:11: %SYS-5-CONFIG_I: text",
     Line(5, "", "29: sw1: *Mar 1 18:46:11: %SYS-5-CONFIG_I: text")),
    (b"no priority at all", Line(5, "", "no priority at all")),
    (b"<999>beyond", Line(5, "", "beyond")),
])  # fmt: skip
def test_a_line_says_how_severe_it_is_who_wrote_it_and_what(raw: bytes, line: Line) -> None:
    assert read(raw) == line


def test_chinese_text_is_read_in_both_of_its_encodings() -> None:
    for encoding in ("utf-8", "gb18030"):
        assert read("<14>接口断开：端口一".encode(encoding)).text == "接口断开：端口一"


def test_what_drives_a_terminal_and_line_ends_are_taken_out() -> None:
    assert read(b"<14>a\x1b[31mred\nforged line").text == "a [31mred forged line"


@given(st.binary(max_size=600))
def test_any_octets_are_a_line_of_bounded_printable_text(raw: bytes) -> None:
    line = read(raw)
    assert 0 <= line.severity <= 7
    assert len(line.text) <= MAX_TEXT + 300
    assert "\n" not in line.text + line.host
