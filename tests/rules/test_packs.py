"""Every shipped rule keeps what its own cases promise, and has cases enough to mean something."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collector.alerting import advance
from collector.inspection import inspect
from collector.model import Outcome
from collector.ruletests.cases import alerts_after, facts_of, failure
from collector.ruletests.suite import MUST
from tests.rules.shipped import SUITE
from wire.sections import SECTIONS, check

BOOK = SUITE.book


@pytest.mark.parametrize("rule", BOOK.rules)
def test_a_rule_says_of_each_case_what_the_case_expects(rule: str) -> None:
    told = {f"{case.expect}: {case.name}": failure(BOOK.rules[rule], case) for case in BOOK.cases[rule]}
    assert {case: why for case, why in told.items() if why} == {}


@pytest.mark.parametrize("rule", BOOK.rules)
def test_every_rule_has_a_case_that_fires_one_that_is_silent_and_one_that_is_unknown(rule: str) -> None:
    assert {case.expect for case in BOOK.cases[rule]} >= MUST


@pytest.mark.parametrize("rule", BOOK.rules)
def test_the_sections_of_its_cases_keep_to_the_catalogue(rule: str) -> None:
    for case in BOOK.cases[rule]:
        for name in case.ci.keys() & SECTIONS.keys():
            assert check(SECTIONS[name], case.ci[name]) == case.ci[name], case.name


def test_rules_that_were_shipped_once_are_all_still_there() -> None:
    assert set(BOOK.rules) >= {
        "SRV-DISK-001", "SRV-NTP-001", "SEC-CERT-001", "AGT-SILENT-001", "SEC-SW-001", "PWR-UPS-001", "PRN-SUPPLY-001",
        "EVT-LINK-001", "EVT-UPS-001", "EVT-START-001",
    }  # fmt: skip


@pytest.mark.parametrize("rule", BOOK.rules)
def test_a_rule_never_passes_and_never_ends_an_alert_while_its_section_is_missing(rule: str) -> None:
    compiled = BOOK.rules[rule]
    case = next(each for each in BOOK.cases[rule] if each.expect == "fires")
    results = inspect(compiled, facts_of(case), case.now)
    before = {key: alert for key, alert in alerts_after(compiled, case, results).items() if alert.fires}
    for status in ("failed", "denied"):
        missing = replace(case, statuses=dict.fromkeys(compiled.sections, status))
        results = inspect(compiled, facts_of(missing), case.now)
        if not compiled.sections:
            continue
        assert {result.outcome for result in results} == {Outcome.UNKNOWN}
        after = {
            (each.rule, each.ci_id, each.instance): each for each in advance(before, results, BOOK.rules, case.now)
        }
        assert all(after[key].fires for key in before)
