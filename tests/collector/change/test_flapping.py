"""Flapping: three returns within a day; remedies are proposed, nothing is silenced."""

from __future__ import annotations

import itertools

import pytest

from collector.change.flapping import PROPOSAL_MS, Remedy, flapping
from collector.model import Path, Step, Value
from tests.collector.change.written import hours

PATH = Path("interfaces", "e0")


def course(*values: Value, every: float = 1) -> list[Step]:
    """Return the steps from each value to the next, one every so many hours."""
    return [
        Step(PATH, old, new, hours(at * every), hours((at + 1) * every))
        for at, (old, new) in enumerate(itertools.pairwise(values))
    ]


def test_the_third_return_within_a_day_is_flapping() -> None:
    assert flapping(course("A", "B", "A", "B")) is None
    found = flapping(course("A", "B", "A", "B", "A"))
    assert found
    assert (found.path, found.flips, found.since, found.until) == (PATH, 3, hours(2), hours(4))


@pytest.mark.parametrize(
    "steps",
    [course("A", "B", "C", "D", "E", "F"), course("A", "B", "A", "B", "A", every=12), course("A"), []],
    ids=["onwards", "slowly", "never", "nothing"],
)
def test_what_moves_on_or_slowly_does_not_flap(steps: list[Step]) -> None:
    assert flapping(steps) is None


def test_what_flapped_once_is_still_told_after_it_moved_on() -> None:
    found = flapping([*course("A", "B", "A", "B", "A"), Step(PATH, "A", "C", hours(90), hours(91))])
    assert found
    assert found.until == hours(4)


def test_what_is_proposed_fits_the_value_and_ends() -> None:
    found = flapping(course(1, 2, 1, 2, 1))
    assert found
    assert found.remedies == (Remedy.MAKE_VOLATILE, Remedy.WIDEN_TOLERANCE, Remedy.RAISE_CONFIRM)
    assert found.holds_until == hours(4) + PROPOSAL_MS
    other = flapping(course("up", None, "up", None, "up"))
    assert other
    assert Remedy.WIDEN_TOLERANCE not in other.remedies
