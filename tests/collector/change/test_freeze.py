"""Freezes and collisions: when nothing is done, and which plans meet."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collector.change.freeze import Freeze, colliding, forbidding
from collector.change.record import ChangeType, State, Window
from tests.collector.change.written import DB1, change, hours, line

YEAR_END = Freeze("year end", Window(hours(22), hours(30)), frozenset({"network"}))


@pytest.mark.parametrize(
    ("window", "classes", "is_forbidden"),
    [
        ((20, 22), {"network"}, True),
        ((20, 21.9), {"network"}, False),
        ((25, 26), {"server", "network"}, True),
        ((25, 26), {"server"}, False),
        ((30, 31), {"network"}, True),
    ],
)
def test_a_freeze_forbids_windows_that_meet_it_on_its_classes(
    window: tuple[float, float], classes: set[str], is_forbidden: bool
) -> None:
    of = replace(change(line(), window=window), ci_classes=frozenset(classes))
    assert forbidding([YEAR_END], of) == ((YEAR_END,) if is_forbidden else ())


def test_a_freeze_of_no_class_is_of_all_and_an_emergency_waits_for_none() -> None:
    of_all = replace(YEAR_END, ci_classes=frozenset())
    assert forbidding([of_all], change(line())) == (of_all,)
    assert forbidding([of_all], change(line(), kind=ChangeType.EMERGENCY)) == ()
    assert forbidding([of_all], replace(change(line()), plan=None)) == ()


def test_plans_collide_on_one_ci_at_one_time() -> None:
    ours = change(line(), number="C1")
    same = change(line(), window=(22, 23), number="C2")
    others = [
        ours, same, change(line(), window=(22.1, 23), number="C3"), change(line(ci_id=DB1), number="C4"),
        replace(same, number="C5", state=State.CANCELLED), replace(same, number="C6", plan=None),
    ]  # fmt: skip
    assert colliding(ours, others) == (same,)
