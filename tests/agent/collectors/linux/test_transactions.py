"""What a transaction is told without, and how many are told."""

from __future__ import annotations

import pytest

from agent.collectors.linux.transactions import MAX_PACKAGES, MAX_TEXT, latest, plain, transaction


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("apt -o Acquire::http::Proxy=http://li:s3cret@proxy:3128 install x",
         "apt -o Acquire::http::Proxy=http://…@proxy:3128 install x"),
        ("tool --password s3cret install x", "tool --password … install x"),
        ("env API_KEY=s3cret apt install x", "env API_KEY=… apt install x"),
        ("env 'token': s3cret apt", "env 'token': … apt"),
        ("apt install keyutils passwd", "apt install keyutils passwd"),
    ],
)  # fmt: skip
def test_a_command_line_is_told_without_what_is_secret_in_it(command: str, told: str) -> None:
    assert plain(command) == told


def test_a_secret_that_the_limit_would_cut_in_two_is_not_told_in_part() -> None:
    secrets = "http://li:" + "s" * 150 + "@a "
    command = (secrets * 2 + "http://li:leaked-" + "t" * 200 + "@b").ljust(600, "x")
    assert plain(command) == "http://…@a http://…@a"
    assert len(plain("word " * 200)) <= MAX_TEXT


def test_what_is_nothing_is_left_out_and_names_have_a_limit_in_length_and_number() -> None:
    row = transaction(
        "dnf", "2026-01-15T08:00:00Z", (f"{n:05}" + "x" * 200 for n in range(3000)), actor=None, command=""
    )
    assert set(row) == {"tool", "started", "packages"}
    assert (len(row["packages"]), {len(name) for name in row["packages"]}) == (MAX_PACKAGES, {128})


def test_two_that_began_in_one_second_are_one_and_who_asked_is_known_where_that_was_the_same_person() -> None:
    at = "2026-01-15T08:00:00Z"
    first = transaction("apt", at, ["a"], ended="2026-01-15T08:00:09Z", actor="wang", command="apt install a")
    second = transaction("apt", at, ["b"], ended="2026-01-15T08:00:04Z", actor="wang", command="apt install b")
    joined = {"tool": "apt", "started": at, "ended": "2026-01-15T08:00:09Z", "actor": "wang", "packages": ["a", "b"]}
    assert latest([first, second]) == [joined]
    assert latest([first, {**second, "actor": "li"}]) == [{k: v for k, v in joined.items() if k != "actor"}]
    assert "ended" not in latest([first, transaction("apt", at, ["b"])])[0], "one was broken off"
    assert latest([first, first]) == [first], "a log and its packed copy"
