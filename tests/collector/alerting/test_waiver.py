"""Waivers: one function says which of them an alert goes by."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from collector.waiver import DAY_MS, GRANTED, Waiver, effective_waiver, lowered

NOW = 1_768_464_000_000
CI = {"id": 7, "name": "erp", "class": "server", "owner": "dba"}
ACCEPTS = Waiver("WVR-1", "SEC-CERT-001", "accept", "r", NOW, NOW + 10 * DAY_MS, state=GRANTED, decided_at=NOW)
LOWERS = replace(ACCEPTS, number="WVR-2", effect="lower", level="notice")


def holds(at: int = NOW, rule: str = "SEC-CERT-001", instance: str = "a", **changed: Any) -> bool:
    return effective_waiver([replace(ACCEPTS, **changed)], rule, CI, instance, at) is not None


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({}, True),
        ({"at": NOW - 1}, False),
        ({"at": NOW + 10 * DAY_MS - 1}, True),
        ({"at": NOW + 10 * DAY_MS}, False),
        ({"state": "asked"}, False),
        ({"state": "refused"}, False),
        ({"rule": "SEC-CERT-002"}, False),
        ({"rule": "SEC-CERT-0011"}, False),
        ({"instance": "b"}, True),
        ({"scope": 'ci.name == "erp"'}, True),
        ({"scope": 'ci.name == "crm"'}, False),
        ({"scope": 'ci.owner == "dba" && ci.class == "server"'}, True),
    ],
)
def test_a_waiver_holds_for_its_rule_and_scope_from_its_start_to_its_end(how: dict[str, Any], expected: bool) -> None:
    assert holds(**how) is expected


def test_an_instance_and_a_prefix_name_what_it_is_about() -> None:
    one = replace(ACCEPTS, rule="SEC-*", instance="a")
    assert [effective_waiver([one], rule, CI, instance, NOW) is not None for rule, instance in
            [("SEC-X", "a"), ("SEC-X", "b"), ("NET-X", "a")]] == [True, False, False]  # fmt: skip


def test_what_accepts_goes_before_what_lowers_then_what_lasts_longer() -> None:
    longer = replace(LOWERS, number="WVR-3", expires=NOW + 99 * DAY_MS)
    assert effective_waiver([LOWERS, ACCEPTS, longer], "SEC-CERT-001", CI, "", NOW) == ACCEPTS
    assert effective_waiver([LOWERS, longer], "SEC-CERT-001", CI, "", NOW) == longer
    assert effective_waiver([], "SEC-CERT-001", CI, "", NOW) is None


def test_a_waiver_never_raises_a_severity() -> None:
    assert [lowered(each, LOWERS) for each in ("critical", "notice")] == ["notice", "notice"]
    assert lowered("warning", replace(LOWERS, level="error")) == "warning"
    assert [lowered("warning", each) for each in (None, ACCEPTS)] == ["", ""]


def test_each_reminder_falls_due_once() -> None:
    end = ACCEPTS.expires
    days = [(ACCEPTS.reminder_due(end - was * DAY_MS, end - now * DAY_MS)) for was, now in
            [(20, 15), (15, 14), (14, 13), (13, 7), (7, 6), (6, 1), (1, 0), (20, 1)]]  # fmt: skip
    assert days == [0, 14, 0, 7, 0, 1, 0, 1]


def test_one_that_met_nothing_for_a_month_is_dead() -> None:
    long = replace(ACCEPTS, expires=NOW + 300 * DAY_MS)
    assert [long.is_dead(NOW + days * DAY_MS) for days in (30, 31, 301)] == [False, True, False]
    assert not replace(long, matched_at=NOW + 5 * DAY_MS).is_dead(NOW + 31 * DAY_MS)
