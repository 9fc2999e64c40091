"""Which newcomers a rule accepts: of a class, reached where it says, with nothing that speaks against it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collector.arrival import (
    CLASS,
    DOUBT,
    ELSEWHERE,
    IDENTIFIER,
    NOWHERE,
    Arrival,
    ArrivalRule,
    Sighting,
    rule_for,
)

HERE, THERE = Sighting("", "10.1.2.3"), Sighting("", "192.168.9.9")
RULE = ArrivalRule("access", "network", "switch", "", ("10.1.0.0/16", "2001:db8::/64"), number="ARR-000001", on_since=5)
SWITCH = Arrival(7, "network", "switch", 6, frozenset({HERE}))


def test_one_of_the_class_that_was_reached_in_the_range_is_accepted() -> None:
    assert (RULE.is_about(SWITCH), RULE.why_not(SWITCH)) == (True, "")
    assert rule_for(SWITCH, [RULE], 10) is RULE


@pytest.mark.parametrize("sighting", [
    THERE, Sighting("plant", "10.1.2.3"), NOWHERE, Sighting("", "not an address"), Sighting("", "10.1.2.3.evil"),
    Sighting("", "2001:db8:1::1"), Sighting("", "::ffff:10.2.2.3"),
])  # fmt: skip
def test_nobody_is_accepted_who_was_not_reached_in_the_range_and_in_the_zone(sighting: Sighting) -> None:
    assert not RULE.is_about(replace(SWITCH, sightings=frozenset({sighting})))
    assert rule_for(replace(SWITCH, sightings=frozenset({sighting})), [RULE], 10) is None


@pytest.mark.parametrize("other", [THERE, NOWHERE, Sighting("plant", "10.1.2.3")])
def test_one_that_was_heard_of_anywhere_else_too_is_left_to_a_person(other: Sighting) -> None:
    both = replace(SWITCH, sightings=frozenset({HERE, other}))
    assert (RULE.is_about(both), RULE.why_not(both)) == (True, ELSEWHERE)


def test_two_addresses_of_it_in_the_ranges_are_one_place() -> None:
    places = {HERE, Sighting("", "2001:db8::7"), Sighting("", "::ffff:10.1.2.3")}
    assert RULE.why_not(replace(SWITCH, sightings=frozenset(places))) == ""


@pytest.mark.parametrize(("arrival", "why"), [
    (replace(SWITCH, is_doubted=True, is_named=False), DOUBT), (replace(SWITCH, is_named=False), IDENTIFIER),
    (replace(SWITCH, ci_class="unknown", ci_type="unknown"), CLASS), (replace(SWITCH, ci_type="unknown"), CLASS),
])  # fmt: skip
def test_what_speaks_against_it_is_told_in_one_word(arrival: Arrival, why: str) -> None:
    assert (RULE.is_about(arrival), RULE.why_not(arrival)) == (True, why)
    assert rule_for(arrival, [RULE], 10) is None


@pytest.mark.parametrize("kind", [("network", "router"), ("security", "firewall")])
def test_another_class_or_type_is_no_business_of_it(kind: tuple[str, str]) -> None:
    assert not RULE.is_about(replace(SWITCH, ci_class=kind[0], ci_type=kind[1]))


def test_a_rule_without_a_type_is_about_the_whole_class() -> None:
    whole = replace(RULE, ci_type="")
    assert whole.is_about(replace(SWITCH, ci_type="router"))
    assert not whole.is_about(replace(SWITCH, ci_class="security", ci_type="firewall"))


def test_a_rule_without_ranges_covers_a_named_zone_and_never_everything() -> None:
    plant = replace(RULE, zone="plant", within=())
    assert plant.covers(Sighting("plant", "172.16.0.9"))
    assert not plant.covers(HERE)
    assert not replace(RULE, within=()).covers(HERE)


@pytest.mark.parametrize(("rule", "at", "created"), [
    (replace(RULE, on_since=0), 10, 6), (replace(RULE, ends_at=10), 10, 6), (RULE, 10, 4), (RULE, 4, 6),
])  # fmt: skip
def test_it_accepts_what_came_since_it_is_on_and_only_until_its_end(rule: ArrivalRule, at: int, created: int) -> None:
    assert rule_for(replace(SWITCH, created_at=created), [rule], at) is None


def test_of_several_rules_the_one_made_first_accepts() -> None:
    later = replace(RULE, number="ARR-000002", gives={"owner": "B"})
    assert rule_for(SWITCH, [later, RULE], 10) is RULE
    assert rule_for(SWITCH, [later, replace(RULE, on_since=0)], 10) is later
