"""Findings: one cause, one row."""

from __future__ import annotations

from collector.finding import plan
from collector.model import Drift, OpenFinding, Path

A, B = Path("packages", "a|amd64"), Path("users", "b")


def item(path: Path, lo: int, hi: int) -> Drift:
    return Drift(path, None, None, {"x": 1}, lo, hi)


def test_drift_of_one_observation_is_one_new_finding() -> None:
    drifts = (item(A, 100, 200), item(B, 90, 200))
    assert plan([], drifts, frozenset()).new == drifts


def test_drift_whose_bracket_overlaps_joins_the_finding_that_is_open() -> None:
    done = plan([OpenFinding(7, 100, 200, frozenset({A}))], [item(B, 150, 260)], frozenset())
    assert (done.new, dict(done.joined)) == ((), {7: (item(B, 150, 260),)})


def test_drift_after_the_bracket_is_another_cause() -> None:
    done = plan([OpenFinding(7, 100, 200, frozenset({A}))], [item(B, 200, 260)], frozenset())
    assert (done.new, dict(done.joined)) == ((item(B, 200, 260),), {})


def test_the_same_path_moving_again_stays_in_its_finding() -> None:
    done = plan([OpenFinding(7, 100, 200, frozenset({A}))], [item(A, 900, 950)], frozenset())
    assert dict(done.joined) == {7: (item(A, 900, 950),)}


def test_a_finding_closes_when_its_last_open_item_is_back() -> None:
    done = plan([OpenFinding(7, 100, 200, frozenset({A}))], [], frozenset({A}))
    assert (done.settled, done.closed) == ({7: frozenset({A})}, frozenset({7}))


def test_a_finding_with_something_still_open_stays() -> None:
    done = plan([OpenFinding(7, 100, 200, frozenset({A, B}))], [], frozenset({A}))
    assert (done.settled, done.closed) == ({7: frozenset({A})}, frozenset())


def test_nothing_moved_is_an_empty_plan() -> None:
    assert plan([OpenFinding(7, 100, 200, frozenset({A}))], [], frozenset({B})).is_empty
