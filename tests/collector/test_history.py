"""History: two bodies of one lane → the steps between them."""

from __future__ import annotations

from pathlib import Path as File

from hypothesis import given
from hypothesis import strategies as st

from collector import governance, history
from collector.governance import Policy
from collector.history import Bracket
from collector.model import Govern, Path

TABLE = governance.load(File(__file__).parents[2] / "rules" / "attributes.yaml")
BRACKET = Bracket(lo=100, hi=200)


def entries(section: str, body: object) -> dict[str, object]:
    return history.entries(section, body, TABLE.policy(section))  # type: ignore[arg-type]


def test_a_record_is_kept_field_by_field_and_its_volatile_fields_are_not() -> None:
    assert entries("os", {"name": "Debian", "booted_at": "2026-01-01T00:00:00Z"}) == {"name": "Debian"}


def test_an_element_is_kept_under_its_key_without_repeating_it() -> None:
    assert entries("packages", [{"name": "bash", "arch": "amd64", "version": "5.2"}]) == {
        "bash|amd64": {"version": "5.2"}
    }


def test_measurements_are_never_history() -> None:
    assert entries("health", [{"metric": "load1", "instance": "", "value": 0.5}]) == {}


def test_a_step_says_old_new_and_between_when() -> None:
    (step,) = history.steps("os", {"version": "12"}, {"version": "13"}, BRACKET, complete=True, cause="world")
    assert (step.path, step.old, step.new, step.lo, step.hi) == (Path("os", "version"), "12", "13", 100, 200)


def test_what_is_not_in_a_complete_section_is_gone() -> None:
    (step,) = history.steps("users", {"eve": {}}, {}, BRACKET, complete=True, cause="world")
    assert (step.path.key, step.new) == ("eve", None)


def test_an_incomplete_section_takes_nothing_away() -> None:
    assert history.steps("users", {"eve": {}}, {}, BRACKET, complete=False, cause="world") == ()


_lane = st.dictionaries(st.text(max_size=4), st.integers(0, 3) | st.text(max_size=3), max_size=8)


@given(_lane, _lane)
def test_the_steps_carry_the_old_body_into_the_new_one(before: dict[str, object], after: dict[str, object]) -> None:
    moved = history.steps("x", before, after, BRACKET, complete=True, cause="world")
    replayed = dict(before)
    for step in moved:
        assert step.old == before.get(step.path.key)
        if step.new is None:
            del replayed[step.path.key]
        else:
            replayed[step.path.key] = step.new
    assert replayed == after


@given(_lane)
def test_nothing_moved_means_no_step(body: dict[str, object]) -> None:
    assert history.steps("x", body, dict(body), BRACKET, complete=True, cause="world") == ()


def test_a_section_the_table_does_not_name_is_informational() -> None:
    assert TABLE.policy("new_section") == Policy(Govern.INFORMATIONAL)
