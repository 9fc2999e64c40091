"""Incidents: one a cause, as long as the cause is there, in words for people."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.incident import FOUND, MAX_ITEMS, Plan, alert_cause, finding_cause, plan
from collector.model import CI, Alert, Cause, CiState, Drift, Finding, Incident, Outcome, Path, Rule, Verdict

NOW = 1_768_464_000_000
SERVER = CI(7, "ci-7", "server", "pc_server", "srv7", CiState.ACTIVE)
RULE = Rule(
    "SRV-DISK-001", frozenset({"server"}), "true",
    title={"zh": "文件系统将满", "en": "File system nearly full"},
    summary={"zh": "{{ci.name}} 的 {{fs.instance}} 已用 {{fs.value|pct}}",
             "en": "{{fs.instance}} of {{ci.name}} is {{fs.value|pct}} full"},
    category="server/storage", runbook={"zh": "清理", "en": "clear"},
)  # fmt: skip
ALERT = Alert(
    "SRV-DISK-001", 7, "/var", "firing", Outcome.PROBLEM, NOW - 60_000, NOW,
    {"fs.instance": "/var", "fs.value": 0.934, "severity": "critical"},
)  # fmt: skip


def incident_of(cause: Cause, number: int = 1) -> Incident:
    return Incident(number, f"INC-{number:06d}", cause.key, cause.ci_id, cause.kind, cause.severity, "open",
                    cause.title, cause.detail, NOW)  # fmt: skip


def cause(key: str, severity: str = "warning") -> Cause:
    return Cause(key, 7, "alert", severity, {"zh": key, "en": key}, {}, NOW)


def test_an_alert_that_fires_is_a_cause_with_the_words_of_its_rule() -> None:
    found = alert_cause(ALERT, RULE, SERVER)
    assert found is not None
    assert (found.key, found.kind, found.severity) == ("rule|SRV-DISK-001|ci-7|/var", "alert", "critical")
    assert found.title == {"zh": "srv7 的 /var 已用 93%", "en": "/var of srv7 is 93% full"}
    assert found.since == ALERT.since
    assert found.detail["evidence"]["fs.value"] == 0.934
    assert found.detail["ci"] == {"uid": "ci-7", "name": "srv7", "class": "server", "type": "pc_server"}


def test_an_alert_that_waits_or_is_over_is_no_cause() -> None:
    assert alert_cause(replace(ALERT, state="pending"), RULE, SERVER) is None
    assert alert_cause(replace(ALERT, state="ok"), RULE, SERVER) is None


def test_an_alert_that_fires_while_nothing_is_known_is_still_a_cause() -> None:
    assert alert_cause(replace(ALERT, outcome=Outcome.UNKNOWN, reason="stale: health"), RULE, SERVER) is not None


def test_the_key_of_a_cause_survives_a_new_name_value_and_severity() -> None:
    first, second = (
        alert_cause(ALERT, RULE, SERVER),
        alert_cause(replace(ALERT, evidence={}), RULE, replace(SERVER, name="x")),
    )
    assert first is not None
    assert second is not None
    assert first.key == second.key
    assert second.title["en"] == "? of x is ? full"


def test_words_from_the_network_stay_one_plain_line() -> None:
    nasty = replace(ALERT, evidence={"fs.instance": "<b>/v\n\x1b[31m\u202e{{ci.name}}" + "x" * 999, "fs.value": "a|b"})
    found = alert_cause(nasty, RULE, SERVER)
    assert found is not None
    assert found.title["en"].startswith("<b>/v  [31m {{ci.name}}xxx")
    assert found.title["en"].endswith("… of srv7 is a|b full")


def finding(count: int = 1) -> Finding:
    items = tuple(
        Drift(Path("packages", f"p{at}|all"), None, None, {"version": "1"}, NOW - 60_000, NOW) for at in range(count)
    )
    return Finding(3, 7, Verdict.UNAPPROVED, NOW - 60_000, NOW, NOW, items)


def test_an_open_finding_is_a_cause_in_the_words_of_the_regulation() -> None:
    found = finding_cause(finding(), SERVER)
    assert found is not None
    assert (found.key, found.kind) == ("finding|3", "unapproved_change")
    assert found.title["zh"] == "非授权变更：srv7 packages.p0|all"
    assert found.title["en"] == "Unapproved change on srv7: packages.p0|all"
    assert found.detail["between"] == ["2026-01-15T07:59:00.000Z", "2026-01-15T08:00:00.000Z"]
    [item] = found.detail["items"]
    assert (item["old"], item["new"]) == (None, {"version": "1"})


def test_a_large_finding_lists_some_items_and_counts_the_rest() -> None:
    found = finding_cause(finding(MAX_ITEMS + 7), SERVER)
    assert found is not None
    assert (len(found.detail["items"]), found.detail["more"]) == (MAX_ITEMS, 7)
    assert (
        found.title["en"]
        == f"Unapproved change on srv7: packages.p0|all, packages.p1|all, packages.p2|all … +{MAX_ITEMS + 4}"
    )


@pytest.mark.parametrize(
    ("verdict", "severity", "zh", "en"),
    [
        (Verdict.PENDING, "notice", "待认定变动：srv7 packages.p0|all",
         "Change not yet explained on srv7: packages.p0|all"),
        (Verdict.VARIANCE, "warning", "变更结果与计划不符：srv7 packages.p0|all",
         "Change not as planned on srv7: packages.p0|all"),
        (Verdict.OUT_OF_WINDOW, "warning", "超出变更窗口的变更：srv7 packages.p0|all",
         "Change outside its window on srv7: packages.p0|all"),
        (Verdict.LATE_APPROVAL, "warning", "先实施后审批的变更：srv7 packages.p0|all",
         "Change approved after the work on srv7: packages.p0|all"),
        (Verdict.RETRO_LATE, "warning", "补录超时的紧急变更：srv7 packages.p0|all",
         "Emergency change recorded too late on srv7: packages.p0|all"),
    ],
)  # fmt: skip
def test_the_title_says_what_is_held_of_it(verdict: Verdict, severity: str, zh: str, en: str) -> None:
    found = finding_cause(replace(finding(), verdict=verdict), SERVER)
    assert found is not None
    assert (found.severity, found.title) == (severity, {"zh": zh, "en": en})


@pytest.mark.parametrize("verdict", sorted(set(Verdict) - FOUND.keys()))
def test_work_that_goes_on_or_is_as_approved_is_no_cause(verdict: Verdict) -> None:
    assert finding_cause(replace(finding(), verdict=verdict), SERVER) is None


def test_an_incident_is_told_anew_when_something_else_is_held_of_its_finding() -> None:
    was, now_ = (
        finding_cause(replace(finding(), verdict=each), SERVER) for each in (Verdict.UNAPPROVED, Verdict.VARIANCE)
    )
    assert was is not None
    assert now_ is not None
    (update,) = plan([incident_of(was)], [now_], NOW).update
    assert (update.title, update.detail["verdict"]) == (now_.title, "variance")


def test_a_closed_finding_is_no_cause() -> None:
    assert finding_cause(replace(finding(), closed_at=NOW), SERVER) is None


def test_a_new_cause_opens_and_a_cause_that_is_gone_resolves() -> None:
    old = incident_of(cause("a"))
    made = plan([old], [cause("b")], NOW)
    assert made.open == (cause("b"),)
    assert made.update == ()
    assert made.resolve == (replace(old, state="resolved", resolved_at=NOW),)


def test_a_cause_that_stays_is_left_alone() -> None:
    assert plan([incident_of(cause("a"))], [cause("a")], NOW).is_empty


def test_a_cause_whose_severity_moved_updates_its_incident() -> None:
    old = incident_of(cause("a"))
    worse = replace(cause("a", "critical"), title={"zh": "更坏", "en": "worse"})
    assert plan([old], [worse], NOW) == Plan(update=(replace(old, severity="critical", title=worse.title),))


def test_one_cause_told_twice_opens_one_incident() -> None:
    assert len(plan([], [cause("a"), cause("a")], NOW).open) == 1


@given(st.lists(st.sets(st.sampled_from("abcdef")), max_size=12))
def test_open_incidents_are_always_exactly_the_present_causes(history: list[set[str]]) -> None:
    standing: dict[str, Incident] = {}
    for at, present in enumerate(history):
        made = plan(list(standing.values()), [cause(key) for key in sorted(present)], NOW + at)
        assert not {each.key for each in made.open} & standing.keys()
        for each in made.resolve:
            del standing[each.cause_key]
        standing |= {each.key: incident_of(each) for each in made.open}
        assert standing.keys() == present
