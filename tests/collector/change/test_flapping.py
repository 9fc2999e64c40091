"""Flapping: three returns within a day; remedies are proposed, nothing is silenced."""

from __future__ import annotations

import itertools
from dataclasses import replace

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


def test_what_is_proposed_names_the_key_that_does_it() -> None:
    record = flapping([replace(each, path=Path("disks", "size_bytes")) for each in course(1, 2, 1, 2, 1)])
    assert record
    assert [record.key(each) for each in record.remedies] == [
        "disks.fields.size_bytes.level: volatile", "disks.fields.size_bytes.tolerance",
        "disks.fields.size_bytes.confirm: 2",
    ]  # fmt: skip
    one, other = {"mtu": 1500, "kind": "ethernet"}, {"mtu": 9000, "kind": "ethernet"}
    field = flapping(course(one, other, one, other, one))
    assert field
    assert [field.key(each) for each in field.remedies] == [
        "interfaces.fields.mtu.level: volatile", "interfaces.fields.mtu.tolerance", "interfaces.fields.mtu.confirm: 2",
    ]  # fmt: skip
    whole = flapping(course(one, None, one, None, one))
    assert whole
    assert [whole.key(each) for each in whole.remedies] == ["interfaces.default: volatile", "interfaces.confirm: 2"]


def test_a_second_look_is_not_proposed_where_it_is_asked_for_already() -> None:
    found = flapping(course("up", None, "up", None, "up"), needs=2)
    assert found
    assert found.remedies == (Remedy.MAKE_VOLATILE,)
