"""Drift: only the world moving away from what is authorised."""

from __future__ import annotations

from pathlib import Path as File

from collector import drift, governance
from collector.model import Path, Step, Value

TABLE = governance.load(File(__file__).parents[2] / "rules" / "attributes.yaml")
BASH = Path("packages", "bash|amd64")


def step(path: Path, old: Value, new: Value, cause: str = "world") -> Step:
    return Step(path, old, new, lo=100, hi=200, cause=cause)


def test_a_controlled_value_that_moved_is_drift_with_its_bracket() -> None:
    (item,) = drift.compare([step(BASH, {"version": "1"}, {"version": "2"})], {BASH: {"version": "1"}}, TABLE).drifts
    assert (item.authorised, item.old, item.new) == ({"version": "1"}, {"version": "1"}, {"version": "2"})
    assert (item.lo, item.hi) == (100, 200)


def test_something_new_was_authorised_to_be_absent() -> None:
    (item,) = drift.compare([step(BASH, None, {"version": "1"})], {}, TABLE).drifts
    assert item.authorised is None


def test_something_that_vanished_is_drift() -> None:
    (item,) = drift.compare([step(BASH, {"version": "1"}, None)], {BASH: {"version": "1"}}, TABLE).drifts
    assert item.new is None


def test_what_returns_to_its_authorised_value_settles() -> None:
    compared = drift.compare([step(BASH, {"version": "2"}, {"version": "1"})], {BASH: {"version": "1"}}, TABLE)
    assert (compared.drifts, compared.settled) == ((), frozenset({BASH}))


def test_a_new_revision_of_our_own_reader_never_drifts() -> None:
    assert not drift.compare([step(BASH, {"version": "1"}, {"version": "1-0"}, "revision")], {}, TABLE).moved


def test_the_first_sight_of_a_section_never_drifts() -> None:
    assert not drift.compare([step(BASH, None, {"version": "1"}, "first")], {}, TABLE).moved


def test_an_informational_field_of_a_controlled_element_may_move() -> None:
    path = Path("services", "ssh.service")
    was, now = {"enabled": "enabled", "state": "running"}, {"enabled": "enabled", "state": "stopped"}
    assert drift.compare([step(path, was, now)], {path: was}, TABLE).drifts == ()


def test_a_port_the_kernel_chose_for_itself_may_come_and_go() -> None:
    path = Path("listening_ports", "tcp|127.0.0.1|40001")
    assert drift.compare([step(path, None, {"transient": True})], {}, TABLE).drifts == ()
    assert drift.compare([step(path, None, {"executable": "/opt/x"})], {}, TABLE).drifts != ()


def test_an_informational_section_never_drifts() -> None:
    path = Path("routes", "0.0.0.0/0|10.0.0.1|eth0")
    assert drift.compare([step(path, None, {"metric": 100})], {}, TABLE).drifts == ()


def test_a_second_move_away_is_drift_again() -> None:
    (item,) = drift.compare([step(BASH, {"version": "2"}, {"version": "3"})], {BASH: {"version": "1"}}, TABLE).drifts
    assert (item.authorised, item.new) == ({"version": "1"}, {"version": "3"})
