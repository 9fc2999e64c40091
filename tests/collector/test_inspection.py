"""Inspection: what a rule says of a CI, and how alerts move; missing data never passes and never resolves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.compiled import BadRule, CompiledRule, compile_rule
from collector.inspection import FIRING, GONE, MAX_INSTANCES, OK, PENDING, RECOVERING, Facts, advance, inspect
from collector.model import Alert, Outcome, Result, Rule
from collector.rulebook import DEFAULT_MATCH
from wire.observation import Status

NOW = 1_768_464_000_000
MINUTE = 60_000
TEXTS = {"zh": "{{ci.name}}", "en": "{{ci.name}}"}
SERVER = {
    "id": 7, "uid": "ci-7", "name": "srv7", "class": "server", "type": "pc_server",
    "state": "active", "environment": "production", "agent": {"last_seen": NOW - 5 * MINUTE, "version": "0.1"},
}  # fmt: skip

CLOCK = compile_rule(
    Rule("T-CLOCK", frozenset({"server"}), "ci.ntp.synchronised == false", TEXTS, TEXTS, match=DEFAULT_MATCH,
         max_age_ms=60 * MINUTE)
)  # fmt: skip
DISK = compile_rule(
    Rule("T-DISK", frozenset({"pc_server"}), "fs.value > param.limit", TEXTS, TEXTS, match=DEFAULT_MATCH,
         each=("fs", "ci.health", "fs.instance"), where='fs.metric == "used"', hold_ms=10 * MINUTE,
         max_age_ms=60 * MINUTE, params={"limit": 0.9}),
    recover="fs.value < 0.8", levels=[("fs.value > 0.97", "critical")],
)  # fmt: skip
RULES = {rule.id: rule for rule in (CLOCK, DISK)}


def facts(statuses: Mapping[str, Status] | None = None, partial: Sequence[str] = (), age: int = 0, **ci: Any) -> Facts:
    return Facts(SERVER | ci, dict.fromkeys(ci, NOW - age), statuses or {}, frozenset(partial))


def used(**mounts: Any) -> list[dict[str, Any]]:
    return [{"metric": "used", "instance": name, "value": value} for name, value in mounts.items()]


def said(rule: CompiledRule, known: Facts, now: int = NOW) -> dict[str, tuple[str, str]]:
    return {result.instance: (str(result.outcome), result.reason) for result in inspect(rule, known, now)}


# --- results


@pytest.mark.parametrize(("value", "outcome"), [(False, Outcome.PROBLEM), (True, Outcome.PASS)])
def test_a_rule_passes_or_finds_a_problem_and_keeps_what_it_read(value: bool, outcome: Outcome) -> None:
    [result] = inspect(CLOCK, facts(ntp={"synchronised": value}), NOW)
    assert (result.rule, result.ci_id, result.instance, result.outcome) == ("T-CLOCK", 7, "", outcome)
    assert result.evidence["ci.ntp.synchronised"] is value
    assert ("severity" in result.evidence) is (outcome is Outcome.PROBLEM)


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        (facts(), "never_seen: ntp"),
        (facts(statuses={"ntp": Status.FAILED}), "failed: ntp"),
        (facts(statuses={"ntp": Status.DENIED}, ntp={"synchronised": True}), "denied: ntp"),
        (facts(ntp={"synchronised": True}, age=61 * MINUTE), "stale: ntp"),
        (facts(ntp={"service": "ntpd"}), "missing: ci.ntp.synchronised"),
        (facts(ntp={}, statuses={"ntp": Status.EMPTY}), "missing: ci.ntp.synchronised"),
        (Facts(SERVER, {"ntp": NOW}, {"ntp": Status.EMPTY}), "missing: ci.ntp.synchronised"),
        (Facts(SERVER | {"ntp": {"synchronised": True}}, {}), "stale: ntp"),
    ],
)
def test_what_is_missing_is_unknown_with_its_reason(known: Facts, reason: str) -> None:
    assert said(CLOCK, known) == {"": ("UNKNOWN", reason)}


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        (facts(statuses={"ntp": Status.UNSUPPORTED}), "unsupported: ntp"),
        (facts(ntp={"synchronised": False}, **{"class": "network", "type": "switch"}), "kind"),
        (facts(ntp={"synchronised": False}, state="retired"), "match"),
        (facts(ntp={"synchronised": False}, environment="test"), "match"),
    ],
)
def test_a_rule_that_does_not_speak_of_the_ci_is_not_applicable(known: Facts, reason: str) -> None:
    assert said(CLOCK, known) == {"": ("N/A", reason)}


def test_an_unreachable_ci_is_still_inspected() -> None:
    assert said(CLOCK, facts(ntp={"synchronised": False}, state="unreachable")) == {"": ("PROBLEM", "")}


def test_facts_as_old_as_allowed_are_fresh() -> None:
    assert said(CLOCK, facts(ntp={"synchronised": True}, age=60 * MINUTE)) == {"": ("PASS", "")}


def test_each_instance_is_judged_for_itself() -> None:
    known = facts(health=[*used(root=0.5, var=0.95, srv=0.98, tmp=0.85), {"metric": "used", "instance": "opt"},
                          {"metric": "load1", "value": 42.0}])  # fmt: skip
    results = {result.instance: result for result in inspect(DISK, known, NOW)}
    assert {name: str(result.outcome) for name, result in results.items()} == {
        "root": "PASS", "var": "PROBLEM", "srv": "PROBLEM", "tmp": "PASS", "opt": "UNKNOWN",
    }  # fmt: skip
    assert results["var"].evidence == {"fs.value": 0.95, "param.limit": 0.9, "severity": "warning"}
    assert results["srv"].evidence["severity"] == "critical"
    assert (results["root"].reason, results["tmp"].reason) == ("", RECOVERING)


def test_a_section_without_instances_passes_as_a_whole() -> None:
    assert said(DISK, facts(health=[])) == {"": ("PASS", "")}
    assert said(DISK, Facts(SERVER, {"health": NOW}, {"health": Status.EMPTY})) == {"": ("PASS", "")}


def test_the_rows_of_a_partial_section_are_judged_and_the_rest_is_unknown() -> None:
    known = facts(partial=["health"], health=used(root=0.95))
    assert said(DISK, known) == {"root": ("PROBLEM", ""), "": ("UNKNOWN", "partial: health")}


def test_two_rows_of_one_instance_are_the_worse_of_them() -> None:
    assert said(DISK, facts(health=[*used(root=0.95), *used(root=0.1)])) == {"root": ("PROBLEM", "")}


def test_more_instances_than_allowed_tell_the_worst_and_say_so() -> None:
    rows = used(**{f"m{at:04}": 0.1 for at in range(MAX_INSTANCES)}, zz=0.99)
    told = said(DISK, facts(health=rows))
    assert told["zz"] == ("PROBLEM", "")
    assert told[""] == ("UNKNOWN", f"too_many: {MAX_INSTANCES + 1} instances")
    assert len(told) == MAX_INSTANCES + 1


def test_a_name_from_the_network_becomes_one_plain_line() -> None:
    known = facts(health=[{"metric": "used", "instance": "/a\x00b\n\u202e\ud800" + "x" * 500, "value": 0.95}])
    [instance] = said(DISK, known)
    assert instance.startswith("/a b   xx")
    assert len(instance) == 200


def test_a_rule_with_a_bug_is_an_error_and_only_where_it_shows() -> None:
    known = facts(health=[*used(root=0.95), {"metric": "used", "instance": "odd", "value": "full"}])
    assert said(DISK, known) == {"root": ("PROBLEM", ""), "odd": ("ERROR", "cannot order text and number")}
    assert said(CLOCK, facts(ntp={"synchronised": "no"})) == {"": ("ERROR", "cannot compare text with bool")}


def test_the_time_of_the_agent_is_a_time_in_the_language_and_a_text_in_evidence() -> None:
    rule = compile_rule(
        Rule("T-AGT", frozenset({"server"}), 'now - ci.agent.last_seen > duration("5m")', TEXTS, TEXTS, match="true")
    )
    assert said(rule, facts()) == {"": ("PASS", "")}
    [result] = inspect(rule, facts(), NOW + 1)
    assert result.outcome is Outcome.PROBLEM
    assert result.evidence["ci.agent.last_seen"] == "2026-01-15T07:55:00Z"


def test_a_rule_that_names_what_no_section_has_cannot_be_made() -> None:
    with pytest.raises(BadRule, match=r"expr: no such fact: ci\.ntp\.synced"):
        compile_rule(Rule("T-X", frozenset({"server"}), "ci.ntp.synced", TEXTS, TEXTS))


# --- alerts

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
    assert alerts["T-DISK", 7, "root"].reason == RECOVERING
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
