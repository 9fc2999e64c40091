"""Exploring as a whole: what is complete, what is not, what is asked again and what is not."""

from __future__ import annotations

import pytest

from discovery.asking import Script
from discovery.explore import Profile
from discovery.explore.families import FAMILIES, Family
from discovery.explore.visit import Visit
from tests.discovery.explore.driven import (
    ENTITY,
    IF,
    IFX,
    SYSTEM,
    Answers,
    Facts,
    bridged,
    explored,
    ports,
    row,
    rows,
    sections,
    table,
)
from wire.observation import Status
from wire.sections import MAX_BODY_BYTES, SECTIONS, canonical

UP_TIME, BOOTS = f"{SYSTEM}3.0", "1.3.6.1.6.3.10.2.1.2.0"
ENTITIES_MOVED, INTERFACES_MOVED = "1.3.6.1.2.1.47.1.4.1.0", "1.3.6.1.2.1.31.1.5.0"
LLDP_MOVED = "1.0.8802.1.1.2.1.2.1.0"
HOUR = 360_000
"""Hundredths of a second."""


def switch(up_time: int = 100 * HOUR, moved: int = HOUR, boots: int = 3) -> Facts:
    return {
        **bridged("g1", "g2"),
        **table(ENTITY, c5={1: 3, 2: 9}, c4={1: 0, 2: 1}, c7={1: "Chassis", 2: "Module"}),
        **table(ENTITY, c11={1: "SN1234", 2: "SN5678"}),
        UP_TIME: up_time, BOOTS: boots, ENTITIES_MOVED: moved, INTERFACES_MOVED: moved, LLDP_MOVED: moved,
        f"{SYSTEM}5.0": "sw-1",
    }  # fmt: skip


def test_every_family_says_sections_of_the_catalogue_and_bears_a_name_of_its_own() -> None:
    assert {section for family in FAMILIES for section in family.sections} <= SECTIONS.keys()
    assert len({family.name for family in FAMILIES}) == len(FAMILIES)


def test_what_a_device_does_not_speak_of_is_unsupported_and_nothing_is_gone() -> None:
    found = sections(explored("network.switch", switch()))
    assert found["interfaces"].status is Status.OK
    assert (found["poe"].status, found["poe"].body) == (Status.UNSUPPORTED, [])


def test_a_table_that_is_there_and_empty_says_that_there_are_none() -> None:
    facts = {**switch(), "1.0.8802.1.1.2.1.3.2.0": "sw-1"}
    found = sections(explored("network.switch", facts))["neighbours"]
    assert (found.status, found.complete) == (Status.EMPTY, True)


def test_a_half_failed_walk_keeps_its_rows_and_is_not_complete() -> None:
    found = sections(explored("network.switch", Answers(switch(), cut={IF: "oid_not_increasing"})))["interfaces"]
    assert (found.status, found.complete, found.reason) == (Status.OK, False, "oid_not_increasing")
    assert [each["name"] for each in found.body if isinstance(each, dict)] == ["g1"]


def test_a_walk_that_fails_at_once_is_a_failure_and_never_an_empty_table() -> None:
    found = sections(explored("network.switch", Answers(switch(), failing={IF: "malformed"})))["interfaces"]
    assert (found.status, found.complete, found.reason) == (Status.FAILED, False, "malformed")


def test_what_the_view_does_not_show_is_denied() -> None:
    found = sections(explored("network.switch", Answers(switch(), failing={ENTITY: "authorization"})))["components"]
    assert (found.status, found.complete) == (Status.DENIED, False)


def test_a_device_that_falls_silent_is_asked_nothing_more_and_what_was_found_is_kept() -> None:
    whole = Answers(switch())
    explored("network.switch", whole)
    until = next(at for at, ask in enumerate(whole.asked) if f"{IFX}.1" in getattr(ask, "columns", ())) + 1
    answers = Answers(switch(), silent_after=until)
    found = sections(explored("network.switch", answers))
    assert len(answers.asked) == until + 1
    assert (found["components"].status, found["components"].complete) == (Status.OK, True)
    assert (found["vlans"].status, found["vlans"].reason) == (Status.FAILED, "timeout")


