"""What somebody sees who has logged in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.lab import Device
from discovery.lab.terminal import PAGE, STYLES, Terminal
from discovery.lab.tree import Tree

LINES = [f"line {at}" for at in range(60)]
ASK = {"huawei": "display current-configuration", "cisco": "show running-config"}


def terminal(style="huawei", lines=LINES):
    told = {"style": style, "name": "sw-1", "version": "a version", "text": "\n".join(lines) + "\n"}
    return Terminal(Device("127.64.0.1", "test", lambda: Tree(()), lambda: told))


def typed(at, keys):
    return "".join(map(at.take, keys))


@pytest.mark.parametrize("style", ["huawei", "cisco"])
def test_a_long_text_waits_after_each_page_until_all_was_shown(style):
    at = terminal(style)
    first = typed(at, f"{ASK[style]}\r")
    assert first.endswith(STYLES[style].more)
    assert first.count("line ") == PAGE
    second, third = at.take(" "), at.take(" ")
    assert [each.count("line ") for each in (second, third)] == [PAGE, 60 - 2 * PAGE]
    assert third.endswith(at.prompt())


def test_enter_turns_one_line_and_q_leaves_the_text():
    at = terminal()
    typed(at, "display current-configuration\r")
    assert at.take("\r").count("line ") == 1
    assert at.take("x") == ""
    assert at.take("q").endswith(at.prompt())
    assert typed(at, "display version\r").splitlines()[-3:] == ["a version", "", "<sw-1>"]


@pytest.mark.parametrize(("style", "whole"), [("huawei", "screen-length 0 temporary"), ("cisco", "terminal length 0")])
def test_without_pages_all_is_shown_at_once(style, whole):
    at = terminal(style)
    typed(at, f"{whole}\r")
    shown = typed(at, f"{ASK[style]}\r")
    assert [line for line in shown.splitlines() if line.startswith("line")] == LINES


def test_what_is_no_command_is_said_so():
    assert "Unrecognized command" in typed(terminal(), "show running-config\r")
    assert "Invalid input" in typed(terminal("cisco"), "display version\r")


def test_a_key_can_be_taken_back():
    assert "a version" in typed(terminal(), "display versiom\x7fn\r")


def test_quit_ends_it():
    at = terminal()
    typed(at, "quit\r")
    assert at.over


@given(st.sampled_from(sorted(STYLES)), st.text(max_size=300))
def test_no_key_does_harm(style, keys):
    at = terminal(style)
    for key in keys:
        assert isinstance(at.take(key), str)
        if at.over:
            break
