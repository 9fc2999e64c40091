"""Links out of what both ends say: a wired estate of five switches, a router and a phone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.sections import Body
from wire.topology import End, Link, topology


def switch(name: str, number: int, ports: list[str], **more: Body) -> dict[str, Body]:
    """Return the bodies of a switch whose port N has the MAC 02:00:00:00:<number>:<N>."""
    rows: Body = [
        {"name": port, "description": f"Ethernet {port}", "index": 100 + at, "mac": mac(number, at)}
        for at, port in enumerate(ports, 1)
    ]
    return {
        "device": {"name": name, "base_mac": mac(number, 0), "address": f"192.0.2.{number}"},
        "interfaces": rows,
    } | more


def mac(number: int, port: int) -> str:
    return f"02:00:00:00:{number:02x}:{port:02x}"


def heard(interface: str, chassis: str, port: str, protocol: str = "lldp", **more: Any) -> dict[str, Any]:
    return {"protocol": protocol, "interface": interface, "chassis_id": chassis, "port_id": port, **more}


def links_of(devices: dict[str, dict[str, Body]]) -> dict[tuple[End, End], Link]:
    return {(link.a, link.b): link for link in topology(devices).links}


def only(devices: dict[str, dict[str, Body]]) -> Link:
    (link,) = topology(devices).links
    return link


A1, B1, C1 = End("a", "g1"), End("b", "g1"), End("c", "g1")


def pair(said_by_a: list[dict[str, Any]], said_by_b: list[dict[str, Any]]) -> dict[str, dict[str, Body]]:
    ports = ["g1", "g2", "g3"]
    return {
        "a": switch("core-a", 1, ports, neighbours=said_by_a),
        "b": switch("core-b", 2, ports, neighbours=said_by_b),
        "c": switch("edge-c", 3, ports),
    }


def test_a_link_both_ends_agree_on_is_confirmed_with_what_both_said() -> None:
    link = only(pair([heard("g1", mac(2, 0), "g1")], [heard("g1", mac(1, 0), "g1")]))
    assert (link.a, link.b, link.state, link.shared) == (A1, B1, "confirmed", False)
    assert [each.end for each in link.evidence] == [A1, B1]


def test_a_link_one_end_is_silent_about_is_probable() -> None:
    link = only(pair([heard("g1", mac(2, 0), "g1")], []))
    assert (link.a, link.b, link.state) == (A1, B1, "probable")
    link = only(pair([], [heard("g2", mac(1, 0), "g3")]))
    assert (link.a, link.b, link.state) == (End("a", "g3"), End("b", "g2"), "probable")


def test_the_other_end_hearing_somebody_else_on_that_port_is_a_contradiction() -> None:
    devices = pair([heard("g1", mac(2, 0), "g1")], [heard("g1", mac(3, 0), "g1")])
    assert {ends: link.state for ends, link in links_of(devices).items()} == {
        (A1, B1): "contradictory",
        (B1, C1): "probable",
    }


def test_the_other_end_naming_another_port_is_a_contradiction() -> None:
    devices = pair([heard("g1", mac(2, 0), "g1")], [heard("g1", mac(1, 0), "g2")])
    assert {link.state for link in links_of(devices).values()} == {"contradictory"}


def test_two_protocols_that_see_one_link_make_one_link() -> None:
    link = only(
        pair(
            [heard("g1", mac(2, 0), "g1"), heard("g1", "core-b.example.net", "Ethernet g1", "cdp")],
            [heard("g1", "core-a", "Ethernet g1", "cdp")],
        )
    )
    assert (link.state, sorted(each.protocol for each in link.evidence)) == ("confirmed", ["cdp", "cdp", "lldp"])


@pytest.mark.parametrize("port_id", ["G1", "Ethernet g1", "101", "02:00:00:00:02:01"])
def test_a_port_is_found_by_name_description_number_or_mac(port_id: str) -> None:
    assert only(pair([heard("g1", mac(2, 0), port_id)], [])).b == B1


@pytest.mark.parametrize("chassis", ["core-b", "CORE-B.example.net", "192.0.2.2", mac(2, 3)])
def test_a_device_is_found_by_name_address_or_any_of_its_macs(chassis: str) -> None:
    assert only(pair([heard("g1", chassis, "g1")], [])).b == B1


def test_a_name_two_devices_bear_leads_to_neither() -> None:
    devices = pair([heard("g1", "core", "g1")], [])
    devices["b"]["device"] = {"name": "core"}
    devices["c"]["device"] = {"name": "core"}
    found = topology(devices)
    assert found.links == ()
    assert [each.end for each in found.strangers] == [A1]


def test_a_mac_that_moves_between_routers_names_none_of_them() -> None:
    devices = pair([heard("g1", "00:00:5e:00:01:0a", "g1")], [])
    devices["b"]["interfaces"] = [{"name": "g1", "mac": "00:00:5e:00:01:0a"}]
    assert topology(devices).links == ()


def test_a_renamed_port_still_makes_one_confirmed_link() -> None:
    devices = pair([heard("g1", mac(2, 0), "g1")], [heard("uplink", mac(1, 0), "g1")])
    devices["b"]["interfaces"] = [{"name": "uplink", "index": 7}, {"name": "g2", "index": 8}]
    link = only(devices)
    assert (link.a, link.b, link.state) == (A1, End("b", "uplink"), "confirmed")


def test_several_devices_on_one_port_are_a_shared_segment() -> None:
    """A hub: a, b and c all hear each other on one port each."""
    ids = {"a": 1, "b": 2, "c": 3}
    devices = {
        name: switch(f"s-{name}", number, ["g1"], neighbours=[heard("g1", mac(other, 0), "g1")
                                                               for other in ids.values() if other != number])
        for name, number in ids.items()
    }  # fmt: skip
    links = topology(devices).links
    assert [(link.a, link.b, link.shared) for link in links] == [(A1, B1, True), (A1, C1, True), (B1, C1, True)]


def bundled(said_by_a: list[dict[str, Any]], said_by_b: list[dict[str, Any]]) -> dict[str, dict[str, Body]]:
    lag: Body = [{"name": "lag1", "members": ["g1", "g2"]}]
    devices = pair(said_by_a, said_by_b)
    for name in ("a", "b"):
        devices[name]["lags"] = lag
        interfaces = devices[name]["interfaces"]
        assert isinstance(interfaces, list)
        interfaces.append({"name": "lag1", "index": 900})
    return devices


LAGS = (End("a", "lag1"), End("b", "lag1"))


def test_members_of_an_aggregate_are_links_of_their_own_in_one_bundle() -> None:
    found = links_of(
        bundled(
            [heard("g1", mac(2, 0), "g2"), heard("g2", mac(2, 0), "g1")],
            [heard("g1", mac(1, 0), "g2"), heard("g2", mac(1, 0), "g1")],
        )
    )
    assert {ends: (link.state, link.bundle) for ends, link in found.items()} == {
        (End("a", "g1"), End("b", "g2")): ("confirmed", LAGS),
        (End("a", "g2"), End("b", "g1")): ("confirmed", LAGS),
    }


def test_an_end_that_only_knows_the_aggregate_agrees_with_one_that_names_the_member() -> None:
    link = only(bundled([heard("lag1", mac(2, 0), "g1")], [heard("g1", mac(1, 0), "g1")]))
    assert (link.a, link.b, link.state, link.bundle) == (A1, B1, "confirmed", LAGS)


def test_members_that_name_no_port_are_matched_by_the_end_that_does() -> None:
    found = links_of(
        bundled(
            [heard("g1", mac(2, 0), "??"), heard("g2", mac(2, 0), "??")],
            [heard("g1", mac(1, 0), "g2"), heard("g2", mac(1, 0), "g1")],
        )
    )
    assert {ends: link.state for ends, link in found.items()} == {
        (End("a", "g1"), End("b", "g2")): "confirmed",
        (End("a", "g2"), End("b", "g1")): "confirmed",
    }


def test_an_aggregate_may_end_at_two_devices_without_being_shared() -> None:
    devices = bundled([heard("g1", mac(2, 0), "g3"), heard("g2", mac(3, 0), "g1")], [heard("g3", mac(1, 0), "g1")])
    found = links_of(devices)
    assert {ends: (link.state, link.shared) for ends, link in found.items()} == {
        (A1, End("b", "g3")): ("confirmed", False),
        (End("a", "g2"), C1): ("probable", False),
    }


def test_a_neighbour_nobody_knows_is_a_stranger() -> None:
    found = topology(pair([heard("g3", "02:99:00:00:00:01", "p1", management_address="198.51.100.7")], []))
    assert [(each.end, each.far) for each in found.strangers] == [(End("a", "g3"), None)]


def test_a_device_that_hears_itself_is_not_linked_to_itself() -> None:
    assert topology(pair([heard("g1", mac(1, 0), "g2"), heard("g2", mac(1, 0), "g1")], [])).links == ()


WORDS = st.sampled_from(["g1", "g2", "lag1", "", "core-a", "core-b", mac(1, 0), mac(2, 1), mac(3, 0), "x"])
ROWS = st.lists(st.builds(heard, WORDS, WORDS, WORDS, st.sampled_from(["lldp", "cdp"])), max_size=6)


@given(ROWS, ROWS)
def test_whatever_is_said_each_pair_of_ends_is_one_link_and_says_why(
    a: list[dict[str, Any]], b: list[dict[str, Any]]
) -> None:
    links = topology(bundled(a, b)).links
    assert len({(link.a, link.b) for link in links}) == len(links)
    for link in links:
        assert link.a.device != link.b.device
        assert link.evidence
        assert (link.state == "confirmed") is (len({each.end.device for each in link.evidence}) == 2)
