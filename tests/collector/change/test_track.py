"""The track of one value: squash inside a window, reverts, acceptances, epochs, lanes; and what is authorised."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collector.change.authorised import Basis, Move
from collector.change.epoch import Cause
from collector.change.matching import Flag
from collector.change.record import Change, ChangeType, Line
from collector.change.sighting import Sighting, confirmed
from collector.change.track import Acceptance, Followed, Track, follow
from collector.model import Path, Step, Value, Verdict
from tests.collector.change.written import SW1, VERSION, approved, change, exactly, hours, line

SSL = Path("packages", "ssl")


def step(
    old: Value, new: Value, lo: float, hi: float, *, source: str = "agent", cause: str = "world", path: Path = VERSION,
    seen: int = 1,
) -> Sighting:  # fmt: skip
    return Sighting(source, Step(path, old, new, hours(lo), hours(hi), cause), seen)


def follow_at(
    at: float, sightings: list[Sighting], *changes: Change, accepted: tuple[Acceptance, ...] = ()
) -> Followed:
    """Follow a track whose authorised value is what the first step left, at hour `at`."""
    first = sightings[0].step
    return follow(Track(SW1, first.path, first.old, tuple(sightings), accepted), changes, hours(at))


def agreed(*lines: Line, window: tuple[float, float] = (20, 22), number: str = "C1") -> Change:
    return approved(change(*lines, window=window, number=number), -48, -24)


def verdicts(followed: Followed) -> list[tuple[Value, Verdict]]:
    return [(each.item.new, each.judgement.verdict) for each in followed.items]


TO_C = agreed(line(expected=exactly("C")))


# --- the authorised value


def test_what_is_verified_becomes_authorised_from_when_it_was_seen() -> None:
    assert follow_at(40, [step("A", "C", 20, 21)], TO_C).moves == (Move("C", hours(21), Basis.CHANGE, "C1"),)


@pytest.mark.parametrize(
    "changes",
    [
        (),
        (agreed(line(expected=exactly("B"))),),
        (agreed(line(), window=(30, 31)),),
        (approved(change(line()), -48, 25),),
        (change(line()),),
        (agreed(line(Path("os", "name"))),),
    ],
    ids=["nothing", "another value", "another time", "approved late", "not approved", "another attribute"],
)
def test_without_cover_the_authorised_value_stays(changes: tuple[Change, ...]) -> None:
    followed = follow_at(40, [step("A", "C", 20, 21)], *changes)
    assert (followed.moves, len(followed.items)) == ((), 1)


def test_while_the_window_is_open_the_authorised_value_stays() -> None:
    followed = follow_at(21.5, [step("A", "C", 20, 21)], TO_C)
    assert (verdicts(followed), followed.moves) == ([("C", Verdict.IN_PROGRESS)], ())


def test_after_a_change_the_old_value_is_drift() -> None:
    followed = follow_at(60, [step("A", "C", 20, 21), step("C", "A", 40, 41)], TO_C)
    assert verdicts(followed) == [("C", Verdict.VERIFIED), ("A", Verdict.UNAPPROVED)]
    assert followed.items[1].item.authorised == "C"


@pytest.mark.parametrize(
    ("kind", "basis"), [(ChangeType.REQUEST, Basis.REQUEST), (ChangeType.EMERGENCY, Basis.EMERGENCY)]
)
def test_the_basis_names_what_kind_of_cover_it_was(kind: ChangeType, basis: Basis) -> None:
    covered = approved(change(line(), kind=kind, window=(20, 21), recorded=1), 2)
    assert [move.basis for move in follow_at(40, [step("A", "C", 20, 21)], covered).moves] == [basis]


# --- squash inside a window


def test_inside_a_window_only_the_net_effect_counts() -> None:
    work = [step("A", "half", 20, 20.5), step("half", "C", 20.5, 21)]
    followed = follow_at(40, work, TO_C)
    assert verdicts(followed) == [("C", Verdict.VERIFIED)]
    only = followed.items[0].item
    assert (only.old, only.lo, only.hi) == ("A", hours(20), hours(21))


def test_half_done_work_left_behind_is_a_variance_at_the_end_of_the_window() -> None:
    work = [step("A", "C", 20, 20.5), step("C", "half", 20.5, 21)]
    followed = follow_at(40, work, TO_C)
    assert (verdicts(followed), followed.moves) == ([("half", Verdict.VARIANCE)], ())


def test_to_and_fro_inside_a_window_is_nothing() -> None:
    assert follow_at(40, [step("A", "B", 20, 20.5), step("B", "A", 20.5, 21)], TO_C) == Followed((), ())


def test_what_moves_after_the_window_is_not_part_of_its_work() -> None:
    work = [step("A", "C", 20, 21), step("C", "D", 22.5, 23)]
    assert verdicts(follow_at(40, work, TO_C)) == [("C", Verdict.VERIFIED), ("D", Verdict.VARIANCE)]


def test_the_work_of_two_changes_is_judged_apart() -> None:
    other = agreed(line(expected=exactly("D")), number="C2")
    work = [step("A", "C", 20, 20.5), step("C", "D", 20.5, 21)]
    followed = follow_at(40, work, TO_C, other)
    assert [(each.item.new, each.judgement.change) for each in followed.items] == [("C", "C1"), ("D", "C2")]
    assert [move.value for move in followed.moves] == ["C", "D"]


def test_a_field_that_moved_before_its_element_went_is_part_of_its_going() -> None:
    gone = agreed(line(SSL, exactly(None)))
    work = [
        step({"version": "1"}, {"version": "2"}, 20, 20.5, path=SSL),
        step({"version": "2"}, None, 20.5, 21, path=SSL),
    ]
    followed = follow_at(40, work, gone)
    assert verdicts(followed) == [(None, Verdict.VERIFIED)]
    assert followed.items[0].item.old == {"version": "1"}


def test_a_field_that_moved_after_its_element_came_is_part_of_its_coming() -> None:
    come = agreed(line(SSL, exactly({"version": "2"})))
    work = [step(None, {"version": "1"}, 20, 20.5, path=SSL),
            step({"version": "1"}, {"version": "2"}, 20.5, 21, path=SSL)]  # fmt: skip
    followed = follow_at(40, work, come)
    assert verdicts(followed) == [({"version": "2"}, Verdict.VERIFIED)]
    assert [move.value for move in followed.moves] == [{"version": "2"}]


# --- back again


def test_what_returns_is_reverted_and_stays_counted() -> None:
    followed = follow_at(3, [step("A", "B", 0, 1), step("B", "A", 1, 2)])
    (only,) = followed.items
    assert (only.judgement.verdict, only.judgement.closed_at) == (Verdict.REVERTED, hours(2))
    assert only.judgement.due_at is None


def test_every_difference_on_the_way_is_an_item_and_all_are_reverted_together() -> None:
    way = [step("A", "B", 0, 1), step("B", "C", 1, 2), step("C", "A", 2, 3)]
    assert verdicts(follow_at(20, way)) == [("B", Verdict.REVERTED), ("C", Verdict.REVERTED)]


def test_what_was_reverted_before_its_emergency_was_recorded_left_what_the_record_says() -> None:
    covered = approved(change(line(expected=exactly("B")), window=(0.5, 0.5), recorded=3, kind=ChangeType.EMERGENCY), 4)
    followed = follow_at(20, [step("A", "B", 0, 1), step("B", "A", 1, 2)], covered)
    assert verdicts(followed) == [("B", Verdict.VERIFIED), ("A", Verdict.UNAPPROVED)]


# --- fields of elements


def test_fields_of_an_element_are_held_each_for_itself() -> None:
    upgrade = agreed(line(SSL, exactly("2"), field="version"))
    moved = [step({"version": "1", "arch": "a"}, {"version": "2", "arch": "b"}, 20, 21, path=SSL)]
    followed = follow_at(40, moved, upgrade)
    assert [(each.item.field, each.judgement.verdict) for each in followed.items] == [
        ("arch", Verdict.UNAPPROVED), ("version", Verdict.VERIFIED),
    ]  # fmt: skip
    assert [move.value for move in followed.moves] == [{"version": "2", "arch": "a"}]


def test_a_field_that_returns_is_reverted_while_another_stays_open() -> None:
    moved = [
        step({"version": "1", "arch": "a"}, {"version": "2", "arch": "b"}, 0, 1, path=SSL),
        step({"version": "2", "arch": "b"}, {"version": "1", "arch": "b"}, 1, 2, path=SSL),
    ]
    assert [(each.item.field, each.judgement.verdict) for each in follow_at(20, moved).items] == [
        ("arch", Verdict.UNAPPROVED), ("version", Verdict.REVERTED),
    ]  # fmt: skip


def test_a_field_of_an_element_nobody_approved_authorises_nothing() -> None:
    upgrade = agreed(line(SSL, field="version"))
    moved = [step(None, {"version": "1"}, 0, 1, path=SSL), step({"version": "1"}, {"version": "2"}, 20, 21, path=SSL)]
    assert follow_at(40, moved, upgrade).moves == ()


# --- a person decides


def test_an_accepted_item_is_authorised_with_its_decision() -> None:
    decision = Acceptance("agent", "", "B", hours(1), hours(12), "finding 7")
    moved = [step("A", "B", 0, 1)]
    assert verdicts(follow_at(11, moved, accepted=(decision,))) == [("B", Verdict.UNAPPROVED)]
    followed = follow_at(12, moved, accepted=(decision,))
    assert verdicts(followed) == [("B", Verdict.ACCEPTED)]
    assert followed.moves == (Move("B", hours(1), Basis.ACCEPTED, "finding 7"),)


@pytest.mark.parametrize("other", [{"new": "X"}, {"hi": hours(2)}, {"source": "snmp"}, {"field": "version"}])
def test_an_acceptance_is_bound_to_what_was_looked_at(other: dict[str, Value]) -> None:
    decision = replace(Acceptance("agent", "", "B", hours(1), hours(12), "finding 7"), **other)
    assert follow_at(20, [step("A", "B", 0, 1)], accepted=(decision,)).moves == ()


# --- our view is not the world


@pytest.mark.parametrize("cause", [Cause.FIRST, Cause.MERGE, Cause.LATE, Cause.REVISION])
def test_what_our_view_caused_is_never_an_item(cause: Cause) -> None:
    assert follow_at(40, [step("A", "B", 0, 1, cause=cause)]).items == ()


def test_a_new_reader_spells_the_authorised_value_anew_and_what_drifted_stays_open() -> None:
    respelt = follow_at(40, [step("A", "a", 0, 1, cause="revision"), step("a", "B", 2, 3)])
    assert respelt.moves == (Move("a", hours(1), Basis.CORRECTION, "agent"),)
    assert respelt.items[0].item.authorised == "a"
    drifted = follow_at(40, [step("A", "B", 0, 1), step("B", "b", 2, 3, cause="revision")])
    assert (verdicts(drifted), drifted.moves) == ([("B", Verdict.UNAPPROVED)], ())


def test_a_source_that_takes_over_with_another_value_is_no_item_but_what_moves_there_is() -> None:
    switched = [step(None, "B", 5, 5, source="snmp", cause="first"), step("B", "C", 6, 7, source="snmp")]
    followed = follow(Track(SW1, VERSION, "A", tuple(switched)), (), hours(40))
    assert verdicts(followed) == [("C", Verdict.UNAPPROVED)]


# --- two lanes


def test_a_second_source_that_sees_the_same_work_later_finds_it_authorised() -> None:
    both = [step("A", "C", 20, 21), step("A", "C", 12, 36, source="snmp")]
    followed = follow_at(60, both, TO_C)
    assert verdicts(followed) == [("C", Verdict.VERIFIED)]
    assert len(followed.moves) == 1


def test_what_one_source_sees_return_stays_open_where_another_still_sees_it() -> None:
    moved = [step("A", "B", 0, 1), step("A", "B", 0, 2, source="snmp"), step("B", "A", 3, 4)]
    assert [(each.item.source, each.judgement.verdict) for each in follow_at(20, moved).items] == [
        ("agent", Verdict.REVERTED), ("snmp", Verdict.UNAPPROVED),
    ]  # fmt: skip


# --- values that must be seen more than once


def glimpse(old: Value, new: Value, lo: float, hi: float, seen: int = 1) -> Sighting:
    """Return a step of a source that must see a value twice."""
    return replace(step(old, new, lo, hi, source="snmp", seen=seen), needs=2)


def flags(followed: Followed) -> list[set[str]]:
    return [set(each.judgement.flags) for each in followed.items]


def test_a_value_one_look_has_shown_is_pending_until_its_clock_runs_out() -> None:
    waiting = follow_at(2, [glimpse("A", "B", 0, 1)])
    assert [(each.judgement.verdict, each.judgement.due_at) for each in waiting.items] == [(Verdict.PENDING, hours(9))]
    assert flags(waiting) == [{Flag.SEEN_ONCE}]
    over = follow_at(9, [glimpse("A", "B", 0, 1)])
    assert (verdicts(over), flags(over)) == ([("B", Verdict.UNAPPROVED)], [set()])


@pytest.mark.parametrize(
    ("agreed_to", "once", "twice"),
    [
        (agreed(line(expected=exactly("D"))), Verdict.PENDING, Verdict.VARIANCE),
        (agreed(line(), window=(10, 12)), Verdict.PENDING, Verdict.OUT_OF_WINDOW),
        (approved(change(line()), -48, 22.5), Verdict.PENDING, Verdict.LATE_APPROVAL),
        (agreed(line()), Verdict.PENDING, Verdict.AUTHORISED),
        (TO_C, Verdict.VERIFIED, Verdict.VERIFIED),
        (agreed(line(expected=exactly("D")), window=(20, 24)), Verdict.IN_PROGRESS, Verdict.IN_PROGRESS),
    ],
)
def test_nothing_is_held_against_anybody_before_a_second_look_but_what_was_planned_needs_none(
    agreed_to: Change, once: Verdict, twice: Verdict
) -> None:
    assert verdicts(follow_at(23, [glimpse("A", "C", 20, 21)], agreed_to)) == [("C", once)]
    sure = follow_at(23, [glimpse("A", "C", 20, 21, seen=2)], agreed_to)
    assert (verdicts(sure), Flag.SEEN_ONCE in sure.items[0].judgement.flags) == ([("C", twice)], False)


def test_a_value_that_flickered_on_the_way_to_another_is_passed_over() -> None:
    flicker = [glimpse("A", "?", 0, 1), glimpse("?", "B", 1, 2, seen=2)]
    assert [each.step for each in confirmed(flicker, hours(20))] == [step("A", "B", 0, 2).step]


def test_a_value_the_next_look_takes_back_is_reverted_and_holds_nothing_else_up() -> None:
    way = [step("A", "B", 0, 1), glimpse("A", "?", 1, 2), glimpse("?", "A", 2, 3, seen=9)]
    followed = follow_at(20, way)
    assert verdicts(followed) == [("B", Verdict.UNAPPROVED), ("?", Verdict.REVERTED)]
    assert (followed.items[1].judgement.closed_at, flags(followed)[1]) == (hours(3), {Flag.SEEN_ONCE})


def test_a_flicker_within_approved_work_and_one_to_what_is_authorised_are_nothing() -> None:
    way = [glimpse("A", "?", 20, 20.5), glimpse("?", "A", 20.5, 21, seen=9)]
    assert follow_at(40, way, agreed(line())) == Followed((), ())
    moved = [glimpse("A", "B", 0, 1, seen=3), glimpse("B", "A", 4, 5), glimpse("A", "B", 5, 6, seen=2)]
    assert verdicts(follow_at(20, moved)) == [("B", Verdict.UNAPPROVED)]


def test_a_value_that_stood_for_eight_hours_without_a_second_look_was_no_flicker() -> None:
    way = [glimpse("A", "B", 0, 1), glimpse("B", "A", 1, 9, seen=2)]
    assert (verdicts(follow_at(20, way)), flags(follow_at(20, way))) == ([("B", Verdict.REVERTED)], [set()])
    assert verdicts(follow_at(20, [glimpse("A", "B", 0, 1), glimpse("B", "C", 1, 9, seen=2)])) == [
        ("B", Verdict.UNAPPROVED), ("C", Verdict.UNAPPROVED),
    ]  # fmt: skip


def test_a_value_a_person_accepted_needs_no_second_look() -> None:
    yes = Acceptance("snmp", "", "B", hours(1), hours(2), "word 1")
    followed = follow_at(2, [glimpse("A", "B", 0, 1)], accepted=(yes,))
    assert (verdicts(followed), followed.moves[0].value) == ([("B", Verdict.ACCEPTED)], "B")
    gone = follow_at(20, [glimpse("A", "B", 0, 1), glimpse("B", "A", 3, 4, seen=2)], accepted=(yes,))
    assert verdicts(gone) == [("B", Verdict.ACCEPTED), ("A", Verdict.UNAPPROVED)]


def test_a_value_another_reader_goes_on_from_is_not_lost() -> None:
    read_anew = step("B", "b", 1, 2, source="snmp", cause=Cause.REVISION)
    assert verdicts(follow_at(20, [glimpse("A", "B", 0, 1), read_anew])) == [("B", Verdict.UNAPPROVED)]


# --- the past


def test_what_is_asked_of_an_earlier_moment_knows_nothing_of_later_steps() -> None:
    way = [step("A", "B", 0, 1), step("B", "A", 1, 2)]
    assert verdicts(follow_at(1.5, way)) == [("B", Verdict.PENDING)]
    assert follow_at(0.5, way) == Followed((), ())


def test_the_order_in_which_steps_and_changes_are_given_plays_no_part() -> None:
    way = (step("A", "B", 0, 1), step("B", "C", 20, 21), step("A", "C", 12, 36, source="snmp"))
    track, changes = Track(SW1, VERSION, "A", way), (TO_C, agreed(line(), number="C2"))
    assert follow(replace(track, sightings=way[::-1]), changes[::-1], hours(60)) == follow(track, changes, hours(60))
