"""Interfaces, their names and addresses; VLANs, aggregates and what is learned on them."""

from __future__ import annotations

from discovery.asking import Address
from discovery.explore.vlans import ranges
from tests.discovery.explore.driven import (
    ENTITY,
    IF,
    IFX,
    Answers,
    Facts,
    bridged,
    explored,
    index_of,
    octets,
    ports,
    row,
    rows,
    sections,
    table,
)

CISCO = "1.3.6.1.4.1.9.1.1"
Q_STATIC, Q_CURRENT, PVID = "1.3.6.1.2.1.17.7.1.4.3.1", "1.3.6.1.2.1.17.7.1.4.2.1", "1.3.6.1.2.1.17.7.1.4.5.1"
Q_FDB, D_FDB = "1.3.6.1.2.1.17.7.1.2.2.1", "1.3.6.1.2.1.17.4.3.1"
PC, PC2, SELF, GROUP = "02:aa:00:00:00:01", "02:aa:00:00:00:02", "02:aa:00:00:00:03", "01:00:5e:00:00:01"


def test_an_interface_tells_what_it_is_and_how_fast_it_runs() -> None:
    facts = {
        **ports("Gi1/0/1"),
        **table(IF, c2={1: "GigabitEthernet1/0/1"}, c4={1: 1500}, c5={1: 100_000_000}, c6={1: octets("001b21aabbcc")}),
        **table(IFX, c15={1: 1000}, c17={1: 1}, c18={1: "to the core"}),
        "1.3.6.1.2.1.10.7.2.1.19.1": 3,
    }
    assert rows(explored("network.switch", facts), "interfaces") == [
        {"name": "Gi1/0/1", "description": "GigabitEthernet1/0/1", "kind": "ethernet", "mac": "00:1b:21:aa:bb:cc",
         "mtu": 1500, "speed_mbps": 1000, "duplex": "full", "connector": True, "alias": "to the core", "admin": "up",
         "state": "up", "index": 1},
    ]  # fmt: skip


def test_a_link_that_is_down_has_no_speed() -> None:
    facts = {**ports("g1"), **table(IF, c5={1: 1_000_000_000}, c8={1: 7})}
    assert rows(explored("network.switch", facts), "interfaces")[0].get("speed_mbps") is None


def test_names_that_interfaces_share_give_way_to_description_part_mac_and_number() -> None:
    facts = {
        **table(IF, c3=dict.fromkeys(range(1, 6), 6), c2={1: "port A", 2: "port B", 3: "x", 4: "x", 5: "x"},
                c6={4: octets("02aa00000004"), 5: octets("02aa00000005")}),
        **table(IFX, c1=dict.fromkeys(range(1, 6), "port")),
        **table(ENTITY, c4={9: 0}, c5={9: 10}, c7={9: "slot 3"}),
        "1.3.6.1.2.1.47.1.3.2.1.2.9.0": "1.3.6.1.2.1.2.2.1.1.3",
    }  # fmt: skip
    named = {each["index"]: each["name"] for each in rows(explored("network.switch", facts), "interfaces")}
    assert named == {1: "port A", 2: "port B", 3: "slot 3", 4: "02:aa:00:00:00:04", 5: "02:aa:00:00:00:05"}


def test_what_nothing_names_bears_its_number() -> None:
    found = rows(explored("network.switch", table(IF, c3={7: 6, 8: 6})), "interfaces")
    assert [each["name"] for each in found] == ["#7", "#8"]


def test_addresses_stand_with_their_prefix_and_without_link_local_ones() -> None:
    v6, local = "1.2.16.32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.1", "1.2.16.254.128.0.0.0.0.0.0.0.0.0.0.0.0.0.1"
    new = {f"1.3.6.1.2.1.4.34.1.3.{at[2:]}": 1 for at in (v6, local)}
    facts = {
        **ports("v10"), **new,
        "1.3.6.1.2.1.4.34.1.5." + v6[2:]: f"1.3.6.1.2.1.4.32.1.5.1.2.16.{'0.' * 16}64",
        **table("1.3.6.1.2.1.4.20.1", c2={"192.0.2.1": 1}, c3={"192.0.2.1": Address(bytes((255, 255, 255, 0)))}),
    }  # fmt: skip
    assert row(explored("network.router", facts), "interfaces", name="v10")["addresses"] == [
        "192.0.2.1/24",
        "2001:db8::1/64",
    ]


def test_a_mask_that_is_none_leaves_the_address_alone() -> None:
    facts = {
        **ports("v10"),
        **table("1.3.6.1.2.1.4.20.1", c2={"192.0.2.1": 1}, c3={"192.0.2.1": Address(b"\xff\0\xff\0")}),
    }
    assert row(explored("network.router", facts), "interfaces", name="v10")["addresses"] == ["192.0.2.1/32"]


