"""Alerts: how they move by what rules say; missing data never resolves, and a gap never counts as time that held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector import alerting
from collector.alerting import FIRING, GONE, NOT_BACK, OK, PENDING, RECOVERING, advance
from collector.inspection import Facts, inspect
from collector.model import Alert, Outcome, Result, Rule
from tests.collector.test_inspection import CLOCK, DISK, MINUTE, NOW, RULES, TEXTS, facts, used
from wire.observation import Status

Alerts = dict[tuple[str, int, str], Alert]


def step(before: Alerts, results: Sequence[Result], now: int) -> Alerts:
    """Return the alerts as the store would hold them afterwards."""
    after = dict(before)
    for alert in advance(before, results, RULES, now):
        key = (alert.rule, alert.ci_id, alert.instance)
        if alert.outcome is Outcome.NOT_APPLICABLE:
            after.pop(key, None)
        else:
            after[key] = alert
    return after


def disk(before: Alerts, minute: float, *rows: dict[str, Any], **how: Any) -> Alerts:
    now = NOW + int(minute * MINUTE)
    known = facts(health=list(rows), **how)
    return step(before, inspect(DISK, Facts(known.ci, {"health": now}, known.statuses, known.partial), now), now)


def state(alerts: Alerts, instance: str = "root") -> tuple[str, str]:
    alert = alerts["T-DISK", 7, instance]
    return alert.state, str(alert.outcome)


def test_a_problem_is_pending_until_it_has_held_then_it_fires() -> None:
    alerts = disk({}, 0, *used(root=0.95))
    assert state(alerts) == (PENDING, "PROBLEM")
    alerts = disk(alerts, 9.9, *used(root=0.95))
    assert state(alerts) == (PENDING, "PROBLEM")
    alerts = disk(alerts, 10, *used(root=0.95))
    assert state(alerts) == (FIRING, "PROBLEM")
    assert alerts["T-DISK", 7, "root"].since == NOW
    assert alerts["T-DISK", 7, "root"].changed_at == NOW + 10 * MINUTE


def test_a_problem_that_goes_while_pending_never_fires() -> None:
    alerts = disk(disk({}, 0, *used(root=0.95)), 5, *used(root=0.85))
    assert state(alerts) == (OK, "PASS")
    assert state(disk(alerts, 11, *used(root=0.95))) == (PENDING, "PROBLEM")


def test_a_rule_without_a_hold_fires_at_once() -> None:
    results = inspect(CLOCK, facts(ntp={"synchronised": False}), NOW)
    assert step({}, results, NOW)["T-CLOCK", 7, ""].state == FIRING


def firing() -> Alerts:
    return disk(disk({}, 0, *used(root=0.95)), 10, *used(root=0.95))


def test_what_fires_ends_only_when_it_has_recovered() -> None:
    alerts = disk(firing(), 11, *used(root=0.85))
    assert state(alerts) == (FIRING, "PROBLEM")
    assert alerts["T-DISK", 7, "root"].reason == NOT_BACK
    assert alerts["T-DISK", 7, "root"].evidence == {"fs.value": 0.85, "param.limit": 0.9, "severity": "warning"}
    alerts = disk(alerts, 12, *used(root=0.79))
    assert state(alerts) == (OK, "PASS")
    assert alerts["T-DISK", 7, "root"].since == NOW + 12 * MINUTE


def test_a_problem_that_grows_worse_is_the_same_alert_with_another_severity() -> None:
    alerts = disk(firing(), 11, *used(root=0.98))
    assert state(alerts) == (FIRING, "PROBLEM")
    assert alerts["T-DISK", 7, "root"].evidence["severity"] == "critical"
    assert alerts["T-DISK", 7, "root"].since == NOW


@pytest.mark.parametrize("status", [Status.FAILED, Status.DENIED])
def test_missing_data_ends_nothing(status: Status) -> None:
    alerts = disk(firing(), 11, statuses={"health": status})
    assert state(alerts) == (FIRING, "UNKNOWN")
    assert alerts["T-DISK", 7, "root"].evidence["fs.value"] == 0.95
    assert state(alerts, "") == (OK, "UNKNOWN")
    alerts = disk(alerts, 12, *used(root=0.95))
    assert state(alerts) == (FIRING, "PROBLEM")
    assert alerts["T-DISK", 7, "root"].since == NOW
    assert ("T-DISK", 7, "") not in alerts


def test_a_gap_while_pending_starts_the_hold_again() -> None:
    alerts = disk(disk({}, 0, *used(root=0.95)), 5, statuses={"health": Status.FAILED})
    assert state(alerts) == (PENDING, "UNKNOWN")
    alerts = disk(alerts, 11, *used(root=0.95))
    assert state(alerts) == (PENDING, "PROBLEM")
    assert state(disk(alerts, 21, *used(root=0.95))) == (FIRING, "PROBLEM")


def test_an_instance_that_vanished_from_a_complete_section_ends_and_is_forgotten() -> None:
    before = firing()
    now = NOW + 11 * MINUTE
    [alert] = [each for each in advance(before, inspect(DISK, facts(health=used(var=0.1)), now), RULES, now)
               if each.instance == "root"]  # fmt: skip
    assert (alert.state, alert.outcome, alert.reason) == (OK, Outcome.NOT_APPLICABLE, GONE)
    assert set(disk(before, 11, *used(var=0.1))) == {("T-DISK", 7, "var")}
    assert set(disk(before, 11)) == {("T-DISK", 7, "")}


def test_an_instance_that_is_not_in_a_partial_section_stays() -> None:
    alerts = disk(firing(), 11, *used(var=0.1), partial=["health"])
    assert state(alerts) == (FIRING, "UNKNOWN")


def test_a_rule_that_no_longer_speaks_of_the_ci_ends_its_alerts() -> None:
    assert disk(firing(), 11, *used(root=0.95), state="retired") == {}


def test_a_bug_in_a_rule_ends_nothing() -> None:
    alerts = disk(firing(), 11, {"metric": "used", "instance": "root", "value": "full"})
    assert state(alerts) == (FIRING, "ERROR")


def test_only_what_moved_is_told() -> None:
    alerts = disk({}, 0, *used(root=0.5, var=0.95))
    now = NOW + MINUTE
    again = inspect(DISK, facts(health=used(root=0.6, var=0.95)), now)
    assert advance(alerts, again, RULES, now) == ()


def test_alerts_of_other_rules_and_cis_are_left_alone() -> None:
    others = {
        ("T-CLOCK", 7, ""): Alert("T-CLOCK", 7, "", FIRING, Outcome.PROBLEM, 0, 0),
        ("T-DISK", 8, "root"): Alert("T-DISK", 8, "root", FIRING, Outcome.PROBLEM, 0, 0),
    }
    assert advance(others, inspect(DISK, facts(health=[]), NOW), RULES, NOW)[0].instance == ""
    assert len(advance(others, inspect(DISK, facts(health=[]), NOW), RULES, NOW)) == 1


READINGS = st.sampled_from([0.1, 0.85, 0.95, 0.99, None, "failed", "gone"])


@given(st.lists(READINGS, min_size=1, max_size=25))
@settings(max_examples=300, deadline=None)
def test_alerts_follow_a_plain_model_whatever_comes(readings: list[Any]) -> None:
    alerts: Alerts = {}
    model, held_since = OK, 0
    for minute, reading in enumerate(readings):
        rows = [] if reading == "gone" else used(root=reading)
        statuses = {"health": Status.FAILED} if reading == "failed" else None
        alerts = disk(alerts, minute * 4, *rows, statuses=statuses)
        if reading in (None, "failed"):
            model = "pending-again" if model in (PENDING, "pending-again") else model
        elif reading == "gone" or reading < 0.8 or (reading < 0.9 and model != FIRING):
            model = OK
        elif reading > 0.9 and model != FIRING:
            if model != PENDING:
                held_since = minute
            model = FIRING if (minute - held_since) * 4 >= 10 else PENDING
        found = alerts.get(("T-DISK", 7, "root"))
        assert (found.state if found else OK) == model.removesuffix("-again")


# --- timers


def rule_of(**how: Any) -> Rule:
    return Rule("T-ONE", frozenset({"server"}), "true", TEXTS, TEXTS, **{"flap": None, **how})


def said(outcome: str, minute: float, **how: Any) -> Result:
    evidence = {"severity": "warning"} if outcome == "PROBLEM" else {}
    return Result("T-ONE", 7, "", Outcome(outcome), evidence, seen_at=NOW + int(minute * MINUTE), **how)


def after(rule: Rule, *told: tuple[str, float], **how: Any) -> Alert:
    """Return the alert after results of a rule (outcome, minute), each read from what was seen just then."""
    alert: Alert | None = None
    for outcome, minute in told:
        alert = alerting.next_of(alert, said(outcome, minute, **how), rule, NOW + int(minute * MINUTE))
    assert alert is not None
    return alert


def test_it_takes_both_the_time_and_so_many_fresh_samples() -> None:
    rule = rule_of(hold_ms=10 * MINUTE, min_samples=3)
    assert after(rule, ("PROBLEM", 0), ("PROBLEM", 20)).state == PENDING
    assert after(rule, ("PROBLEM", 0), ("PROBLEM", 1), ("PROBLEM", 2)).state == PENDING
    assert after(rule, ("PROBLEM", 0), ("PROBLEM", 1), ("PROBLEM", 10)).state == FIRING


def test_the_same_sample_looked_at_again_is_not_a_fresh_one() -> None:
    rule, alert = rule_of(min_samples=2), None
    for at in range(5):
        alert = alerting.next_of(alert, said("PROBLEM", 0), rule, NOW + at * MINUTE)
    assert alert is not None
    assert (alert.state, alert.samples) == (PENDING, 1)


def test_two_samples_around_a_gap_do_not_make_it_fire() -> None:
    rule = rule_of(hold_ms=10 * MINUTE, max_age_ms=5 * MINUTE)
    across = after(rule, ("PROBLEM", 0), ("PROBLEM", 11))
    assert (across.state, across.since) == (PENDING, NOW + 11 * MINUTE)
    assert after(rule, ("PROBLEM", 0), ("PROBLEM", 5), ("PROBLEM", 10)).state == FIRING


def test_what_recovers_fires_on_for_a_while_and_is_the_same_episode_if_it_comes_back() -> None:
    rule = rule_of(keep_ms=5 * MINUTE)
    back = after(rule, ("PROBLEM", 0), ("PASS", 1))
    assert (back.state, back.keep_until, back.evidence) == (RECOVERING, NOW + 6 * MINUTE, {"severity": "warning"})
    again = after(rule, ("PROBLEM", 0), ("PASS", 1), ("PROBLEM", 3))
    assert (again.state, again.episode, again.since) == (FIRING, 1, NOW)
    assert after(rule, ("PROBLEM", 0), ("PASS", 1), ("PROBLEM", 3), ("PASS", 4), ("PASS", 8.9)).state == RECOVERING
    over = after(rule, ("PROBLEM", 0), ("PASS", 1), ("PASS", 6))
    assert (over.state, over.keep_until, over.evidence) == (OK, 0, {})
    assert after(rule, ("PROBLEM", 0), ("PASS", 1), ("PASS", 6), ("PROBLEM", 7)).episode == 2


def test_time_in_which_nobody_knows_does_not_count_as_recovered() -> None:
    rule = rule_of(keep_ms=5 * MINUTE)
    told = [("PROBLEM", 0), ("PASS", 1), ("UNKNOWN", 2), ("ERROR", 10), ("PASS", 12)]
    assert after(rule, *told).keep_until == NOW + 16 * MINUTE
    assert after(rule, *told, ("PASS", 15.9)).state == RECOVERING
    assert after(rule, *told, ("PASS", 16)).state == OK


def test_one_that_recovers_and_whose_recover_fails_again_fires() -> None:
    rule = rule_of(keep_ms=5 * MINUTE)
    alert = after(rule, ("PROBLEM", 0), ("PASS", 1))
    back = alerting.next_of(alert, said("PASS", 2, is_back=False), rule, NOW + 2 * MINUTE)
    assert (back.state, back.reason, back.keep_until) == (FIRING, NOT_BACK, 0)


@pytest.mark.parametrize(("on_unknown", "state"), [("keep", FIRING), ("ok", OK), ("fire", FIRING)])
def test_a_rule_may_say_what_not_knowing_means_for_what_fires(on_unknown: str, state: str) -> None:
    assert after(rule_of(on_unknown=on_unknown), ("PROBLEM", 0), ("UNKNOWN", 1)).state == state


@pytest.mark.parametrize(("on_unknown", "state"), [("keep", OK), ("ok", OK), ("fire", FIRING)])
def test_a_rule_may_say_what_not_knowing_means_for_what_is_well(on_unknown: str, state: str) -> None:
    alert = after(rule_of(on_unknown=on_unknown, severity="error"), ("PASS", 0), ("UNKNOWN", 1))
    assert (alert.state, alert.evidence) == (state, {"severity": "error"} if state == FIRING else {})


# --- to and fro


def test_late_changes_count_more_than_early_ones() -> None:
    assert alerting.swing("01" * 10, 20) == pytest.approx(97.5)
    assert alerting.swing("1" + "0" * 19, 20) == pytest.approx(100 * 0.8 / 19)
    assert alerting.swing("0" * 19 + "1", 20) == pytest.approx(100 * 1.15 / 19)
    assert alerting.swing("01", 20) == pytest.approx(100 * 1.15 / 19), "what is not remembered was as the oldest"
    assert alerting.swing("", 20) == 0


def test_what_goes_to_and_fro_flaps_until_it_has_been_quiet_and_its_last_state_stands() -> None:
    rule = rule_of(flap=(20, 30, 25))
    told = [("PROBLEM" if at % 2 else "PASS", float(at)) for at in range(8)]
    alert = after(rule, *told)
    assert (alert.flapping, alert.state, alert.episode) == (True, FIRING, 4)
    held = after(rule, *told, ("PASS", 8))
    assert (held.flapping, held.state, held.evidence) == (True, OK, {"severity": "warning"})
    quiet = [("PASS", float(at)) for at in range(8, 40)]
    states = [after(rule, *told, *quiet[:at]) for at in range(1, len(quiet))]
    first = next(at for at, each in enumerate(states) if not each.flapping)
    assert 1 < first < 20
    assert not any(each.flapping for each in states[first:])
    assert (states[-1].bits, states[-1].state, states[-1].evidence, states[-1].seen_at) == ("", OK, {}, 0)


def test_a_state_nobody_knows_is_no_change_of_state() -> None:
    rule = rule_of(flap=(20, 30, 25))
    told = [(["PROBLEM", "UNKNOWN"][at % 2], float(at)) for at in range(40)]
    assert (after(rule, *told).flapping, after(rule, *told).bits) == (False, "")


def test_facts_looked_at_again_by_the_clock_are_no_states_of_their_own() -> None:
    rule = rule_of(flap=(20, 30, 25))
    alert = after(rule, ("PASS", 0), ("PROBLEM", 1))
    for at in range(30):
        alert = alerting.next_of(alert, said("PROBLEM", 1), rule, NOW + (2 + at) * MINUTE)
    assert alert.bits == "01"


@given(st.lists(st.sampled_from(["PASS", "PROBLEM", "UNKNOWN"]), max_size=60), st.integers(0, 59))
def test_an_alert_moves_only_when_its_row_does_and_needs_nothing_but_its_row(outcomes: list[str], cut: int) -> None:
    rule = rule_of(hold_ms=3 * MINUTE, min_samples=2, keep_ms=2 * MINUTE, max_age_ms=9 * MINUTE, flap=(20, 30, 25))
    alert: Alert | None = None
    for at, outcome in enumerate(outcomes):
        if at == cut and alert is not None:
            alert = replace(alert, evidence=dict(alert.evidence))  # as the store gives it back
        alert = alerting.next_of(alert, said(outcome, at), rule, NOW + at * MINUTE)
        again = alerting.next_of(alert, said(outcome, at), rule, NOW + at * MINUTE)
        assert again == alert
