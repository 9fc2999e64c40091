"""Retirement: whose misses count in a run, what they come to, and what is done with a CI that was missed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.model import CiState
from collector.retirement import AT_ONCE, Move, Phase, RunVerdict, Scope, Sight, Standing, Tally, count, step
from collector.retirement_policy import DAY_MS, Guard, Terms

GUARD = Guard(10, 0.03)
HERE, THERE = Scope(1, "192.0.2.0/24"), Scope(1, "198.51.100.0/24")
USUAL = Terms(7, 10 * DAY_MS)
ARCHIVE = 400 * DAY_MS


def there(ci_id: int, where: Scope = HERE) -> Sight:
    return Sight(ci_id, 100, frozenset({where}), frozenset({where}))


def gone(ci_id: int, where: Scope = HERE, **more: int | bool) -> Sight:
    return Sight(ci_id, 100, frozenset({where}), **more)  # type: ignore[arg-type]


def missed(*sights: Sight, is_believed: bool = False) -> list[int]:
    return [each.ci_id for each in count(sights, GUARD, is_believed).missed]


# --- whose misses count


def test_a_miss_counts_when_the_same_probe_reached_a_canary_in_that_scope_in_that_run() -> None:
    assert missed(there(1), gone(2)) == [2]


def test_a_canary_in_another_scope_proves_nothing_of_this_one() -> None:
    assert missed(there(1, THERE), gone(2), gone(3)) == []


def test_a_canary_of_another_probe_proves_nothing_of_this_one() -> None:
    assert missed(there(1, Scope(2, HERE.network)), gone(2), gone(3)) == []


def test_what_is_alone_in_its_scope_counts_when_its_probe_reached_anything_in_the_run() -> None:
    assert missed(there(1, THERE), gone(2)) == [2]
    assert missed(there(1, Scope(2, THERE.network)), gone(2)) == []


def test_a_ci_at_two_addresses_is_missed_only_where_both_scopes_are_healthy() -> None:
    both = Sight(2, 100, frozenset({HERE, THERE}))
    assert missed(there(1), both, gone(4, THERE), there(5)) == []
    assert missed(there(1), both, there(3, THERE)) == [2]


def test_what_answers_at_one_of_its_addresses_is_there() -> None:
    half = Sight(2, 100, frozenset({HERE, THERE}), frozenset({THERE}))
    assert missed(there(1), half) == []


def test_what_another_source_saw_is_there_and_no_canary_of_this_probe() -> None:
    assert missed(there(1), gone(2, seen=True)) == []
    assert missed(gone(2, seen=True), gone(3)) == []


# --- the mass guard


@pytest.mark.parametrize(
    ("looked", "lost", "verdict"),
    [(100, 10, "counted"), (100, 11, "quarantined"), (1000, 30, "counted"), (1000, 31, "quarantined"),
     (3, 2, "counted"), (3, 3, "quarantined"), (1, 1, "quarantined")],
)  # fmt: skip
def test_more_than_ten_or_three_percent_of_a_scope_or_all_of_it_is_quarantined(
    looked: int, lost: int, verdict: str
) -> None:
    sights = [gone(each) if each < lost else there(each) for each in range(looked)]
    counted = count(sights, GUARD)
    assert (counted.verdict, counted.gone, counted.looked) == (verdict, lost, looked)
    assert len(counted.missed) == (lost if verdict == "counted" else 0), "in quarantine no miss counts"


def test_what_was_missed_before_is_not_newly_gone() -> None:
    old = [gone(each, misses=3) for each in range(20)]
    counted = count([*old, gone(20), there(21)], GUARD)
    assert (counted.verdict, counted.gone, len(counted.missed)) == ("counted", 1, 21)


def test_what_an_approved_change_lets_go_is_no_mass_disappearance() -> None:
    moved = [gone(each, awaited=True) for each in range(20)]
    assert count([*moved, there(21)], GUARD).verdict is RunVerdict.COUNTED


def test_a_run_that_a_person_believes_counts_in_whole() -> None:
    assert missed(gone(1), gone(2), is_believed=True) == [1, 2]


def _brute(sights: Sequence[Sight]) -> set[int]:
    """Return whose misses count, by the sentences of the specification, one after the other."""
    lost = [each for each in sights if not each.reached and not each.seen]
    new = [each for each in lost if each.misses == 0 and not each.awaited]
    if new and (len(lost) == len(sights) or (len(new) > 10 and len(new) * 100 > 3 * len(sights))):
        return set()
    counted = set()
    for each in lost:
        fine = True
        for scope in each.scopes:
            others = [other for other in sights if other.ci_id != each.ci_id and scope in other.scopes]
            near = any(scope in other.reached for other in others)
            anywhere = any(place.probe == scope.probe for other in sights for place in other.reached)
            fine = fine and (near if others else anywhere)
        if fine:
            counted.add(each.ci_id)
    return counted


_SCOPES = st.sampled_from([Scope(probe, network) for probe in (1, 2) for network in ("a", "b", "c")])


@st.composite
def runs(draw: st.DrawFn) -> list[Sight]:
    sights = []
    for ci_id in range(draw(st.integers(1, 30))):
        scopes = draw(st.frozensets(_SCOPES, min_size=1, max_size=2))
        reached = draw(st.sampled_from([frozenset(), scopes, frozenset(sorted(scopes)[:1])]))
        misses = draw(st.sampled_from([0, 0, 0, 4]))
        seen, awaited = draw(st.sampled_from([(False, False)] * 4 + [(True, False), (False, True)]))
        sights.append(Sight(ci_id, 100, scopes, reached, seen, misses, awaited))
    return sights


@given(runs())
def test_any_run_counts_what_the_sentences_say(sights: list[Sight]) -> None:
    counted = count(sights, GUARD)
    assert {each.ci_id for each in counted.missed} == _brute(sights)
    assert {each.ci_id for each in counted.there} == {each.ci_id for each in sights if each.reached or each.seen}
    assert count(sights[::-1], GUARD).verdict is counted.verdict


SHORT = Terms(3, 4 * DAY_MS)
History = list[list[bool]]
"""A run a day: whether each CI answered."""


def _looked(history: History, day: int, misses: Sequence[int]) -> list[Sight]:
    """Return what the run of one day saw, given the misses before it."""
    here, nowhere = frozenset({HERE}), frozenset[Scope]()
    return [
        Sight(ci_id, day * DAY_MS, here, here if answers else nowhere, misses=misses[ci_id])
        for ci_id, answers in enumerate(history[day])
    ]


def _lost_by_steps(history: History) -> list[int]:
    """Return on which day each CI is missing first (-1: never), run by run, as the pipeline goes."""
    tallies: dict[int, Tally] = {}
    lost = [-1] * len(history[0])
    for day in range(len(history)):
        misses = [tallies[each].misses if each in tallies else 0 for each in range(len(lost))]
        counted = count(_looked(history, day, misses), Guard(2, 0.1))
        for each in counted.there:
            tallies.pop(each.ci_id, None)
        for each in counted.missed:
            before = tallies.get(each.ci_id, Tally(0, each.at, 0))
            tallies[each.ci_id] = Tally(before.misses + 1, before.first_at, each.at)
            if tallies[each.ci_id].state(SHORT) is CiState.MISSING and lost[each.ci_id] < 0:
                lost[each.ci_id] = day
    return lost


def _lost_by_history(history: History) -> list[int]:
    """Return the same, each day from the whole history before it."""

    def counted_days(ci_id: int, until: int) -> list[int]:
        answered = max((day for day in range(until) if history[day][ci_id]), default=-1)
        return [day for day in range(answered + 1, until) if not history[day][ci_id] and is_fine(day)]

    def is_fine(day: int) -> bool:
        silent = [each for each, answers in enumerate(history[day]) if not answers]
        new = [each for each in silent if not counted_days(each, day)]
        return len(silent) < len(history[day]) and len(new) <= max(2, 0.1 * len(history[day]))

    def first(ci_id: int) -> int:
        for day in range(len(history)):
            days = counted_days(ci_id, day + 1)
            if days and days[-1] == day and len(days) >= 3 and days[-1] - days[0] >= 4:
                return day
        return -1

    return [first(each) for each in range(len(history[0]))]


@given(st.integers(1, 5).flatmap(
    lambda width: st.lists(st.lists(st.sampled_from([True, True, False]), min_size=width, max_size=width),
                           min_size=1, max_size=9)
))  # fmt: skip
def test_over_any_days_a_ci_is_missing_when_its_history_says_so(history: History) -> None:
    assert _lost_by_steps(history) == _lost_by_history(history)


# --- stages


def state(misses: int, days: float, terms: Terms = USUAL) -> CiState:
    return Tally(misses, 0, int(days * DAY_MS)).state(terms)


def test_missing_needs_seven_misses_and_ten_days() -> None:
    assert state(1, 0) is CiState.UNREACHABLE
    assert state(7, 9.9) is CiState.UNREACHABLE, "enough misses, not long enough"
    assert state(6, 30) is CiState.UNREACHABLE, "long enough, too few misses"
    assert state(7, 10) is CiState.MISSING


def test_what_an_approved_change_lets_go_needs_one_miss() -> None:
    assert state(1, 0, AT_ONCE) is CiState.MISSING


def standing(phase: Phase, misses: int = 7, days: int = 10, seen_at: int = -1, **more: object) -> Standing:
    its = {"state": CiState.MISSING, **more}
    return Standing(phase=phase, tally=Tally(misses, 0, days * DAY_MS), terms=USUAL, seen_at=seen_at, **its)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("each", "move"),
    [
        (standing(Phase.MISSED, 1, 0, state=CiState.ACTIVE), Move.DOUBT),
        (standing(Phase.MISSED, 2, 1, state=CiState.UNREACHABLE), Move.NOTHING),
        (standing(Phase.MISSED, state=CiState.UNREACHABLE), Move.LOSE),
        (standing(Phase.MISSED, seen_at=11 * DAY_MS), Move.RECOVER),
        (standing(Phase.GONE), Move.NOTHING),
        (standing(Phase.GONE, is_let_go=True), Move.RETIRE),
        (standing(Phase.GONE, seen_at=11 * DAY_MS), Move.RETURN),
        (standing(Phase.RETIRED, state=CiState.RETIRED, is_let_go=True), Move.NOTHING),
        (standing(Phase.RETIRED, state=CiState.RETIRED, retired_at=-ARCHIVE, is_let_go=True), Move.ARCHIVE),
        (standing(Phase.RETIRED, state=CiState.ARCHIVED, retired_at=-ARCHIVE, is_let_go=True), Move.NOTHING),
        (standing(Phase.RETIRED, state=CiState.ARCHIVED, seen_at=11 * DAY_MS, is_let_go=True), Move.RETURN),
        (standing(Phase.BACK, 0, 0, state=CiState.RETIRED, is_let_go=True), Move.NOTHING),
        (standing(Phase.BACK, 0, 0, state=CiState.RETIRED), Move.REINSTATE),
        (standing(Phase.BACK, state=CiState.RETIRED, is_let_go=True), Move.LOSE),
    ],
)
def test_the_stages_are_gone_through_one_after_the_other(each: Standing, move: Move) -> None:
    assert step(each, 0 if each.retired_at else 12 * DAY_MS, ARCHIVE) is move


def test_nothing_but_an_approval_retires_however_long_it_is_gone() -> None:
    assert step(standing(Phase.GONE), 5000 * DAY_MS, ARCHIVE) is Move.NOTHING
