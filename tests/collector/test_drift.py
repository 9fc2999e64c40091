"""Drift: which steps are of controlled values."""

from __future__ import annotations

from pathlib import Path as File

from collector import drift, governance
from collector.model import Path, Step, Value

TABLE = governance.load(File(__file__).parents[2] / "rules" / "attributes.yaml")
BASH = Path("packages", "bash|amd64")


def moved(path: Path, old: Value, new: Value, cause: str = "world") -> dict[Path, int]:
    return drift.moved([Step(path, old, new, lo=100, hi=200, cause=cause)], TABLE)


def test_a_controlled_value_that_moved_is_told_with_when_it_was_last_as_before() -> None:
    assert moved(BASH, {"version": "1"}, {"version": "2"}) == {BASH: 100}


def test_what_came_and_what_went_moved() -> None:
    assert moved(BASH, None, {"version": "1"})
    assert moved(BASH, {"version": "1"}, None)


def test_of_several_steps_of_one_value_the_first_tells_since_when() -> None:
    steps = [Step(BASH, {"version": "1"}, {"version": "2"}, 100, 200), Step(BASH, {"version": "2"}, None, 250, 300)]
    assert drift.moved(steps, TABLE) == {BASH: 100}


def test_the_first_sight_of_a_section_moved_nothing() -> None:
    assert not moved(BASH, None, {"version": "1"}, "first")


def test_what_was_taken_back_as_wrong_moved_nothing() -> None:
    assert not moved(BASH, {"version": "1"}, None, "correction")


def test_a_new_revision_of_our_own_reader_concerns_what_is_authorised() -> None:
    assert moved(BASH, {"version": "1"}, {"version": "1-0"}, "revision")


def test_an_informational_field_of_a_controlled_element_may_move() -> None:
    was, now = {"enabled": "enabled", "state": "running"}, {"enabled": "enabled", "state": "stopped"}
    assert not moved(Path("services", "ssh.service"), was, now)


def test_a_port_the_kernel_chose_for_itself_may_come_and_go() -> None:
    path = Path("listening_ports", "tcp|127.0.0.1|40001")
    assert not moved(path, None, {"transient": True})
    assert moved(path, None, {"executable": "/opt/x"})


def test_an_informational_section_never_drifts() -> None:
    assert not moved(Path("routes", "0.0.0.0/0|10.0.0.1|eth0"), None, {"metric": 100})
