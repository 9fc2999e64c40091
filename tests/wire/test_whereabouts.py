"""MACs in forwarding tables lead to the one port they are plugged in."""

from __future__ import annotations

from typing import Any

from tests.wire.test_topology import heard, mac, switch
from wire.sections import Body
from wire.topology import End, topology
from wire.whereabouts import Place, addresses, infrastructure, places, uplinks

PC, SERVER, PHONE = "02:aa:00:00:00:01", "02:aa:00:00:00:02", "02:aa:00:00:00:03"


def learned(address: str, interface: str, vlan: int = 10, kind: str = "learned") -> dict[str, Any]:
    return {"vlan": vlan, "mac": address, "interface": interface, "kind": kind}


def estate() -> dict[str, dict[str, Body]]:
    """A core and two edges; the second edge is on an aggregate of the core and says nothing of its neighbours."""
    edges: Body = [{"name": "lag1", "members": ["g2", "g3"]}]
    core = [learned(PC, "g1"), learned(SERVER, "lag1"), learned(mac(3, 0), "lag1"), learned(PHONE, "g4")]
    one = [learned(PC, "g1"), learned(SERVER, "g9"), learned(mac(1, 1), "g9")]
    two = [learned(SERVER, "g1"), learned(PC, "g9"), learned(mac(1, 0), "g9"), learned(mac(3, 1), "g1")]
    arp: Body = [{"address": address, "mac": PC, "interface": "v10"} for address in ("192.0.2.50", "2001:db8::50")]
    return {
        "core": switch("core", 1, ["g1", "g2", "g3", "g4", "lag1"], lags=edges, fdb=core,
                       neighbours=[heard("g1", mac(2, 0), "g9")]),
        "edge-1": switch("edge-1", 2, ["g1", "g9"], fdb=one, neighbours=[heard("g9", mac(1, 0), "g1")]),
        "edge-2": switch("edge-2", 3, ["g1", "g9"], fdb=two),
        "router": {"device": {"name": "router", "base_mac": mac(9, 0)}, "arp": arp},
    }  # fmt: skip


def test_a_mac_is_plugged_in_where_no_link_leads_on() -> None:
    devices = estate()
    found = places(devices, topology(devices))
    assert found[PC] == Place(End("edge-1", "g1"), 10, 1)
    assert found[SERVER] == Place(End("edge-2", "g1"), 10, 1)
    assert found[PHONE] == Place(End("core", "g4"), 10, 1)


def test_ports_are_uplinks_by_their_links_and_by_the_macs_of_switches() -> None:
    devices = estate()
    assert uplinks(devices, topology(devices), infrastructure(devices)) == {
        "core": {"g1", "lag1"}, "edge-1": {"g9"}, "edge-2": {"g9"}, "router": set(),
    }  # fmt: skip


def test_a_switch_is_not_plugged_in_itself() -> None:
    devices = estate()
    assert mac(3, 0) not in places(devices, topology(devices))


def test_of_two_ports_the_one_with_fewer_macs_wins_and_a_tie_names_both() -> None:
    devices: dict[str, dict[str, Body]] = {
        "a": switch("a", 1, ["g1"], fdb=[learned(PC, "g1"), learned(SERVER, "g1")]),
        "b": switch("b", 2, ["g1", "g2"], fdb=[learned(PC, "g1"), learned(SERVER, "g2")]),
        "c": switch("c", 3, ["g1"], fdb=[learned(SERVER, "g1")]),
    }
    found = places(devices, topology(devices))
    assert found[PC] == Place(End("b", "g1"), 10, 1)
    assert found[SERVER] == Place(End("b", "g2"), 10, 1, (End("c", "g1"),))


def test_a_stranger_that_bridges_makes_an_uplink_and_a_telephone_does_not() -> None:
    devices: dict[str, dict[str, Body]] = {
        "a": switch("a", 1, ["g1", "g2"], fdb=[learned(PC, "g1"), learned(SERVER, "g2")], neighbours=[
            heard("g1", "02:99:00:00:00:01", "1", capabilities=["bridge", "telephone"]),
            heard("g2", "02:99:00:00:00:02", "1", capabilities=["bridge", "router"]),
        ]),
    }  # fmt: skip
    assert set(places(devices, topology(devices))) == {PC}


def test_what_a_switch_says_of_itself_is_not_plugged_in() -> None:
    devices: dict[str, dict[str, Body]] = {"a": switch("a", 1, ["g1"], fdb=[learned(PC, "g1", kind="self")])}
    assert places(devices, topology(devices)) == {}


def test_arp_tables_tell_the_addresses_of_a_mac() -> None:
    assert addresses(estate()) == {PC: {"192.0.2.50", "2001:db8::50"}}
