"""Root causes as values: victims, groups of a rule, what waits, and storms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from collector import rootcause
from collector.model import Cause, Rule
from collector.rootcause import Footing, absorbed, grouped, storm_key, suppressed

START = 1_790_000_000_000
TEXTS = {"zh": "文", "en": "text"}
REACH, DISK = "NET-UNREACH-001", "SRV-DISK-001"


def rule(name: str, **how: Any) -> Rule:
    return Rule(name, frozenset({"server"}), "true", TEXTS, TEXTS, **how)


RULES: Mapping[str, Rule] = {REACH: rule(REACH, depends=("parents",)), DISK: rule(DISK)}


def cause(name: str, ci: int, since: int = START, severity: str = "error", **detail: Any) -> Cause:
    told = {"rule": name, "ci": {"uid": f"ci-{ci}", "class": "server"}, **detail}
    return Cause(f"rule|{name}|ci-{ci}|", ci, "alert", severity, TEXTS, told, since)


ROOT_KEY = f"rule|{REACH}|ci-1|"
ROOT = Footing(True, START - 1, "ci-1", ROOT_KEY)
VICTIM = replace(ROOT, victim=True)


def placed(stand: Mapping[int, Footing], *causes: Cause) -> list[tuple[str, str]]:
    return [(each.group, each.role) for each in grouped(causes, stand, RULES, {REACH})]


def test_a_root_opens_the_incident_its_victims_are_told_in() -> None:
    assert placed({1: ROOT, 2: VICTIM}, cause(REACH, 1), cause(REACH, 2), cause(DISK, 2), cause(DISK, 1)) == [
        ("", "cause"), (ROOT_KEY, "victim"), (ROOT_KEY, "victim"), (ROOT_KEY, "victim"),
    ]  # fmt: skip


def test_an_alarm_that_was_there_before_keeps_its_own_incident() -> None:
    assert placed({2: VICTIM}, cause(DISK, 2, START - 100)) == [("alarms|ci-2|", "cause")]


def test_where_no_rule_tells_of_the_root_its_victims_share_an_incident_all_the_same() -> None:
    untold = replace(VICTIM, told_by="")
    assert placed({2: untold, 3: untold}, cause(REACH, 2), cause(REACH, 3)) == [("reach|ci-1", "cause")] * 2


def test_what_is_not_decided_is_left_out_and_the_rest_stays() -> None:
    assert placed({1: replace(ROOT, held=True)}, cause(REACH, 1)) == []
    assert placed({}, cause(DISK, 1)) == [("alarms|ci-1|", "cause")]


def test_a_rule_that_tells_of_reach_has_an_incident_of_its_own_when_all_answers_again_too() -> None:
    assert placed({}, cause(REACH, 1)) == [("", "cause")]


def test_what_another_system_says_of_a_victim_is_told_with_its_root() -> None:
    foreign = replace(cause("", 2), kind="foreign_alert")
    assert placed({2: VICTIM}, foreign) == [(ROOT_KEY, "victim")]
    assert placed({2: Footing()}, replace(foreign, group="foreign|x")) == [("foreign|x", "cause")]


def test_findings_are_nobodys_victims() -> None:
    finding = replace(cause(DISK, 2), kind="unapproved_change")
    assert grouped([finding], {2: VICTIM}, RULES, {REACH}) == [finding]


@pytest.mark.parametrize(
    ("footing", "depends", "reasons"),
    [
        (ROOT, ("reachability",), ("parent_down",)), (ROOT, ("parents",), ()), (VICTIM, ("parents",), ("parent_down",)),
        (Footing(held=True), ("reachability",), ("parent_down",)), (Footing(held=True), ("collector_health",), ()),
        (Footing(blind=True), ("parents", "collector_health"), ("collector_blind",)),
        (Footing(blind=True), ("reachability",), ()), (ROOT, (), ()), (Footing(), ("reachability", "parents"), ()),
    ],
)  # fmt: skip
def test_what_holds_an_alert_back_is_what_its_rule_depends_on(
    footing: Footing, depends: tuple[str, ...], reasons: tuple[str, ...]
) -> None:
    assert suppressed(footing, depends) == reasons


def test_everything_a_rule_of_digests_finds_is_one_incident() -> None:
    rules = {DISK: rule(DISK, create="digest_daily")}
    told = [each.group for each in grouped([cause(DISK, 1), cause(DISK, 2)], {}, rules, ())]
    assert told == [f"digest|{DISK}"] * 2


def test_alarms_of_one_ci_and_category_are_one_incident_unless_their_rule_says_more() -> None:
    rules = {name: rule(name) for name in (DISK, "SRV-INODE-001", "SRV-NTP-001")}
    alarms = [cause(DISK, 1), cause("SRV-INODE-001", 1), cause(DISK, 2), cause("SRV-NTP-001", 1)]
    alarms = [replace(each, category="server/time" if "NTP" in each.key else "server/storage") for each in alarms]
    groups = [each.group for each in grouped(alarms, {}, rules, ())]
    storage, other, time = "ci-1|server/storage", "ci-2|server/storage", "ci-1|server/time"
    assert groups == [f"alarms|{each}" for each in (storage, storage, other, time)]


def test_alarms_of_another_system_about_one_ci_are_one_incident() -> None:
    told = [replace(cause("", 1), key=f"foreign|am|{number}", kind="foreign_alert") for number in range(3)]
    assert {each.group for each in grouped(told, {}, {}, ())} == {"alarms|ci-1|"}


def test_alarms_of_one_rule_go_together_by_what_it_groups_by() -> None:
    rules = {DISK: rule(DISK, group_by=("site", "f.mount"))}
    stand = {number: Footing(labels={"site": "East" if number < 3 else "West"}) for number in range(1, 5)}
    alarms = [cause(DISK, number, evidence={"f.mount": "/var"}) for number in range(1, 5)]
    groups = [each.group for each in grouped(alarms, stand, rules, ())]
    assert groups == [f"group|{DISK}|{site}|/var" for site in ("East", "East", "West", "West")]


def test_rules_that_tell_of_one_matter_share_its_incident() -> None:
    rules = {name: rule(name, group="full", group_by=("ci.id",)) for name in (DISK, "SRV-INODE-001")}
    alarms = [cause(DISK, 1), cause("SRV-INODE-001", 1), cause(DISK, 2)]
    one, same, other = [each.group for each in grouped(alarms, {}, rules, ())]
    assert one == same != other
    assert one.startswith("group|full|")


def test_what_nobody_knows_is_no_common_cause() -> None:
    rules = {DISK: rule(DISK, group_by=("site",))}
    assert [each.group for each in grouped([cause(DISK, 1)], {}, rules, ())] == ["alarms|ci-1|"]


# --- storms


def test_beyond_the_budget_of_a_site_incidents_go_into_its_storm_the_worst_keep_their_own() -> None:
    alarms = [cause(DISK, number, severity="warning" if number % 2 else "error") for number in range(1, 61)]
    lane_of = {each.key: ("East", False) for each in alarms}
    kept = [each for each in absorbed(alarms, (), lane_of, {}) if not each.group]
    assert len(kept) == 30
    assert {each.severity for each in kept} == {"error"}
    rest = {each.group for each in absorbed(alarms, (), lane_of, {}) if each.group}
    assert rest == {storm_key("East")}


def test_a_budget_that_is_spent_elsewhere_is_nobody_elses() -> None:
    alarms = [cause(DISK, 1), cause(DISK, 2)]
    lane_of = {alarms[0].key: ("East", False), alarms[1].key: ("West", False)}
    spent = {("East", False): 30}
    assert [each.group for each in absorbed(alarms, (), lane_of, spent)] == [storm_key("East"), ""]


def test_what_has_the_highest_priority_or_its_incident_already_is_not_held_up_by_the_rest() -> None:
    urgent, known, critical = cause(DISK, 1), cause(DISK, 2), cause(DISK, 3, severity="critical")
    lane_of = {each.key: ("", each is urgent) for each in (urgent, known, critical)}
    found = absorbed([urgent, known, critical], {known.key}, lane_of, {("", False): 30})
    assert [each.group for each in found] == ["", "", storm_key("")]


def test_even_of_the_highest_priority_no_more_open_at_once_than_anybody_can_read() -> None:
    hot = [cause(DISK, number, severity="critical") for number in range(1, 1001)]
    found = absorbed(hot, (), {each.key: ("", True) for each in hot}, {})
    assert sum(not each.group for each in found) == 30


def test_a_victim_spends_nothing() -> None:
    alarms = [replace(cause(DISK, number), group="x", role="victim") for number in range(1, 90)]
    assert absorbed(alarms, {"x"}, {}, {}) == alarms


def test_a_site_whose_name_has_a_bar_is_one_site() -> None:
    assert storm_key("East|West").count("|") == 1


def test_names_of_sites_are_shown_inert() -> None:
    assert "\x1b" not in rootcause.storm_cause("\x1b[31mEast", START).title["en"]
