"""Alerts: how they move by what rules say; missing data never resolves, and a gap never counts as time that held."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.alerting import FIRING, GONE, NOT_BACK, OK, PENDING, advance
from collector.inspection import Facts, inspect
from collector.model import Alert, Outcome, Result
from tests.collector.test_inspection import CLOCK, DISK, MINUTE, NOW, RULES, facts, used
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