def test_a_device_that_never_answers_ends_after_one_question() -> None:
    answers = Answers({}, silent_after=0)
    found = sections(explored("network.switch", answers))
    assert len(answers.asked) == 1
    assert not [name for name, each in found.items() if each.complete and each.status is not Status.UNSUPPORTED]


def test_a_fault_in_one_family_costs_its_sections_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(visit: Visit) -> Script[None]:
        yield from visit.column("1.3.6.1.2.1.99")
        raise KeyError("a row nobody thought of")

    monkeypatch.setattr("discovery.explore.FAMILIES", (Family("faulty", ("optics",), faulty), *FAMILIES))
    found = sections(explored("network.switch", switch()))
    assert (found["optics"].status, found["optics"].reason) == (Status.FAILED, "internal")
    assert found["interfaces"].status is Status.OK


def test_a_section_that_would_lack_what_a_left_out_family_adds_is_not_told() -> None:
    found = sections(
        explored("network.switch", switch(), profile=Profile(leave_out=frozenset({"vlans", "interfaces"})))
    )
    assert "interfaces" not in found
    assert found["components"].status is Status.OK


def test_a_table_too_large_to_travel_is_cut_and_says_so() -> None:
    long = "n" * 200
    facts = table(IF, c3=dict.fromkeys(range(1, 20_001), 6), c2={at: f"{long}{at}" for at in range(1, 20_001)})
    found = sections(explored("network.switch", facts))["interfaces"]
    assert (found.status, found.complete, found.reason) == (Status.OK, False, "budget")
    assert len(canonical(found.body)) <= MAX_BODY_BYTES


def test_a_family_can_be_left_out() -> None:
    answers = Answers(switch())
    found = explored("network.switch", answers, profile=Profile(leave_out=frozenset({"fdb", "arp"})))
    assert not {"fdb", "arp"} & sections(found).keys()
    assert "1.3.6.1.2.1.17.7.1.2.2.1.2" not in answers.walked()


# --- change stamps


def again(first: Facts, second: Facts, later: int = 3600) -> tuple[Answers, dict[str, object]]:
    """Explore twice, the second time knowing what the first one did; return the second device and its bodies."""
    before = explored("network.switch", first, profile=Profile(now=1_700_000_000))
    answers = Answers(second)
    profile = Profile(now=1_700_000_000 + later, tables=before.tables, stamps=before.stamps)
    after = explored("network.switch", answers, profile=profile)
    return answers, {each.name: each.body for each in after.sections}


STATIC = {f"{ENTITY}.7", f"{ENTITY}.11", f"{IF}.6", f"{IFX}.1"}


def test_what_did_not_move_is_not_walked_again_and_is_told_as_it_was() -> None:
    answers, bodies = again(switch(), switch(up_time=101 * HOUR))
    assert not answers.walked() & STATIC
    assert f"{IF}.8" in answers.walked()
    whole = {each.name: each.body for each in explored("network.switch", switch()).sections}
    assert {name: bodies[name] for name in ("components", "interfaces")} == {
        name: whole[name] for name in ("components", "interfaces")
    }


def test_a_link_that_went_down_is_seen_though_the_table_did_not_move() -> None:
    _, bodies = again(switch(), {**switch(up_time=101 * HOUR), f"{IF}.8.2": 2})
    interfaces = bodies["interfaces"]
    assert isinstance(interfaces, list)
    assert [each["state"] for each in interfaces] == ["up", "down"]


def test_what_moved_is_walked_again() -> None:
    answers, _ = again(switch(), switch(up_time=101 * HOUR, moved=2 * HOUR))
    assert answers.walked() >= STATIC


def test_neighbours_on_an_interface_that_has_another_name_now_are_read_again() -> None:
    lldp = table("1.0.8802.1.1.2.1.4.1.1", c4={"0.1.1": 4}, c5={"0.1.1": bytes(5) + b"\1"})
    second = {**switch(up_time=101 * HOUR), **lldp, f"{IFX}.1.1": "uplink", INTERFACES_MOVED: 100 * HOUR}
    _, bodies = again({**switch(), **lldp}, second)
    neighbours = bodies["neighbours"]
    assert isinstance(neighbours, list)
    assert [each["interface"] for each in neighbours] == ["uplink"]


