"""Every shipped rule keeps what its own cases promise, and has cases enough to mean something."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from collector.alerting import FIRING, advance
from collector.compiled import RECORD_FIELDS, CompiledRule, compile_rule
from collector.inspection import Facts, inspect
from collector.model import Alert, Outcome, Value
from collector.rulebook import Case, load, shipped
from collector.samples import History
from wire.observation import Status
from wire.sections import SECTIONS, check

BOOK = load(shipped())
SERVER = {
    "id": 1, "uid": "ci-1", "name": "srv1", "class": "server", "type": "pc_server",
    "state": "active", "environment": "production", **dict.fromkeys(RECORD_FIELDS, ""),
}  # fmt: skip
EXPECTED = {"fires": "PROBLEM", "silent": "PASS", "unknown": "UNKNOWN", "not_applicable": "N/A"}
_CASES = [(BOOK.rules[rule], case) for rule, cases in BOOK.cases.items() for case in cases]


def facts_of(case: Case) -> Facts:
    sections = case.ci.keys() & SECTIONS.keys()
    return Facts(
        ci={**SERVER, **case.ci},
        ages={name: case.now - case.ages_ms.get(name, 0) for name in sections},
        statuses={name: Status[status.upper()] for name, status in case.statuses.items()},
        history=History(case.history),
    )


def alerts_after(rule: CompiledRule, case: Case) -> Mapping[tuple[str, int, str], Alert]:
    """Return the alerts once the same facts have been seen again and again, for as long as the rule wants them to."""
    before = {}
    if case.was == FIRING:
        instances = [result.instance for result in inspect(rule, facts_of(case), case.now)]
        before = {(rule.id, 1, each): Alert(rule.id, 1, each, FIRING, Outcome.PROBLEM, 0, 0) for each in instances}
    rounds = max(2, rule.rule.min_samples)
    span = max(rule.rule.hold_ms, rule.rule.keep_ms)
    for now in (case.now + span * at // (rounds - 1) for at in range(rounds)):
        results = [replace(each, seen_at=now) for each in inspect(rule, facts_of(case), case.now)]
        before |= {
            (each.rule, each.ci_id, each.instance): each for each in advance(before, results, {rule.id: rule}, now)
        }
    return before


@pytest.mark.parametrize(
    ("rule", "case"), _CASES, ids=[f"{rule.id}-{case.expect} {case.name}" for rule, case in _CASES]
)
def test_a_rule_says_of_each_case_what_the_case_expects(rule: CompiledRule, case: Case) -> None:
    alerts = alerts_after(rule, case)
    firing = [alert for alert in alerts.values() if alert.state == FIRING]
    outcomes = {result.outcome for result in inspect(rule, facts_of(case), case.now)}
    if case.expect == "fires":
        assert firing, outcomes
        assert case.severity is None or case.severity in {alert.evidence["severity"] for alert in firing}
    else:
        assert Outcome(EXPECTED[case.expect]) in outcomes
        assert Outcome.PROBLEM not in outcomes
        assert bool(firing) is (case.was == FIRING and case.expect == "unknown")


@pytest.mark.parametrize("rule", BOOK.rules)
def test_every_rule_has_a_case_that_fires_one_that_is_silent_and_one_that_is_unknown(rule: str) -> None:
    assert {"fires", "silent", "unknown"} <= {case.expect for case in BOOK.cases[rule]}


@pytest.mark.parametrize(("rule", "case"), _CASES, ids=[f"{rule.id}-{case.name}" for rule, case in _CASES])
def test_the_sections_of_a_case_keep_to_the_catalogue(rule: CompiledRule, case: Case) -> None:
    for name in case.ci.keys() & SECTIONS.keys():
        assert check(SECTIONS[name], case.ci[name]) == case.ci[name]


def test_rules_that_were_shipped_once_are_all_still_there() -> None:
    assert set(BOOK.rules) >= {
        "SRV-DISK-001", "SRV-NTP-001", "SEC-CERT-001", "AGT-SILENT-001", "SEC-SW-001", "PWR-UPS-001", "PRN-SUPPLY-001",
        "EVT-LINK-001", "EVT-UPS-001", "EVT-START-001",
    }  # fmt: skip


@pytest.mark.parametrize("rule", BOOK.rules)
def test_a_rule_never_passes_and_never_ends_an_alert_while_its_section_is_missing(rule: str) -> None:
    compiled = BOOK.rules[rule]
    case = next(each for each in BOOK.cases[rule] if each.expect == "fires")
    before = {key: alert for key, alert in alerts_after(compiled, case).items() if alert.state == FIRING}
    for status in ("failed", "denied"):
        missing = replace(case, statuses=dict.fromkeys(compiled.sections, status))
        results = inspect(compiled, facts_of(missing), case.now)
        if not compiled.sections:
            continue
        assert {result.outcome for result in results} == {Outcome.UNKNOWN}
        after = {
            (each.rule, each.ci_id, each.instance): each for each in advance(before, results, BOOK.rules, case.now)
        }
        assert all(after[key].state == FIRING for key in before)


@pytest.mark.parametrize("mutated", ["<", ">=", "<="])
def test_the_cases_of_the_disk_rule_notice_a_changed_comparison(mutated: str) -> None:
    assert not _holds("SRV-DISK-001", expr=BOOK.rules["SRV-DISK-001"].rule.expr.replace(">", mutated))


@pytest.mark.parametrize(
    ("rule", "changed"),
    [
        ("SRV-DISK-001", {"where": None}),
        ("SRV-DISK-001", {"recover": None}),
        ("SRV-DISK-001", {"levels": ()}),
        ("SRV-DISK-001", {"params": {"disk_ratio": 0.92, "disk_recover_ratio": 0.87, "disk_critical_ratio": 0.97}}),
        ("SRV-DISK-001", {"params": {"disk_ratio": 0.87, "disk_recover_ratio": 0.87, "disk_critical_ratio": 0.97}}),
        ("SRV-DISK-001", {"max_age_ms": 0}),
        ("SRV-NTP-001", {"expr": "ci.ntp.synchronised == true"}),
        ("SEC-CERT-001", {"expr": "days_until(cert.not_after) <= param.cert_days"}),
        ("SEC-CERT-001", {"levels": ()}),
        ("AGT-SILENT-001", {"expr": "now - ci.agent.last_seen >= duration(param.silent)"}),
        ("AGT-SILENT-001", {"match": "true"}),
        ("SEC-SW-001", {"where": "param.forbidden.exists(each, package.name.startsWith(each))"}),
        ("SEC-SW-001", {"max_age_ms": 0}),
        ("PWR-UPS-001", {"expr": 'ci.ups.source != "normal"'}),
        ("PWR-UPS-001", {"levels": ()}),
        ("PWR-UPS-001", {"max_age_ms": 0}),
        ("EVT-LINK-001", {"expr": 'event.kind == "link_down"'}),
        ("EVT-UPS-001", {"levels": ()}),
        ("EVT-UPS-001", {"expr": 'event.kind == "ups_on_battery"'}),
        ("EVT-START-001", {"expr": "now - timestamp(event.until) <= duration(param.restart_notice)"}),
        ("PRN-SUPPLY-001", {"where": "has(supply.level_ratio)"}),
        ("PRN-SUPPLY-001", {"expr": "supply.level_ratio <= param.supply_ratio"}),
    ],
)
def test_the_cases_notice_a_changed_rule(rule: str, changed: Mapping[str, Value]) -> None:
    assert not _holds(rule, **changed)


def _holds(rule: str, **changed: Value) -> bool:
    """Return whether the rule, compiled again with something else in it, still passes its own cases."""
    original = BOOK.rules[rule]
    levels = changed.pop("levels", [(condition.source, level) for condition, level in original.levels])
    recover = changed.pop("recover", original.recover.source if original.recover else None)
    mutant = compile_rule(replace(original.rule, **changed), recover, levels)
    try:
        for case in BOOK.cases[rule]:
            test_a_rule_says_of_each_case_what_the_case_expects(mutant, case)
    except AssertionError:
        return False
    return True
