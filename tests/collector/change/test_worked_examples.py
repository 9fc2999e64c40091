"""The worked examples E1 to E11 of the specification, one test each.

C1 is a normal change: request approved at -48, plan at -24, window 20 to 22, and sw1's version becomes V200R021C10.
Times are hours; every verdict is asked for at 40 unless the example says another time.
"""

from __future__ import annotations

from collector.change.approval import Flaw, Gap
from collector.change.covering import Reason
from collector.change.item import Item
from collector.change.matching import Flag, Judgement, Refused, judge
from collector.change.record import Change, ChangeType, Stage
from collector.model import Path, Verdict
from tests.collector.change.written import (
    DB1,
    UPS1,
    approved,
    change,
    exactly,
    granted,
    hours,
    item,
    line,
)

PLANNED, ANOTHER = "V200R021C10", "V200R019C10"
C1_UNAPPROVED = granted(change(line(expected=exactly(PLANNED))), Stage.REQUEST, -48)
C1 = granted(C1_UNAPPROVED, Stage.PLAN, -24)
RAM = Path("memory_modules", "DIMM1")
RAM_ITEM = item({"size_bytes": 64}, 0, 1, path=RAM, ci_id=DB1, old=None)


def held(one: Item, *changes: Change, at: float = 40) -> Judgement:
    return judge(one, changes, hours(at))


def emergency(recorded: float, start: float, kind: ChangeType = ChangeType.EMERGENCY) -> Change:
    """db1's new module, done at `start` and recorded at `recorded`; both words follow within the hour."""
    plan = line(RAM, exactly({"size_bytes": 64}), ci_id=DB1)
    written = change(plan, window=(start, start), recorded=recorded, kind=kind, number="E1")
    return approved(written, recorded + 0.5, recorded + 1)


def test_E1_what_was_planned_inside_a_bracket_wider_than_the_window_is_verified_and_uncertain() -> None:  # noqa: N802
    judgement = held(item(PLANNED, 19, 23), C1)
    assert (judgement.verdict, judgement.change) == (Verdict.VERIFIED, "C1")
    assert judgement.flags == {Flag.WINDOW_UNCERTAIN}
    assert held(item(PLANNED, 19.75, 24), C1).flags == frozenset(), "the margins belong to the window"


def test_E2_another_version_than_planned_is_a_variance() -> None:  # noqa: N802
    judgement = held(item(ANOTHER, 19.9, 21), C1)
    assert (judgement.verdict, judgement.change, judgement.flags) == (Verdict.VARIANCE, "C1", frozenset())


def test_E3_an_approved_change_of_the_ci_does_not_cover_its_other_attributes() -> None:  # noqa: N802
    judgement = held(item("hash2", 20, 21, path=Path("snmp", "community_hash")), C1)
    assert (judgement.verdict, judgement.change) == (Verdict.UNAPPROVED, "")
    assert judgement.refused == (Refused("C1", Reason.OTHER_PATH),)


def test_E4_the_planned_value_after_the_window_is_out_of_window() -> None:  # noqa: N802
    judgement = held(item(PLANNED, 30, 31), C1)
    assert (judgement.verdict, judgement.change) == (Verdict.OUT_OF_WINDOW, "C1")


def test_E5_a_plan_nobody_approved_leaves_it_unapproved() -> None:  # noqa: N802
    judgement = held(item(PLANNED, 20, 21), C1_UNAPPROVED)
    assert (judgement.verdict, judgement.change) == (Verdict.UNAPPROVED, "C1")
    assert judgement.refused == (Refused("C1", Reason.NOT_APPROVED, Gap(Stage.PLAN, Flaw.MISSING)),)


def test_E6_a_plan_approved_after_the_work_is_a_late_approval() -> None:  # noqa: N802
    judgement = held(item(PLANNED, 20, 21), granted(C1_UNAPPROVED, Stage.PLAN, 25))
    assert (judgement.verdict, judgement.change) == (Verdict.LATE_APPROVAL, "C1")
    assert judgement.late_ms == hours(5)


def test_E7_what_nothing_explains_is_pending_for_eight_hours_after_it_was_seen_then_unapproved() -> None:  # noqa: N802
    judgement = held(RAM_ITEM, at=3)
    assert (judgement.verdict, judgement.due_at) == (Verdict.PENDING, hours(9))
    assert held(RAM_ITEM, at=10).verdict is Verdict.UNAPPROVED


def test_E8_an_emergency_recorded_within_eight_hours_explains_it_afterwards() -> None:  # noqa: N802
    judgement = held(RAM_ITEM, emergency(recorded=6, start=0.2))
    assert (judgement.verdict, judgement.flags) == (Verdict.VERIFIED, {Flag.RETROSPECTIVE})


def test_E9_an_emergency_recorded_too_late_is_a_breach_though_the_work_was_justified() -> None:  # noqa: N802
    judgement = held(RAM_ITEM, emergency(recorded=11, start=0.2))
    assert (judgement.verdict, judgement.late_ms) == (Verdict.RETRO_LATE, hours(10.8))


def test_E10_a_value_nobody_planned_read_once_a_month_is_authorised_and_uncertain() -> None:  # noqa: N802
    firmware = Path("ups", "firmware")
    planned = approved(change(line(firmware, ci_id=UPS1)), -48, -24)
    judgement = held(item("2.1", -30, 21, path=firmware, ci_id=UPS1, old="2.0"), planned)
    assert (judgement.verdict, judgement.flags) == (Verdict.AUTHORISED, {Flag.WINDOW_UNCERTAIN})


def test_E11_a_major_change_the_manager_did_not_confirm_leaves_it_unapproved() -> None:  # noqa: N802
    major = change(line(expected=exactly(PLANNED)), kind=ChangeType.MAJOR)
    major = granted(granted(major, Stage.REQUEST, -48), Stage.PLAN, -24)
    judgement = held(item(PLANNED, 20, 21), major)
    assert judgement.verdict is Verdict.UNAPPROVED
    assert judgement.refused[0].gap == Gap(Stage.CONFIRM, Flaw.MISSING)
    assert held(item(PLANNED, 20, 21), granted(major, Stage.CONFIRM, -12)).verdict is Verdict.VERIFIED
