"""Verification: a change closes only when each line was seen as planned after the work, or a person decided it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collector.change.record import RULE, Change
from collector.change.verification import DECIDED, Evidence, LineCheck, LineState, Sight, unmet, verify
from collector.model import Path, Value
from tests.collector.change.written import VERSION, approved, change, exactly, hours, line

C1 = approved(change(line(expected=exactly("V10"))), -48, -24)


def sight(value: Value, at: float, source: str = "agent") -> Sight:
    return Sight(source, hours(at), value)


def check(*sights: Sight, at: float = 30, of: Change = C1, **known: Value) -> LineCheck:
    return verify(of, {0: Evidence(sights, **known)}, hours(at))[0]


def test_the_planned_value_seen_after_the_work_is_verified_with_its_sight() -> None:
    assert check(sight("V10", 23)) == LineCheck(C1.lines[0], LineState.VERIFIED, sight("V10", 23))


def test_what_was_seen_before_the_work_was_over_verifies_nothing() -> None:
    assert check(sight("V10", 22)).state is LineState.PENDING
    assert check(sight("V10", 21.5), of=replace(C1, finished_at=hours(21))).state is LineState.VERIFIED


def test_another_value_has_failed_until_a_newer_look_shows_the_planned_one() -> None:
    assert check(sight("V9", 23)).state is LineState.FAILED
    assert check(sight("V9", 23), sight("V10", 24)).state is LineState.VERIFIED
    assert check(sight("V10", 23), sight("V9", 24)).state is LineState.FAILED


def test_without_evidence_it_is_pending_for_a_day_then_unknown_and_never_right() -> None:
    assert check(at=46).state is LineState.PENDING
    assert check(at=46.1).state is LineState.UNKNOWN
    assert not check(at=1000).is_final


def test_a_rule_whose_alert_is_expected_is_final_once_the_work_is_over_whether_it_came_or_not() -> None:
    named = approved(change(line(path=Path(RULE, "NET-LINK-001"))), -48, -24)
    assert check(at=21, of=named, is_discoverable=False).state is LineState.PENDING
    assert check(at=24, of=named, is_discoverable=False).is_final


def test_what_came_after_the_moment_asked_about_is_not_known() -> None:
    assert check(sight("V10", 31), at=30).state is LineState.PENDING


def test_a_line_that_promised_nothing_takes_what_is_found() -> None:
    assert check(sight("V7", 23), of=approved(change(line()), -48, -24)).state is LineState.USED_DISCOVERED


def test_what_was_to_go_is_verified_by_a_look_that_finds_nothing_there() -> None:
    gone = approved(change(line(expected=exactly(None))), -48, -24)
    assert check(sight(None, 23), of=gone).state is LineState.VERIFIED
    assert check(sight("still", 23), of=gone).state is LineState.FAILED
    assert check(of=gone, at=100).state is LineState.UNKNOWN


def test_two_sources_that_disagree_need_a_person() -> None:
    assert check(sight("V10", 23), sight("V9", 24, "snmp")).state is LineState.MANUAL_REQUIRED
    assert check(sight("V10", 23), sight("V10", 24, "snmp")).state is LineState.VERIFIED


def test_what_no_source_can_see_needs_a_person() -> None:
    assert check(is_discoverable=False).state is LineState.MANUAL_REQUIRED
    assert check(is_discoverable=False, decided=LineState.MANUALLY_VERIFIED).is_final


@pytest.mark.parametrize("claimed", sorted(set(LineState) - DECIDED))
def test_a_person_cannot_declare_what_only_a_look_can_show(claimed: LineState) -> None:
    assert check(decided=claimed).state is LineState.PENDING


def test_what_did_not_come_is_named() -> None:
    both = approved(change(line(expected=exactly("V10")), line(Path("os", "name"), exactly("sw1"))), -48, -24)
    checks = verify(both, {0: Evidence([sight("V10", 23)])}, hours(60))
    assert [each.line.path for each in unmet(checks)] == [Path("os", "name")]
    assert [each.state for each in checks] == [LineState.VERIFIED, LineState.UNKNOWN]
    assert checks[0].line.path == VERSION
