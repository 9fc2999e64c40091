"""Filing: which finding an item belongs to, and what a finding comes to."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from collector.change.filing import Filed, Open, file, head
from collector.change.matching import Judgement
from collector.change.track import Judged
from collector.model import Path, Value, Verdict
from tests.collector.change.written import hours, item

A, B = Path("packages", "a|amd64"), Path("users", "b")
PENDING = Judgement(Verdict.PENDING)


def judged(path: Path, lo: float, hi: float, new: Value = "2", verdict: Verdict = Verdict.PENDING) -> Judged:
    return Judged(item(new, lo, hi, path), Judgement(verdict))


def test_items_of_one_time_in_one_lane_are_one_new_finding() -> None:
    one, other = judged(A, 1, 2), judged(B, 0.9, 2)
    ((first, second),) = file([one, other], [], []).new
    assert {first, second} == {one, other}


def test_an_item_whose_bracket_overlaps_joins_the_finding_that_is_open() -> None:
    late = judged(B, 1.5, 2.6)
    done = file([late], [], [home(judged(A, 1, 2))])
    assert (done.put, done.new) == ((Filed(7, late),), ())


def test_what_moved_after_the_bracket_is_another_cause() -> None:
    late = judged(B, 2, 2.6)
    done = file([late], [], [Open(7, {"snmp": (0, late.item.lo)})])
    assert (done.put, done.new) == ((), ((late,),))


def home(*items: Judged, number: int = 7) -> Open:
    """Return an open finding with these items, all of which wait."""
    brackets: dict[str, list[int]] = {}
    for each in items:
        brackets.setdefault(each.item.source, []).extend((each.item.lo, each.item.hi))
    lanes = {source: (min(times), max(times)) for source, times in brackets.items()}
    return Open(number, lanes, tuple(each.item for each in items))


def put_back(each: Judged, at: float) -> Judged:
    return replace(each, judgement=Judgement(Verdict.REVERTED, closed_at=hours(at)))


def test_a_value_that_moves_again_stays_in_its_finding() -> None:
    first, again = judged(A, 1, 2), judged(A, 9, 9.5, "3")
    assert file([first, again], [Filed(7, first)], [home(first)]).put == (Filed(7, again),)
    assert file([first, again], [], []).new == ((first, again),)


def test_a_value_that_was_put_back_before_it_moves_again_is_another_finding_in_one_look_as_in_two() -> None:
    first, again = put_back(judged(A, 1, 2), 3), judged(A, 9, 9.5, "3")
    assert file([first, again], [], []).new == ((first,), (again,))
    done = file([first, again], [Filed(7, judged(A, 1, 2))], [home(judged(A, 1, 2))])
    assert (done.put, done.new) == ((Filed(7, first),), ((again,),))


def test_a_waiver_is_of_what_a_finding_shows_and_takes_no_other_value_nor_what_moves_beside_it() -> None:
    first, other, beside = judged(A, 1, 2), judged(A, 9, 9.5, "3"), judged(B, 1.5, 2.6)
    waived = replace(home(first), is_waived=True)
    for late in (other, beside):
        done = file([first, late], [Filed(7, first)], [waived])
        assert (done.put, done.new) == ((), ((late,),))


def test_what_a_waiver_is_of_stays_in_it_when_it_is_shown_again_or_its_time_is_known_better() -> None:
    first, again, closer = judged(A, 1, 2), judged(A, 9, 9.5), judged(A, 1, 1.5)
    waived = replace(home(first), is_waived=True)
    assert file([first, again], [Filed(7, first)], [waived]).put == (Filed(7, again),)
    done = file([closer], [Filed(7, first)], [waived])
    assert (done.put, done.gone, done.new) == ((Filed(7, closer),), (Filed(7, first),), ())


def test_what_was_folded_into_another_value_is_no_longer_what_the_waiver_is_of() -> None:
    half, net = judged(A, 1, 2, "half", Verdict.IN_PROGRESS), judged(A, 1, 3, "done", Verdict.VARIANCE)
    done = file([net], [Filed(7, half)], [replace(home(half), is_waived=True)])
    assert (done.put, done.gone, done.new) == ((), (Filed(7, half),), ((net,),))


def test_what_widens_a_finding_lets_the_next_one_of_its_time_in_whatever_comes_in_one_look() -> None:
    first, wide, last = judged(A, 1, 2), judged(B, 1.5, 3), judged(Path("users", "c"), 2, 3)
    assert file([first, wide, last], [], []).new == ((first, wide, last),)
    assert file([first, wide, last], [Filed(7, first)], [home(first)]).put == (Filed(7, wide), Filed(7, last))


def of_agent(each: Judged) -> Judged:
    return replace(each, item=replace(each.item, source="agent"))


def filed(*looks: tuple[Judged, ...]) -> set[frozenset[Judged]]:
    """Return which items are one finding after these looks, all of which wait; told one after the other."""
    homes: dict[int, list[Judged]] = {}
    for look in looks:
        stood = [Filed(number, each) for number, its in homes.items() for each in its]
        openings = [home(*its, number=number) for number, its in homes.items()]
        done = file([*(each.judged for each in stood), *look], stood, openings)
        for each in done.put:
            homes[each.finding_id].append(each.judged)
        for its in done.new:
            homes[len(homes) + 1] = list(its)
    return {frozenset(its) for its in homes.values()}


def test_what_two_sources_show_is_one_finding_whoever_is_first_and_however_it_is_told() -> None:
    mine, also_mine = judged(A, 1, 2), judged(B, 0.9, 2)
    theirs, also_theirs = of_agent(judged(A, 0, 5)), of_agent(judged(Path("os", "version"), 0, 5))
    one = {frozenset({mine, also_mine, theirs, also_theirs})}
    assert filed((mine, also_mine), (also_theirs, theirs)) == one
    assert filed((also_theirs, theirs), (also_mine, mine)) == one
    assert filed((mine, also_theirs, theirs, also_mine)) == one
    at_once = replace(theirs, item=replace(theirs.item, hi=mine.item.hi))
    assert filed((mine, at_once)) == {frozenset({mine, at_once})}


def test_what_shows_the_same_is_in_one_finding_however_random_looks_come() -> None:
    for seed in range(300):
        chance = random.Random(seed)
        looks = []
        for source in ("agent", "snmp", "redfish"):
            for at in sorted(chance.sample(range(2, 12), chance.randint(1, 3))):
                paths = chance.sample([A, B, Path("os", "version")], chance.randint(1, 3))
                its = [judged(each, at - chance.randint(1, 3), at, chance.choice("23")) for each in paths]
                looks.append(tuple(replace(each, item=replace(each.item, source=source)) for each in its))
        chance.shuffle(looks)
        homes: dict[tuple[Path, Value], set[frozenset[Judged]]] = {}
        for finding in filed(*looks):
            for each in finding:
                homes.setdefault((each.item.path, each.item.new), set()).add(finding)
        assert all(len(those) == 1 for those in homes.values()), f"history {seed}"


def test_what_work_came_to_goes_to_what_another_source_shows_of_it() -> None:
    half, net = judged(A, 1, 2, "half", Verdict.IN_PROGRESS), judged(A, 1, 3, "done", Verdict.VARIANCE)
    theirs = of_agent(judged(A, 0, 5, "done", Verdict.VARIANCE))
    done = file([net, theirs], [Filed(7, half), Filed(8, theirs)], [home(half), home(theirs, number=8)])
    assert (done.put, done.gone) == ((Filed(8, net),), (Filed(7, half),))


def test_another_value_in_another_lane_is_another_finding() -> None:
    mine, theirs = judged(A, 1, 2), of_agent(judged(A, 0, 5, "3"))
    assert filed((mine,), (theirs,)) == filed((theirs,), (mine,)) == {frozenset({mine}), frozenset({theirs})}


def test_what_another_source_shows_of_a_waived_finding_is_let_off_with_it() -> None:
    first, again = judged(A, 1, 2), of_agent(judged(A, 0, 5))
    waived = replace(home(first), is_waived=True)
    assert file([first, again], [Filed(7, first)], [waived]).put == (Filed(7, again),)


def test_what_was_put_back_before_another_source_showed_it_is_another_finding() -> None:
    first, late = put_back(judged(A, 1, 2), 3), of_agent(judged(A, 0, 5))
    assert file([first, late], [], []).new == ((first,), (late,))


def test_another_lane_is_another_finding() -> None:
    late = judged(B, 1.5, 2.6)
    other = replace(judged(B, 1, 2.6, "3").item, source="agent")
    assert file([late], [], [Open(7, {"agent": (other.lo, other.hi)}, (other,))]).new == ((late,),)


def test_an_item_that_is_as_it_stood_is_not_written_again() -> None:
    one = judged(A, 1, 2)
    assert file([one], [Filed(7, one)], []).is_empty


def test_an_item_that_is_judged_otherwise_stays_in_its_finding() -> None:
    one = judged(A, 1, 2)
    now = replace(one, judgement=Judgement(Verdict.UNAPPROVED))
    assert file([now], [Filed(7, one)], []).put == (Filed(7, now),)


def test_what_was_folded_into_its_net_effect_is_gone_and_the_net_effect_takes_its_place() -> None:
    half, net = judged(A, 1, 2, "half", Verdict.IN_PROGRESS), judged(A, 1, 3, "done", Verdict.VERIFIED)
    done = file([net], [Filed(7, half)], [home(half)])
    assert (done.put, done.gone, done.new) == ((Filed(7, net),), (Filed(7, half),), ())


def test_what_was_reverted_or_accepted_stays_though_its_course_comes_to_nothing() -> None:
    for verdict in (Verdict.REVERTED, Verdict.ACCEPTED):
        assert file([], [Filed(7, judged(A, 1, 2, verdict=verdict))], []).is_empty


def test_what_approved_work_did_is_gone_once_the_same_work_undid_it() -> None:
    done = Filed(7, judged(A, 1, 2, verdict=Verdict.VERIFIED))
    assert file([], [done], []).gone == (done,)


def test_when_a_final_item_closed_is_no_difference() -> None:
    one = judged(A, 1, 2, verdict=Verdict.VERIFIED)
    stood = replace(one, judgement=replace(one.judgement, closed_at=99))
    assert file([one], [Filed(7, stood)], []).is_empty


@pytest.mark.parametrize(
    ("verdicts", "gravest"),
    [
        ([Verdict.VERIFIED, Verdict.UNAPPROVED], Verdict.UNAPPROVED),
        ([Verdict.PENDING, Verdict.IN_PROGRESS], Verdict.PENDING),
        ([Verdict.REVERTED, Verdict.VERIFIED], Verdict.REVERTED),
    ],
)
def test_a_finding_says_the_gravest_of_its_verdicts(verdicts: list[Verdict], gravest: Verdict) -> None:
    assert head([(verdict, 1, 2, None, 3) for verdict in verdicts]).verdict is gravest


def test_a_finding_is_open_while_one_of_its_items_is() -> None:
    assert head([(Verdict.VERIFIED, 1, 2, None, 3), (Verdict.PENDING, 1, 5, 9, None)]).closed_at is None
    assert head([(Verdict.VERIFIED, 1, 2, None, 3), (Verdict.REVERTED, 1, 5, None, 8)]).closed_at == 8


def test_the_first_clock_that_ends_is_the_clock_of_the_finding() -> None:
    assert head([(Verdict.PENDING, 1, 5, 9, None), (Verdict.PENDING, 1, 2, 7, None)]).due_at == 7
