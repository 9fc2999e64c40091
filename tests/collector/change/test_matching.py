"""Matching: scope, window, approval and value; what is refused says why; the best of several explains it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collector.change.approval import Flaw, Gap
from collector.change.covering import Margins, Reason
from collector.change.item import Item
from collector.change.matching import Flag, Judgement, judge
from collector.change.record import PRESENCE, RELATIONS, Change, ChangeType, Line, Stage
from collector.model import Path, Value, Verdict
from tests.collector.change.written import (
    DB1,
    SW1,
    UPS1,
    VERSION,
    approved,
    change,
    exactly,
    granted,
    hours,
    item,
    line,
)

V10 = item("V10", 20, 21)


def held(one: Item, *changes: Change, at: float = 40, margins: Margins | None = None) -> Judgement:
    return judge(one, changes, hours(at), margins)


def agreed(*lines: Line, window: tuple[float, float] = (20, 22), number: str = "C1") -> Change:
    return approved(change(*lines, window=window, number=number), -48, -24)


def reasons(judgement: Judgement) -> dict[str, Reason]:
    return {each.change: each.reason for each in judgement.refused}


# --- scope


def test_an_empty_scope_covers_nothing() -> None:
    nothing = replace(agreed(line()), plan=replace(agreed(line()).plan, lines=()))  # type: ignore[type-var]
    judgement = held(V10, granted(nothing, Stage.PLAN, -24))
    assert (judgement.verdict, reasons(judgement)) == (Verdict.UNAPPROVED, {"C1": Reason.EMPTY_SCOPE})


@pytest.mark.parametrize(
    ("written", "moved"),
    [
        (line(VERSION), V10),
        (line(Path("os", "")), V10),
        (line(Path("packages", "ssl"), field="version"), item("3", 20, 21, Path("packages", "ssl"), field="version")),
        (line(Path("packages", "ssl")), item("3", 20, 21, Path("packages", "ssl"), field="version")),
        (line(Path("packages", "")), item({"version": "3"}, 20, 21, Path("packages", "ssl"), old=None)),
        (line(PRESENCE, exactly(None)), item(None, 20, 21, PRESENCE, old=True)),
        (line(PRESENCE, exactly(True)), item(True, 20, 21, PRESENCE, old=None)),
        (line(Path(RELATIONS, "runs_on|h1"), exactly(None)), item(None, 20, 21, Path(RELATIONS, "runs_on|h1"), old={})),
    ],
    ids=["attribute", "section", "field", "element", "element of a section", "disappearance", "appearance", "relation"],
)
def test_a_line_covers_what_it_names(written: Line, moved: Item) -> None:
    assert held(moved, agreed(written)).verdict in {Verdict.VERIFIED, Verdict.AUTHORISED}


@pytest.mark.parametrize(
    ("written", "moved"),
    [
        (line(Path("os", "name")), V10),
        (line(Path("cpu", "")), V10),
        (line(Path("", "")), V10),
        (line(ci_id=DB1), V10),
        (line(Path("packages", "ssl"), field="version"), item({"version": "3"}, 20, 21, Path("packages", "ssl"))),
        (line(Path("interfaces", "e0"), field="mtu"), item(["b"], 20, 21, Path("interfaces", "e0"), field="addresses")),
        (line(Path("packages", "ssl")), item({"version": "3"}, 20, 21, Path("packages", "ssh"), old=None)),
        (line(Path("packages", ""), field="version"), item("3", 20, 21, Path("packages", "ssl"), field="version")),
        (line(PRESENCE, exactly(None)), V10),
    ],
    ids=[
        "another attribute", "another section", "no section", "another CI", "a field is not its element",
        "another field", "another element", "a field of a whole section", "that the CI goes",
    ],
)  # fmt: skip
def test_a_line_covers_nothing_else(written: Line, moved: Item) -> None:
    judgement = held(moved, agreed(written))
    assert (judgement.verdict, reasons(judgement)) == (Verdict.UNAPPROVED, {"C1": Reason.OTHER_PATH})


def test_a_plan_reaches_no_ci_its_request_does_not_name() -> None:
    asked = change(line(ci_id=DB1))
    assert asked.plan
    sneaky = approved(replace(asked, plan=replace(asked.plan, lines=(*asked.plan.lines, line()))), -48, -24)
    assert held(V10, sneaky).verdict is Verdict.UNAPPROVED


# --- window


@pytest.mark.parametrize(
    ("lo", "hi", "verdict", "is_certain"),
    [
        (20, 21, Verdict.AUTHORISED, True),
        (19.75, 24, Verdict.AUTHORISED, True),
        (19.7, 20, Verdict.AUTHORISED, False),
        (10, 19.75, Verdict.AUTHORISED, False),
        (24, 30, Verdict.AUTHORISED, False),
        (10, 19.7, Verdict.OUT_OF_WINDOW, True),
        (24.1, 30, Verdict.OUT_OF_WINDOW, True),
        (22 + 2 + 7 * 24, 200, Verdict.OUT_OF_WINDOW, True),
        (22 + 2 + 7 * 24 + 0.1, 200, Verdict.UNAPPROVED, True),
    ],
)
def test_the_bracket_meets_the_window_and_its_margins_or_it_does_not(
    lo: float, hi: float, verdict: Verdict, is_certain: bool
) -> None:
    judgement = held(item("V10", lo, hi), agreed(line()), at=500)
    assert (judgement.verdict, Flag.WINDOW_UNCERTAIN not in judgement.flags) == (verdict, is_certain)


def test_a_bracket_that_rests_on_a_claim_is_never_certain() -> None:
    claimed = replace(item("V10", 20.5, 20.6), claimed=True)
    assert held(claimed, agreed(line())).flags == {Flag.WINDOW_UNCERTAIN}


def test_what_is_looked_at_once_a_day_may_be_seen_a_day_after_the_window() -> None:
    seen = item("V10", 40, 45)
    assert held(seen, agreed(line()), at=100).verdict is Verdict.OUT_OF_WINDOW
    assert held(seen, agreed(line()), at=100, margins=Margins.scanned_every(hours(24))).verdict is Verdict.AUTHORISED


def test_another_value_out_of_the_window_is_not_explained_at_all() -> None:
    judgement = held(item("V9", 30, 31), agreed(line(expected=exactly("V10"))))
    assert (judgement.verdict, reasons(judgement)) == (Verdict.UNAPPROVED, {"C1": Reason.OUTSIDE_WINDOW})


def test_work_before_the_window_that_was_approved_after_the_work_is_not_explained_either() -> None:
    early = approved(change(line(expected=exactly("V10"))), -48, 15)
    assert held(item("V10", 10, 11), early).verdict is Verdict.UNAPPROVED
    assert held(item("V10", 16, 17), early).verdict is Verdict.OUT_OF_WINDOW


# --- approval in time


@pytest.mark.parametrize(("at", "verdict"), [(19.75, Verdict.AUTHORISED), (19.8, Verdict.LATE_APPROVAL)])
def test_words_are_due_when_the_window_with_its_margin_begins(at: float, verdict: Verdict) -> None:
    assert held(item("V10", 19, 21), approved(change(line()), -48, at)).verdict is verdict


def test_words_may_come_later_when_the_old_value_was_still_seen_after_them() -> None:
    assert held(item("V10", 21, 21.5), approved(change(line()), -48, 21)).verdict is Verdict.AUTHORISED


def test_a_word_taken_back_after_the_work_does_not_undo_it() -> None:
    refused = granted(agreed(line()), Stage.PLAN, 25, granted=False, reason="regret")
    assert held(V10, refused).verdict is Verdict.AUTHORISED


def test_a_change_cancelled_before_its_window_covers_nothing() -> None:
    judgement = held(V10, replace(agreed(line()), cancelled_at=hours(10)))
    assert judgement.verdict is Verdict.UNAPPROVED
    assert judgement.refused[0].gap == Gap(Stage.REQUEST, Flaw.CANCELLED)


def test_approved_late_and_another_value_is_unapproved() -> None:
    judgement = held(item("V9", 20, 21), approved(change(line(expected=exactly("V10"))), -48, 25))
    assert (judgement.verdict, reasons(judgement)) == (Verdict.UNAPPROVED, {"C1": Reason.APPROVED_LATE})


def test_a_change_recorded_after_the_moment_one_asks_about_is_not_known_yet() -> None:
    later = change(line(), recorded=50)
    assert held(V10, later).refused == ()


# --- while work goes on


def test_inside_an_open_window_nothing_is_judged_half_done() -> None:
    judgement = held(item("half done", 20, 20.5), agreed(line(expected=exactly("V10"))), at=21)
    assert (judgement.verdict, judgement.due_at) == (Verdict.IN_PROGRESS, hours(22))
    assert held(item("half done", 20, 20.5), agreed(line(expected=exactly("V10"))), at=22).verdict is Verdict.VARIANCE


def test_work_whose_end_was_told_is_judged_then() -> None:
    done = replace(agreed(line()), finished_at=hours(20.8))
    assert held(item("V10", 20, 20.5), done, at=20.7).verdict is Verdict.IN_PROGRESS
    assert held(item("V10", 20, 20.5), done, at=20.8).verdict is Verdict.AUTHORISED


def test_an_open_window_without_approval_shelters_nothing() -> None:
    assert held(item("V10", 20, 20.5), change(line()), at=21).verdict is Verdict.PENDING


# --- several changes


def test_in_window_comes_before_approved_before_exact_before_value() -> None:
    elsewhen = agreed(line(expected=exactly("V10")), window=(30, 31), number="A")
    section = agreed(line(Path("os", "")), number="B")
    assert held(V10, elsewhen, section).change == "B"
    exact = agreed(line(expected=exactly("V9")), number="C")
    assert (held(V10, section, exact).verdict, held(V10, section, exact).change) == (Verdict.VARIANCE, "C")
    right = agreed(line(expected=exactly("V10")), number="D")
    judgement = held(V10, elsewhen, section, exact, right)
    assert (judgement.verdict, judgement.change) == (Verdict.VERIFIED, "D")
    assert reasons(judgement) == {"A": Reason.OUTSIDE_WINDOW, "B": Reason.OUTRANKED, "C": Reason.OTHER_VALUE}


def test_of_two_that_explain_it_alike_the_number_decides_and_the_order_given_does_not() -> None:
    one, other = agreed(line(), number="C1"), agreed(line(), number="C2")
    assert held(V10, one, other) == held(V10, other, one)
    assert held(V10, one, other).change == "C1"


def test_the_most_exact_line_of_a_change_speaks_for_it() -> None:
    both = agreed(line(Path("os", "")), line(expected=exactly("V9")))
    assert held(V10, both).verdict is Verdict.VARIANCE


def test_two_teams_in_one_window_do_not_launder_each_other() -> None:
    other = agreed(line(Path("interfaces", "e0")), number="C2")
    judgement = held(item({"mtu": 9000}, 20, 21, Path("interfaces", "e1")), agreed(line()), other)
    assert (judgement.verdict, len(judgement.refused)) == (Verdict.UNAPPROVED, 2)


# --- emergencies


def emergency(start: float, recorded: float, end: float | None = None, value: Value = "V10") -> Change:
    window = (start, start if end is None else end)
    written = change(line(expected=exactly(value)), window=window, recorded=recorded, kind=ChangeType.EMERGENCY)
    return approved(written, recorded + 0.1)


MOVED = item("V10", 0, 4)


@pytest.mark.parametrize(
    ("start", "recorded", "verdict", "flags"),
    [
        (1, 8, Verdict.VERIFIED, {Flag.RETROSPECTIVE}),
        (1, 8.5, Verdict.VERIFIED, {Flag.RETROSPECTIVE, Flag.SELF_DECLARED}),
        (1, 9, Verdict.VERIFIED, {Flag.RETROSPECTIVE, Flag.SELF_DECLARED}),
        (1, 9.1, Verdict.RETRO_LATE, {Flag.RETROSPECTIVE, Flag.SELF_DECLARED}),
        (4, 12, Verdict.VERIFIED, {Flag.RETROSPECTIVE, Flag.SELF_DECLARED}),
        (4, 12.1, Verdict.RETRO_LATE, {Flag.RETROSPECTIVE, Flag.SELF_DECLARED}),
        (1, 0.5, Verdict.VERIFIED, frozenset()),
    ],
)
def test_a_record_is_certainly_timely_self_declared_or_certainly_late(
    start: float, recorded: float, verdict: Verdict, flags: set[Flag]
) -> None:
    judgement = held(MOVED, emergency(start, recorded))
    assert (judgement.verdict, judgement.flags) == (verdict, flags)


@pytest.mark.parametrize("start", [-0.1, 4.1])
def test_a_claim_outside_the_bracket_explains_nothing(start: float) -> None:
    judgement = held(MOVED, emergency(start, 5))
    assert (judgement.verdict, reasons(judgement)) == (Verdict.UNAPPROVED, {"C1": Reason.CLAIM_OUTSIDE_BRACKET})


def test_an_emergency_that_went_on_explains_what_moved_until_its_end_but_not_beyond() -> None:
    long = emergency(1, 8, end=6)
    assert held(item("V10", 5, 5.5), long).verdict is Verdict.VERIFIED
    assert held(item("V10", 6.1, 6.5), long).verdict is Verdict.UNAPPROVED


def test_an_emergency_recorded_in_time_waits_for_its_words_and_is_unapproved_without_them() -> None:
    waiting = change(line(), window=(1, 1), recorded=5, kind=ChangeType.EMERGENCY)
    assert held(MOVED, waiting, at=11.9).verdict is Verdict.PENDING
    assert held(MOVED, waiting, at=12).verdict is Verdict.UNAPPROVED
    assert held(MOVED, approved(waiting, 20, 30), at=31).verdict is Verdict.AUTHORISED


def test_what_is_added_to_an_emergency_record_later_was_recorded_later() -> None:
    timely = emergency(1, 6)
    assert timely.plan
    wider = replace(timely.plan, lines=(*timely.plan.lines, line(Path("os", "name"))), written_at=hours(13))
    again = approved(replace(timely, plan=wider), 14)
    assert held(item("x", 0, 4, Path("os", "name")), again).verdict is Verdict.RETRO_LATE


def test_another_value_than_the_emergency_names_is_a_variance() -> None:
    assert held(MOVED, emergency(1, 6, value="V9")).verdict is Verdict.VARIANCE


# --- the pending clock


def test_the_clock_ends_eight_hours_after_it_was_seen_to_the_millisecond() -> None:
    one = item("V10", 0, 1, ci_id=UPS1)
    assert judge(one, (), hours(9) - 1) == Judgement(Verdict.PENDING, due_at=hours(9))
    assert judge(one, (), hours(9)) == Judgement(Verdict.UNAPPROVED)


def test_a_breach_is_told_at_once_and_waits_for_no_clock() -> None:
    assert held(item("V10", 30, 31), agreed(line(expected=exactly("V10"))), at=31).verdict is Verdict.OUT_OF_WINDOW


def test_the_ci_of_the_item_is_the_one_that_counts() -> None:
    both = agreed(line(ci_id=SW1), line(ci_id=DB1))
    assert held(item("V10", 20, 21, ci_id=DB1), both).verdict is Verdict.AUTHORISED
    assert held(item("V10", 20, 21, ci_id=UPS1), both).verdict is Verdict.UNAPPROVED
