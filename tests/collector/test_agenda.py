"""The agenda: what of which CI the clock has to ask again, and when."""

from __future__ import annotations

from collector.pipeline.agenda import ALL, LOOK_MS, READING, RULES, Agenda

NOW = 1_790_000_000_000
MINUTE = 60_000


def looked_at(*ci_ids: int, stale_at: int = NOW + LOOK_MS) -> Agenda:
    agenda = Agenda()
    for ci_id in ci_ids:
        agenda.looked(ci_id, stale_at, NOW)
        agenda.asked(ci_id, NOW)
    agenda.kept()
    return agenda


def test_what_nobody_has_looked_at_is_due_with_everything() -> None:
    assert looked_at(1).due([1, 2], NOW) == {2: ALL}


def test_a_rule_is_due_when_time_can_change_its_answer_and_no_other_with_it() -> None:
    agenda = looked_at(1)
    agenda.next_for(1, "T-1", NOW + MINUTE, NOW)
    agenda.next_for(1, "T-2", NOW + 2 * MINUTE, NOW)
    assert agenda.due([1], NOW + MINUTE - 1) == {}
    assert agenda.due([1], NOW + MINUTE) == {1: {"T-1"}}
    agenda.next_for(1, "T-1", None, NOW)
    assert agenda.due([1], NOW + MINUTE) == {}


def test_what_lies_far_ahead_is_asked_with_all_rules_within_the_hour() -> None:
    agenda = looked_at(1)
    agenda.next_for(1, "T-1", NOW + 300 * 24 * LOOK_MS, NOW)
    assert 1 not in agenda.due([1], NOW + LOOK_MS // 2 - 1)
    assert RULES in agenda.due([1], NOW + LOOK_MS)[1]


def test_what_grows_stale_before_that_is_read_again_then() -> None:
    agenda = looked_at(1, stale_at=NOW + MINUTE)
    assert agenda.due([1], NOW + MINUTE) == {1: {READING}}


def test_what_is_stale_is_looked_at_again_once_its_source_has_spoken() -> None:
    agenda = looked_at(1, 2, stale_at=NOW)
    assert agenda.due([1, 2], NOW + MINUTE) == {}
    agenda.heard([2, 3])
    assert agenda.due([1, 2], NOW + MINUTE) == {2: {READING}}
    agenda.looked(2, NOW + LOOK_MS, NOW)
    agenda.heard([2])
    assert agenda.due([2], NOW + MINUTE) == {}


def test_cis_that_were_looked_at_together_are_not_all_due_together() -> None:
    agenda = looked_at(*range(1, 1001))
    due = len(agenda.due(range(1, 1001), NOW + LOOK_MS * 3 // 4))
    assert 300 < due < 700


def test_what_was_noted_and_not_written_is_looked_at_anew() -> None:
    agenda = looked_at(1, 2)
    agenda.next_for(2, "T-1", NOW + MINUTE, NOW)
    agenda.undo()
    assert agenda.due([1, 2], NOW) == {2: ALL}


def test_a_clock_that_is_set_back_makes_everything_due_instead_of_nothing() -> None:
    assert looked_at(1).due([1], NOW - 24 * LOOK_MS) == {1: ALL}