@pytest.mark.parametrize(
    "second",
    [
        switch(up_time=101 * HOUR, boots=4),
        switch(up_time=HOUR // 2),
        switch(up_time=150 * HOUR),
        {oid: value for oid, value in switch(up_time=101 * HOUR).items() if oid != UP_TIME},
    ],
    ids=["engine restarted", "up time fell", "up time jumped", "no up time"],
)
def test_after_a_restart_stamps_mean_nothing(second: Facts) -> None:
    answers, _ = again(switch(), second)
    assert answers.walked() >= STATIC


def test_neighbours_that_did_not_move_are_told_from_memory() -> None:
    lldp = table(
        "1.0.8802.1.1.2.1.4.1.1", c4={"0.1.1": 4}, c5={"0.1.1": bytes(5) + b"\1"}, c6={"0.1.1": 5}, c7={"0.1.1": "p1"}
    )
    answers, bodies = again({**switch(), **lldp}, switch(up_time=101 * HOUR))
    assert "1.0.8802.1.1.2.1.4.1.1.5" not in answers.walked()
    neighbours = bodies["neighbours"]
    assert isinstance(neighbours, list)
    assert [each["chassis_id"] for each in neighbours] == ["00:00:00:00:00:01"]


def test_the_stamp_of_the_configuration_is_the_makers() -> None:
    facts = {**switch(), "1.3.6.1.4.1.9.9.43.1.1.1.0": 4711}
    assert explored("network.switch", facts, "1.3.6.1.4.1.9.1.1").stamps["configuration"] == 4711
    assert "configuration" not in explored("network.switch", facts, "1.3.6.1.4.1.99999.1").stamps


# --- identity of what is in a device


def test_interfaces_that_are_numbered_anew_are_the_same_interfaces() -> None:
    before = rows(explored("network.switch", ports("g1", "g2", first=1)), "interfaces")
    after = rows(explored("network.switch", ports("g1", "g2", first=501)), "interfaces")
    assert [each.pop("index") for each in before] == [1, 2]
    assert [each.pop("index") for each in after] == [501, 502]
    assert before == after


def test_parts_that_are_numbered_anew_are_the_same_parts() -> None:
    def parts(first: int) -> Facts:
        at, inside = first, first + 7
        return table(ENTITY, c4={at: 0, inside: at}, c5={at: 3, inside: 6}, c7={at: "Chassis", inside: "PS 1"},
                     c11={at: "SN1234", inside: "SN5678"})  # fmt: skip

    before, after = (rows(explored("network.switch", parts(first)), "components") for first in (1, 4001))
    assert [each["path"] for each in before] == ["Chassis", "Chassis > PS 1"]
    assert [{**each, "index": 0} for each in before] == [{**each, "index": 0} for each in after]


def stack(*roles: int) -> Facts:
    """A StackWise stack whose members have the roles 1 master, 2 member, 4 standby."""
    at = {1000 * number: number for number in range(1, len(roles) + 1)}
    chassis = table(ENTITY, c5=dict.fromkeys(at, 3), c7={index: str(number) for index, number in at.items()},
                    c11={index: f"SN100{number}" for index, number in at.items()})  # fmt: skip
    members = table("1.3.6.1.4.1.9.9.500.1.2.1.1", c1=at, c3=dict(zip(at, roles, strict=True)), c6=dict.fromkeys(at, 4))
    return {**chassis, **members}


def test_a_stack_whose_master_changes_has_the_same_members() -> None:
    before, after = (
        explored("network.switch", stack(*roles), "1.3.6.1.4.1.9.1.1") for roles in ((1, 2, 2, 4), (2, 1, 4, 2))
    )
    assert row(before, "members", number="1") == {"number": "1", "role": "master", "serial": "SN1001", "state": "ok"}
    assert row(after, "members", number="1")["role"] == "member"
    assert [each["serial"] for each in rows(before, "members")] == [each["serial"] for each in rows(after, "members")]
