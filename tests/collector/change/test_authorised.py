"""The authorised lane in the order of time, whatever order the work on its fields was over in."""

from __future__ import annotations

from collector.change.authorised import Basis, Move, in_time

ROOT = {"shell": "/bin/bash", "gid": 0}


def move(value: object, at: int, reference: str) -> Move:
    return Move(value, at, Basis.CHANGE, reference)


def test_two_fields_that_moved_at_one_time_are_one_move_to_what_they_came_to() -> None:
    gid = move({"shell": "/bin/bash", "gid": 1}, 5, "C1")
    both = move({"shell": "/bin/zsh", "gid": 1}, 5, "C1")
    assert in_time(ROOT, [gid, both]) == (both,)


def test_what_was_seen_first_moves_first_although_its_work_was_over_last() -> None:
    short_work = move({"shell": "/bin/bash", "gid": 1}, 20, "short")
    long_work = move({"shell": "/bin/zsh", "gid": 1}, 10, "long")
    assert in_time(ROOT, [short_work, long_work]) == (
        move({"shell": "/bin/zsh", "gid": 0}, 10, "long"),
        move({"shell": "/bin/zsh", "gid": 1}, 20, "short"),
    )


def test_an_element_that_comes_and_goes_and_a_record_move_as_a_whole() -> None:
    assert in_time(None, [move(ROOT, 1, "C1"), move(None, 2, "C2")]) == (move(ROOT, 1, "C1"), move(None, 2, "C2"))
    assert in_time("A", [move("B", 1, "C1"), move("C", 2, "C2")]) == (move("B", 1, "C1"), move("C", 2, "C2"))
