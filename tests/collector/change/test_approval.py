"""Approvals: the right words, in the right order, of what the change says now, and nobody approves their own work."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collector.change.approval import (
    MANAGER,
    NEEDS,
    SUPERVISOR,
    Flaw,
    Gap,
    approved_at,
    gap,
    granted_at,
    is_approved,
)
from collector.change.record import Change, ChangeType, Stage, Template
from collector.model import Path
from tests.collector.change.written import ANNA, BORIS, VERSION, approved, change, exactly, granted, hours, line

LINE = line(expected=exactly("2"))


def of(kind: ChangeType) -> Change:
    return change(LINE, kind=kind)


def missing(written: Change, at: float = 100) -> Gap | None:
    return gap(written, hours(at))


@pytest.mark.parametrize(
    ("kind", "roles"),
    [
        (ChangeType.STANDARD, [SUPERVISOR]),
        (ChangeType.NORMAL, [SUPERVISOR, SUPERVISOR]),
        (ChangeType.MAJOR, [SUPERVISOR, SUPERVISOR, MANAGER]),
        (ChangeType.EMERGENCY, [SUPERVISOR, MANAGER]),
        (ChangeType.REQUEST, [SUPERVISOR]),
    ],
)
def test_each_type_needs_the_words_of_the_regulation(kind: ChangeType, roles: list[str]) -> None:
    assert [need.role for need in NEEDS[kind]] == roles
    assert approved_at(approved(of(kind), 1, 2, 3), hours(100)) == hours(len(roles))


@pytest.mark.parametrize("kind", ChangeType)
def test_without_the_last_word_nothing_is_approved(kind: ChangeType) -> None:
    whole = approved(of(kind), 1, 2, 3)
    assert not is_approved(replace(whole, words=whole.words[:-1]), hours(100))
    assert is_approved(whole, whole.words[-1].at)
    assert not is_approved(whole, whole.words[-1].at - 1)


def test_a_word_before_its_turn_does_not_count() -> None:
    hasty = granted(granted(of(ChangeType.NORMAL), Stage.PLAN, 1), Stage.REQUEST, 2)
    assert missing(hasty) == Gap(Stage.PLAN, Flaw.MISSING)
    assert approved_at(granted(hasty, Stage.PLAN, 3), hours(100)) == hours(3)


def test_who_initiates_does_not_approve() -> None:
    assert missing(granted(of(ChangeType.STANDARD), Stage.PLAN, 1, who=ANNA)) == Gap(Stage.PLAN, Flaw.BY_INITIATOR)


@pytest.mark.parametrize("kind", [ChangeType.NORMAL, ChangeType.MAJOR])
def test_who_implements_does_not_approve_a_normal_or_a_major_change(kind: ChangeType) -> None:
    assert missing(granted(of(kind), Stage.REQUEST, 1, who=BORIS)) == Gap(Stage.REQUEST, Flaw.BY_IMPLEMENTER)
    assert is_approved(granted(of(ChangeType.STANDARD), Stage.PLAN, 1, who=BORIS), hours(1))


def test_a_word_in_another_role_does_not_count() -> None:
    given = granted(of(ChangeType.STANDARD), Stage.PLAN, 1, role=MANAGER)
    assert missing(given) == Gap(Stage.PLAN, Flaw.WRONG_ROLE)


def test_an_edit_of_the_plan_voids_the_words_on_the_plan_and_leaves_those_on_the_request() -> None:
    whole = approved(of(ChangeType.NORMAL), 1, 2)
    assert whole.plan
    wider = replace(whole, plan=replace(whole.plan, lines=(*whole.plan.lines, line(Path("os", "name")))))
    assert missing(wider) == Gap(Stage.PLAN, Flaw.EDITED)
    assert is_approved(granted(wider, Stage.PLAN, 3), hours(3))


def test_an_edit_of_the_request_voids_every_word() -> None:
    whole = approved(of(ChangeType.NORMAL), 1, 2)
    other = replace(whole, request=replace(whole.request, reason="another"))
    assert missing(other) == Gap(Stage.REQUEST, Flaw.EDITED)


def test_an_edit_there_and_back_again_voids_too() -> None:
    whole = approved(of(ChangeType.STANDARD), 1)
    assert whole.plan
    back = replace(whole, plan=replace(whole.plan, written_at=hours(2)))
    assert back.content_hash == whole.content_hash
    assert missing(back) == Gap(Stage.PLAN, Flaw.EDITED)


def test_a_word_of_another_change_replayed_here_does_not_count() -> None:
    other = approved(change(line(expected=exactly("3"))), 1, 2)
    assert missing(replace(of(ChangeType.NORMAL), words=other.words)) is not None


def test_the_same_word_twice_is_one_word() -> None:
    once = granted(of(ChangeType.NORMAL), Stage.REQUEST, 1)
    assert missing(replace(once, words=once.words * 3)) == Gap(Stage.PLAN, Flaw.MISSING)


def test_a_refusal_takes_back_what_was_granted_there_and_after() -> None:
    whole = approved(of(ChangeType.MAJOR), 1, 2, 3)
    refused = granted(whole, Stage.PLAN, 4, granted=False, reason="not so")
    assert is_approved(refused, hours(3))
    assert missing(refused, 4) == Gap(Stage.PLAN, Flaw.REFUSED)
    again = granted(granted(refused, Stage.PLAN, 5), Stage.CONFIRM, 6)
    assert approved_at(again, hours(100)) == hours(6)


def test_a_refusal_by_someone_without_the_role_takes_nothing_back() -> None:
    whole = approved(of(ChangeType.STANDARD), 1)
    assert is_approved(granted(whole, Stage.PLAN, 2, granted=False, role="viewer"), hours(3))


def test_a_cancelled_change_is_approved_until_then() -> None:
    gone = replace(approved(of(ChangeType.STANDARD), 1), cancelled_at=hours(2))
    assert is_approved(gone, hours(1.9))
    assert missing(gone, 2) == Gap(Stage.PLAN, Flaw.CANCELLED)


def test_without_a_plan_there_is_nothing_to_approve_but_the_request() -> None:
    asked = granted(replace(of(ChangeType.NORMAL), plan=None), Stage.REQUEST, 1)
    assert missing(asked) == Gap(Stage.PLAN, Flaw.NO_PLAN)


# --- templates of standard work


def template(paths: set[Path], until: float = 1000, by: str = "sophia") -> Template:
    return Template("T1", frozenset(paths), by, hours(-100), hours(until))


def made_from(which: Template, submitted: float | None = -70) -> Change:
    asked_at = None if submitted is None else hours(submitted)
    return replace(of(ChangeType.STANDARD), template=which, submitted_at=asked_at)


def test_a_live_template_approves_standard_work_as_soon_as_it_is_submitted() -> None:
    assert approved_at(made_from(template({VERSION})), hours(100)) == hours(-70)
    assert approved_at(made_from(template({Path("os", "")})), hours(100)) == hours(-70)
    assert not is_approved(made_from(template({VERSION})), hours(-71))


def test_a_template_approves_no_draft_and_nothing_that_was_edited_since_it_was_submitted() -> None:
    assert missing(made_from(template({VERSION}), submitted=None)) == Gap(Stage.PLAN, Flaw.MISSING)
    assert missing(made_from(template({VERSION}), submitted=-73)) == Gap(Stage.PLAN, Flaw.MISSING)


@pytest.mark.parametrize(("submitted", "is_one"), [(-61, True), (-60, False), (-59, False)])
def test_a_template_approves_nothing_from_its_withdrawal_on_and_keeps_what_it_approved(
    submitted: float, is_one: bool
) -> None:
    gone = replace(template({VERSION}), withdrawn_at=hours(-60))
    assert is_approved(made_from(gone, submitted), hours(100)) is is_one


def test_what_a_person_had_approved_before_it_was_submitted_again_is_approved_since_then() -> None:
    by_template = made_from(template({VERSION}))
    before = granted(by_template, Stage.PLAN, -71)
    assert approved_at(before, hours(100)) == hours(-71)
    assert approved_at(granted(by_template, Stage.PLAN, -69), hours(100)) == hours(-70)


def test_a_template_is_no_persons_word() -> None:
    by_template = made_from(template({VERSION}))
    assert granted_at(by_template, hours(100)) is None
    assert granted_at(granted(by_template, Stage.PLAN, 1), hours(100)) == hours(1)
    assert granted_at(replace(granted(by_template, Stage.PLAN, 1), cancelled_at=hours(2)), hours(2)) is None


@pytest.mark.parametrize(
    "which",
    [template({VERSION}, until=20), template({Path("os", "name")}), template(set()), template({VERSION}, by=ANNA)],
    ids=["over when the work begins", "of other paths", "of nothing", "by the initiator"],
)
def test_a_template_approves_nothing_else(which: Template) -> None:
    assert missing(made_from(which)) == Gap(Stage.PLAN, Flaw.MISSING)


def test_no_other_type_is_made_from_a_template() -> None:
    assert missing(replace(of(ChangeType.NORMAL), template=template({VERSION}))) is not None