def test_an_interface_says_which_routing_instance_it_is_in() -> None:
    facts = {**ports("g1", "g2"), "1.3.6.1.2.1.10.166.11.1.2.1.1.2.4.77.103.109.116.2": 2}
    assert [each.get("vrf") for each in rows(explored("network.router", facts), "interfaces")] == [None, "Mgmt"]


# --- VLANs


def port_list(*numbers: int) -> bytes:
    raw = bytearray(2)
    for number in numbers:
        raw[(number - 1) // 8] |= 0x80 >> ((number - 1) % 8)
    return bytes(raw)


def vlans() -> Facts:
    """Ports 1–3 on interfaces 101–103: 1 is an access port of 10, 2 a trunk of 10 and 20, 3 hybrid."""
    egress = {10: port_list(1, 2), 20: port_list(2, 3), 30: port_list(2, 3)}
    untagged = {10: port_list(1), 20: port_list(3), 30: port_list(2, 3)}
    named = table(Q_STATIC, c1={10: "office", 20: "voice", 30: "lab"}, c2=egress, c4=untagged)
    return {**bridged("g1", "g2", "g3", first=101), **named, **table(PVID, c1={1: 10, 2: 1, 3: 30})}


def test_vlans_and_their_ports_are_read_by_bridge_port() -> None:
    found = explored("network.switch", vlans())
    assert rows(found, "vlans") == [
        {"vlan": 10, "name": "office"},
        {"vlan": 20, "name": "voice"},
        {"vlan": 30, "name": "lab"},
    ]
    told = {
        each["name"]: (each["mode"], each.get("vlan"), each.get("tagged_vlans")) for each in rows(found, "interfaces")
    }
    assert told == {"g1": ("access", 10, None), "g2": ("trunk", 30, "10,20"), "g3": ("hybrid", 30, None)}


def test_the_current_table_stands_in_where_there_is_no_static_one() -> None:
    facts = {**bridged("g1"), **table(Q_CURRENT, c4={"0.10": port_list(1)}, c5={"0.10": port_list(1)})}
    found = explored("network.switch", facts)
    assert (rows(found, "vlans"), rows(found, "interfaces")[0]["vlan"]) == ([{"vlan": 10}], 10)


def test_junos_prints_its_port_lists() -> None:
    facts = {**bridged("ge-0/0/0", "ge-0/0/1"), **table(Q_STATIC, c2={10: "1,2"}, c4={10: "2"})}
    found = rows(explored("network.switch", facts, "1.3.6.1.4.1.2636.1.1"), "interfaces")
    assert [(each["mode"], each.get("tagged_vlans")) for each in found] == [("trunk", "10"), ("access", None)]


def test_cisco_tells_vlans_trunks_and_voice_in_tables_of_its_own() -> None:
    enabled = bytes(1) + bytes([0b00110000]) + bytes(126)  # 10 and 11
    facts = {
        **ports("Gi1", "Gi2"),
        **table("1.3.6.1.4.1.9.9.46.1.3.1.1", c3={"1.10": 1, "1.11": 1, "1.1002": 2}, c4={"1.10": "office"}),
        **table("1.3.6.1.4.1.9.9.46.1.6.1.1", c4={2: enabled}, c5={2: 11}, c14={2: 1}),
        "1.3.6.1.4.1.9.9.68.1.2.2.1.2.1": 10, "1.3.6.1.4.1.9.9.68.1.5.1.1.1.1": 11,
    }  # fmt: skip
    found = explored("network.switch", facts, CISCO)
    assert [each["vlan"] for each in rows(found, "vlans")] == [10, 11]
    told = [
        {key: each.get(key) for key in ("mode", "vlan", "tagged_vlans", "voice_vlan")}
        for each in rows(found, "interfaces")
    ]
    assert told == [
        {"mode": "access", "vlan": 10, "tagged_vlans": None, "voice_vlan": 11},
        {"mode": "trunk", "vlan": 11, "tagged_vlans": "10", "voice_vlan": None},
    ]


def test_ranges_are_short() -> None:
    assert ranges({1, 2, 3, 7, 9, 10}) == "1-3,7,9-10"


# --- aggregates


def test_members_of_an_aggregate_lead_to_it_and_it_to_them() -> None:
    facts = {
        **ports("g1", "g2", "g3", "lag1"),
        **table("1.2.840.10006.300.43.1.2.1.1", c12={1: 4, 2: 4, 3: 3}, c13={1: 4, 2: 0, 3: 3}),
        **table("1.2.840.10006.300.43.1.1.1.1", c4={4: octets("02aa000000ff")}, c8={4: octets("02bb000000ff")}),
    }
    found = explored("network.switch", facts)
    assert rows(found, "lags") == [
        {"name": "lag1", "members": ["g1", "g2"], "active": ["g1"], "mode": "lacp", "system_id": "02:aa:00:00:00:ff",
         "partner_id": "02:bb:00:00:00:ff"},
    ]  # fmt: skip
    assert {each["name"]: each.get("master") for each in rows(found, "interfaces")} == {
        "g1": "lag1", "g2": "lag1", "g3": None, "lag1": None,
    }  # fmt: skip


def test_the_interface_stack_tells_members_where_nothing_else_does() -> None:
    facts = {
        **ports("g1", "g2", "Po1", "Vl1"),
        **table(IF, c3={1: 6, 2: 6, 3: 161, 4: 53}),
        **table("1.3.6.1.2.1.31.1.2.1", c3={"3.1": 1, "3.2": 1, "4.3": 1, "0.3": 1}),
    }
    assert rows(explored("network.switch", facts), "lags") == [{"name": "Po1", "members": ["g1", "g2"]}]


# --- forwarding and ARP


def test_a_forwarding_table_tells_vlan_and_port_and_leaves_out_groups_and_what_is_not_in_use() -> None:
    def at(fdb: int, mac: str) -> str:
        return f"{fdb}.{index_of(mac)}"

    facts = {
        **bridged("g1", "g2", first=101),
        **table(Q_FDB, c2={at(5, PC): 1, at(5, PC2): 0, at(5, SELF): 0, at(5, GROUP): 2},
                c3={at(5, PC): 3, at(5, PC2): 3, at(5, SELF): 4, at(5, GROUP): 3}),
        **table(Q_CURRENT, c3={"0.10": 5}),
    }  # fmt: skip
    assert rows(explored("network.switch", facts), "fdb") == [
        {"vlan": 10, "mac": PC, "interface": "g1", "kind": "learned"},
        {"vlan": 10, "mac": SELF, "kind": "self"},
    ]


def test_a_filtering_database_of_several_vlans_has_none_of_its_own() -> None:
    facts = {
        **bridged("g1"),
        **table(Q_FDB, c2={f"1.{index_of(PC)}": 1}),
        **table(Q_CURRENT, c3={"0.10": 1, "0.20": 1}),
    }
    assert rows(explored("network.switch", facts), "fdb") == [{"vlan": 0, "mac": PC, "interface": "g1"}]


def vtp(*vlans: int) -> Facts:
    return table(
        "1.3.6.1.4.1.9.9.46.1.3.1.1",
        c3={f"1.{vlan}": 1 for vlan in vlans},
        c4={f"1.{vlan}": f"v{vlan}" for vlan in vlans},
    )


def test_ios_keeps_a_table_per_vlan_in_a_context_of_its_own() -> None:
    def context(mac: str, index: int) -> Facts:
        return {
            **table("1.3.6.1.2.1.17.1.4.1", c2={1: index}),
            **table(D_FDB, c2={index_of(mac): 1}, c3={index_of(mac): 3}),
        }

    answers = Answers(
        {**ports("Gi1", "Gi2"), **vtp(10, 20, 1002)}, {"vlan-10": context(PC, 1), "vlan-20": context(PC2, 2)}
    )
    found = explored("network.switch", answers, CISCO)
    assert rows(found, "fdb") == [
        {"vlan": 10, "mac": PC, "interface": "Gi1", "kind": "learned"},
        {"vlan": 20, "mac": PC2, "interface": "Gi2", "kind": "learned"},
    ]
    assert sections(found)["fdb"].complete
    assert "vlan-1002" not in {ask.context for ask in answers.asked}


def test_a_device_that_knows_no_contexts_is_asked_for_one_of_them_only() -> None:
    answers = Answers({**ports("Gi1"), **vtp(10, 20, 30)})
    found = explored("network.switch", answers, CISCO)
    assert [ask.context for ask in answers.asked if ask.context] == ["vlan-10"]
    assert (sections(found)["fdb"].reason, sections(found)["arp"].reason) == ("no_answer", "")


def test_arp_is_read_of_both_tables() -> None:
    v6, v4, gone = "1.2.16.32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.9", "1.192.0.2.9", "1.192.0.2.8"
    facts = {
        **ports("v10"),
        **table("1.3.6.1.2.1.4.35.1", c4={v6: octets(PC)}, c6={v6: 3}),
        **table("1.3.6.1.2.1.4.22.1", c2={v4: octets(PC), gone: octets(PC2)}, c4={v4: 3, gone: 2}),
    }
    assert rows(explored("network.router", facts), "arp") == [
        {"address": "192.0.2.9", "mac": PC, "interface": "v10", "kind": "dynamic"},
        {"address": "2001:db8::9", "mac": PC, "interface": "v10", "kind": "dynamic"},
    ]
