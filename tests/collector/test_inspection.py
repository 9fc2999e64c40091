"""Inspection: what a rule says of a CI; missing data never passes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from collector.compiled import BadRule, CompiledRule, compile_rule
from collector.inspection import MAX_INSTANCES, Facts, inspect
from collector.model import Outcome, Rule
from collector.rulepack import DEFAULT_MATCH
from wire.observation import Status

NOW = 1_768_464_000_000
MINUTE = 60_000
TEXTS = {"zh": "{{ci.name}}", "en": "{{ci.name}}"}
SERVER = {
    "id": 7, "uid": "ci-7", "name": "srv7", "class": "server", "type": "pc_server",
    "state": "active", "environment": "production", "owner": "",
    "agent": {"last_seen": NOW - 5 * MINUTE, "version": "0.1"},
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
    assert (results["root"].is_back, results["tmp"].is_back) == (True, False)


def test_a_result_says_when_the_oldest_of_what_it_was_read_from_was_confirmed() -> None:
    [result] = inspect(CLOCK, facts(ntp={"synchronised": False}, age=7 * MINUTE), NOW)
    assert result.seen_at == NOW - 7 * MINUTE


def test_of_the_overrides_of_a_limit_the_first_that_holds_for_the_ci_counts() -> None:
    rule = compile_rule(
        replace(DISK.rule, overrides={"limit": [('ci.owner == "dba"', 0.99), ('ci.name == "srv7"', 0.5)]})
    )
    known = facts(health=used(root=0.6))
    [plain] = inspect(rule, known, NOW)
    [theirs] = inspect(rule, replace(known, ci=known.ci | {"owner": "dba"}), NOW)
    [others] = inspect(rule, replace(known, ci=known.ci | {"name": "srv8"}), NOW)
    assert [(str(each.outcome), each.evidence["param.limit"]) for each in (plain, theirs, others)] == [
        ("PROBLEM", 0.5), ("PASS", 0.99), ("PASS", 0.9),
    ]  # fmt: skip
    assert (rule.reads_record, DISK.reads_record) == (True, False)


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
    by_zero = compile_rule(Rule("T-0", frozenset({"server"}), "1 / ci.cpu.cores > 0", TEXTS, TEXTS, match="true"))
    assert said(by_zero, facts(cpu={"cores": 0})) == {"": ("ERROR", "division by zero")}


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
