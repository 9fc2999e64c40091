"""The life of a change: each type goes the regulation's way, and whoever may not do a step is told every reason."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.change.approval import MANAGER, SUPERVISOR, is_approved
from collector.change.flow import BEFORE_WORK, TABLES, Step
from collector.change.freeze import Freeze
from collector.change.lifecycle import Actor, Denied, Surroundings, Why, edit, entrust, refusals, take
from collector.change.record import Change, ChangeType, Plan, State, Task, Template, Window
from collector.change.verification import LineCheck, LineState
from collector.model import Path
from tests.collector.change.written import ANNA, BORIS, MEI, SOPHIA, VERSION, change, exactly, hours, line

INITIATOR, IMPLEMENTER = Actor(ANNA), Actor(BORIS)
SUPERVISES, MANAGES = Actor(SOPHIA, frozenset({SUPERVISOR})), Actor(MEI, frozenset({MANAGER}))
PEOPLE = (INITIATOR, IMPLEMENTER, SUPERVISES, MANAGES)
LINE = line(expected=exactly("V10"))
DONE = Surroundings(checks=(LineCheck(LINE, LineState.VERIFIED),))
WAYS = {
    ChangeType.STANDARD: [
        (Step.SUBMIT, INITIATOR), (Step.APPROVE, SUPERVISES),
        (Step.START, IMPLEMENTER), (Step.FINISH, IMPLEMENTER), (Step.CLOSE, INITIATOR),
    ],
    ChangeType.NORMAL: [
        (Step.SUBMIT, INITIATOR), (Step.APPROVE, SUPERVISES), (Step.SUBMIT, IMPLEMENTER), (Step.APPROVE, SUPERVISES),
        (Step.START, IMPLEMENTER), (Step.FINISH, IMPLEMENTER), (Step.CLOSE, INITIATOR),
    ],
    ChangeType.MAJOR: [
        (Step.SUBMIT, INITIATOR), (Step.APPROVE, SUPERVISES), (Step.SUBMIT, IMPLEMENTER), (Step.APPROVE, SUPERVISES),
        (Step.APPROVE, MANAGES), (Step.START, IMPLEMENTER), (Step.FINISH, IMPLEMENTER), (Step.CLOSE, SUPERVISES),
    ],
    ChangeType.EMERGENCY: [
        (Step.SUBMIT, INITIATOR), (Step.APPROVE, SUPERVISES), (Step.APPROVE, MANAGES),
        (Step.START, IMPLEMENTER), (Step.FINISH, IMPLEMENTER), (Step.CLOSE, SUPERVISES),
    ],
    ChangeType.REQUEST: [
        (Step.SUBMIT, INITIATOR), (Step.APPROVE, SUPERVISES),
        (Step.START, IMPLEMENTER), (Step.FINISH, IMPLEMENTER), (Step.CLOSE, INITIATOR),
    ],
}  # fmt: skip


def went(kind: ChangeType, steps: int, of: Change | None = None) -> Change:
    """Return a change that went so many steps of its way, one an hour."""
    done = of or change(LINE, kind=kind)
    for at, (act, actor) in enumerate(WAYS[kind][:steps]):
        done = take(done, act, actor, hours(at), around=DONE)
    return done


def why(of: Change, act: Step, actor: Actor, reason: str = "", around: Surroundings | None = None) -> set[Why]:
    return set(refusals(of, act, actor, reason=reason, around=around))


@pytest.mark.parametrize("kind", ChangeType)
def test_each_type_goes_the_way_of_the_regulation(kind: ChangeType) -> None:
    assert went(kind, 99).state is State.CLOSED


@pytest.mark.parametrize("kind", ChangeType)
def test_every_step_is_done_by_one_person_and_refused_to_the_others(kind: ChangeType) -> None:
    for place, (act, actor) in enumerate(WAYS[kind]):
        of = went(kind, place)
        allowed = [each for each in PEOPLE if not refusals(of, act, each, around=DONE)]
        assert allowed == [actor], f"{act} in {of.state}"


@pytest.mark.parametrize("kind", ChangeType)
def test_every_act_that_is_not_in_the_table_is_refused_in_every_state(kind: ChangeType) -> None:
    listed = {(step.before, step.act) for step in TABLES[kind]}
    for state in State:
        of = replace(change(LINE, kind=kind), state=state)
        for act in set(Step) - {act for before, act in listed if before is state}:
            assert why(of, act, INITIATOR) == {Why.NOT_IN_THIS_STATE}


@pytest.mark.parametrize("kind", ChangeType)
def test_a_change_stands_approved_exactly_when_its_words_do(kind: ChangeType) -> None:
    for steps in range(len(WAYS[kind])):
        of = went(kind, steps)
        assert (of.state not in set(BEFORE_WORK) - {State.APPROVED}) == is_approved(of, hours(99)), of.state


def test_a_table_has_one_step_for_an_act_in_a_state() -> None:
    for table in TABLES.values():
        assert len({(step.before, step.act) for step in table}) == len(table)


# --- who may not


def test_an_initiator_with_every_role_approves_nothing_of_their_own() -> None:
    everything = Actor(ANNA, frozenset({SUPERVISOR, MANAGER}))
    assert why(went(ChangeType.STANDARD, 1), Step.APPROVE, everything) == {Why.INITIATOR_APPROVES}
    assert why(went(ChangeType.EMERGENCY, 2), Step.APPROVE, everything) == {Why.INITIATOR_APPROVES}


def test_an_implementer_who_supervises_approves_no_plan_of_their_own() -> None:
    both = Actor(BORIS, frozenset({SUPERVISOR}))
    assert why(went(ChangeType.NORMAL, 3), Step.APPROVE, both) == {Why.IMPLEMENTER_APPROVES}
    assert not why(went(ChangeType.STANDARD, 1), Step.APPROVE, both)


def test_a_supervisor_decides_only_of_their_classes() -> None:
    of = went(
        ChangeType.STANDARD, 1, replace(change(LINE, kind=ChangeType.STANDARD), ci_classes=frozenset({"network"}))
    )
    assert why(of, Step.APPROVE, replace(SUPERVISES, classes=frozenset({"server"}))) == {Why.OTHER_CLASS}
    assert not why(of, Step.APPROVE, replace(SUPERVISES, classes=frozenset({"server", "network"})))


def test_every_reason_is_told_at_once() -> None:
    of = went(ChangeType.NORMAL, 3)
    assert why(of, Step.REFUSE, INITIATOR) == {Why.NO_SUCH_ROLE, Why.INITIATOR_APPROVES, Why.NO_REASON}


def test_a_denied_step_changes_nothing_and_names_its_reasons() -> None:
    with pytest.raises(Denied) as caught:
        take(went(ChangeType.NORMAL, 1), Step.APPROVE, INITIATOR, 0)
    assert set(caught.value.reasons) == {Why.NO_SUCH_ROLE, Why.INITIATOR_APPROVES}


# --- what is refused


@pytest.mark.parametrize(
    ("kind", "steps", "back_to"),
    [
        (ChangeType.STANDARD, 1, State.DRAFT),
        (ChangeType.NORMAL, 1, State.DRAFT),
        (ChangeType.NORMAL, 3, State.PLANNING),
        (ChangeType.MAJOR, 4, State.PLANNING),
        (ChangeType.EMERGENCY, 2, State.DRAFT),
    ],
)
def test_a_refusal_goes_back_with_its_reason_to_whom_it_concerns(kind: ChangeType, steps: int, back_to: State) -> None:
    of = went(kind, steps)
    _, actor = WAYS[kind][steps]
    refused = take(of, Step.REFUSE, actor, hours(50), reason="not on a Friday")
    assert (refused.state, refused.words[-1].reason, refused.words[-1].granted) == (back_to, "not on a Friday", False)
    assert not is_approved(refused, hours(99))


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_nobody_refuses_or_cancels_without_a_reason(reason: str) -> None:
    assert why(went(ChangeType.STANDARD, 1), Step.REFUSE, SUPERVISES, reason) == {Why.NO_REASON}
    assert why(went(ChangeType.STANDARD, 1), Step.CANCEL, INITIATOR, reason) == {Why.NO_REASON}


def test_a_major_change_refused_by_the_manager_is_planned_and_approved_again() -> None:
    refused = take(went(ChangeType.MAJOR, 4), Step.REFUSE, MANAGES, hours(10), reason="too soon")
    for at, (act, actor) in enumerate(WAYS[ChangeType.MAJOR][2:5], 11):
        refused = take(refused, act, actor, hours(at))
    assert (refused.state, is_approved(refused, hours(20))) == (State.APPROVED, True)


def test_a_cancelled_change_is_over() -> None:
    gone = take(went(ChangeType.NORMAL, 4), Step.CANCEL, INITIATOR, hours(9), reason="not needed")
    assert (gone.state, gone.cancelled_at, is_approved(gone, hours(10))) == (State.CANCELLED, hours(9), False)


def test_what_has_begun_is_not_cancelled() -> None:
    assert why(went(ChangeType.NORMAL, 5), Step.CANCEL, INITIATOR, "regret") == {Why.NOT_IN_THIS_STATE}


# --- what a change must have


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        (None, Why.NO_PLAN),
        (Plan((), Window(0, 1), 0), Why.EMPTY_SCOPE),
        (Plan((LINE, line(ci_id=99)), Window(0, 1), 0), Why.OUTSIDE_REQUEST),
        (Plan((LINE,), Window(1, 0), 0), Why.BAD_WINDOW),
    ],
)
def test_a_plan_that_covers_nothing_is_not_submitted(plan: Plan | None, reason: Why) -> None:
    at_once = replace(change(LINE, kind=ChangeType.STANDARD), plan=plan)
    assert why(at_once, Step.SUBMIT, INITIATOR) == {reason}
    planned = replace(went(ChangeType.NORMAL, 2), plan=plan)
    assert why(planned, Step.SUBMIT, IMPLEMENTER) == {reason}


def test_a_normal_change_is_asked_for_before_it_is_planned() -> None:
    assert not why(replace(change(LINE), plan=None), Step.SUBMIT, INITIATOR)


def test_in_a_freeze_only_emergencies_go_on() -> None:
    frozen = Surroundings(freezes=(Freeze("National Day", Window(hours(21), hours(60))),))
    for act, actor, steps in [(Step.APPROVE, SUPERVISES, 3), (Step.START, IMPLEMENTER, 4)]:
        assert why(went(ChangeType.NORMAL, steps), act, actor, around=frozen) == {Why.FROZEN}
    assert not why(went(ChangeType.EMERGENCY, 3), Step.START, IMPLEMENTER, around=frozen)


def test_work_is_not_done_while_a_helper_has_a_task() -> None:
    task = Task("update the record", "clara")
    of = entrust(went(ChangeType.NORMAL, 5), IMPLEMENTER, task)
    assert why(of, Step.FINISH, IMPLEMENTER) == {Why.TASKS_OPEN}
    assert not why(replace(of, tasks=(replace(task, done_at=1),)), Step.FINISH, IMPLEMENTER)


def test_only_the_implementer_asks_helpers() -> None:
    with pytest.raises(Denied):
        entrust(went(ChangeType.NORMAL, 5), INITIATOR, Task("this", "clara"))


@pytest.mark.parametrize(
    "checks", [(), *((LineCheck(LINE, state),) for state in (LineState.PENDING, LineState.UNKNOWN, LineState.FAILED))]
)
def test_a_change_does_not_close_before_every_line_is_final(checks: tuple[LineCheck, ...]) -> None:
    of = went(ChangeType.NORMAL, 6)
    assert why(of, Step.CLOSE, INITIATOR, around=Surroundings(checks=checks)) == {Why.NOT_VERIFIED}
    assert not why(of, Step.CLOSE, INITIATOR, around=DONE)


def test_the_end_of_the_work_is_kept() -> None:
    assert went(ChangeType.NORMAL, 6).finished_at == hours(5)


# --- edits


def test_an_edited_plan_is_approved_again_its_request_is_not() -> None:
    of = went(ChangeType.NORMAL, 4)
    assert of.plan
    edited = edit(of, IMPLEMENTER, hours(10), plan=replace(of.plan, text="another way"))
    assert (edited.state, is_approved(edited, hours(10))) == (State.PLANNING, False)
    for at, (act, actor) in enumerate(WAYS[ChangeType.NORMAL][2:4], 11):
        edited = take(edited, act, actor, hours(at))
    assert (edited.state, is_approved(edited, hours(20))) == (State.APPROVED, True)


def test_an_edited_request_begins_anew() -> None:
    of = went(ChangeType.NORMAL, 4)
    edited = edit(of, INITIATOR, hours(10), request=replace(of.request, title="more"))
    assert (edited.state, edited.request.written_at, len(edited.words)) == (State.DRAFT, hours(10), 2)
    assert not is_approved(edited, hours(10))


@pytest.mark.parametrize("steps", [5, 6, 7])
def test_work_that_has_begun_is_not_edited(steps: int) -> None:
    with pytest.raises(Denied):
        edit(went(ChangeType.NORMAL, steps), INITIATOR, 0, request=change(LINE).request)


@pytest.mark.parametrize(("steps", "actor"), [(0, IMPLEMENTER), (1, IMPLEMENTER), (2, INITIATOR), (4, SUPERVISES)])
def test_a_plan_is_written_by_whom_it_falls_to(steps: int, actor: Actor) -> None:
    with pytest.raises(Denied):
        edit(went(ChangeType.NORMAL, steps), actor, 0, plan=change(LINE).plan)


def test_standard_work_from_a_live_template_needs_nobodys_word() -> None:
    template = Template("T1", frozenset({VERSION}), SOPHIA, hours(-100), hours(100))
    of = replace(change(LINE, kind=ChangeType.STANDARD), template=template)
    assert take(of, Step.SUBMIT, INITIATOR, 0).state is State.APPROVED
    other = replace(of, template=replace(template, paths=frozenset({Path("os", "name")})))
    assert take(other, Step.SUBMIT, INITIATOR, 0).state is State.REQUESTED


# --- whatever people do


@given(st.sampled_from(ChangeType), st.lists(st.tuples(st.sampled_from(Step), st.sampled_from(PEOPLE)), max_size=25))
def test_whatever_people_try_work_never_begins_without_the_words_it_needs(
    kind: ChangeType, tries: list[tuple[Step, Actor]]
) -> None:
    of = change(LINE, kind=kind)
    for at, (act, actor) in enumerate(tries):
        if not refusals(of, act, actor, reason="because", around=DONE):
            of = take(of, act, actor, hours(at), reason="because", around=DONE)
    begun = {State.APPROVED, State.IMPLEMENTING, State.IMPLEMENTED, State.CLOSED}
    assert (of.state in begun) == is_approved(of, hours(len(tries)))
