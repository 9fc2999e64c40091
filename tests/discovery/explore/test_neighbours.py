"""Neighbours: every form LLDP, CDP and the others tell them in."""

from __future__ import annotations

from typing import Any

import pytest

from discovery.asking import Address
from tests.discovery.explore.driven import IF, Facts, bridged, explored, octets, ports, row, rows, table

REMOTE, LOCAL = "1.0.8802.1.1.2.1.4.1.1", "1.0.8802.1.1.2.1.3.7.1"


def heard(chassis: tuple[int, Any], port: tuple[int, Any], local: int = 1, **more: Any) -> Facts:
    at = f"0.{local}.1"
    columns = {"c4": chassis[0], "c5": chassis[1], "c6": port[0], "c7": port[1], **more}
    return table(REMOTE, **{name: {at: value} for name, value in columns.items()})


@pytest.mark.parametrize(
    ("kind", "raw", "told", "word"),
    [
        (1, "SN1234", "SN1234", "component"),
        (4, octets("02aabbccddee"), "02:aa:bb:cc:dd:ee", "mac"),
        (5, b"\x01\xc0\x00\x02\x07", "192.0.2.7", "address"),
        (5, b"\x02" + bytes.fromhex("20010db8" + "0" * 23 + "1"), "2001:db8::1", "address"),
        (6, "xe-0/0/1", "xe-0/0/1", "interface"),
        (7, "edge-7", "edge-7", "local"),
    ],
)
def test_a_chassis_is_told_by_its_kind(kind: int, raw: Any, told: str, word: str) -> None:
    found = rows(explored("network.switch", {**bridged("g1"), **heard((kind, raw), (5, "p1"))}), "neighbours")
    assert [(each["chassis_id"], each["chassis_id_kind"], each["port_id"]) for each in found] == [(told, word, "p1")]


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ({"c2": {9: 5}, "c3": {9: "g2"}}, "g2"),
        ({"c2": {9: 3}, "c3": {9: octets("02aa00000002")}}, "g2"),
        ({"c2": {9: 7}, "c3": {9: "102"}}, "g2"),
        ({"c2": {9: 7}, "c3": {9: "??"}, "c4": {9: "Ethernet 2"}}, "g2"),
        ({"c2": {9: 1}, "c3": {9: "nobody's alias"}}, "#9"),
    ],
)
def test_a_local_port_is_what_its_row_says_and_its_number_is_no_interface(local: dict[str, Any], expected: str) -> None:
    facts = {
        **bridged("g1", "g2", first=101),
        **table(IF, c2={101: "Ethernet 1", 102: "Ethernet 2"}, c6={102: octets("02aa00000002")}),
        **table(LOCAL, **local),
        **heard((4, octets("02bb00000001")), (5, "p1"), local=9),
    }
    assert [each["interface"] for each in rows(explored("network.switch", facts), "neighbours")] == [expected]


def test_without_a_row_of_its_own_a_port_number_is_a_bridge_port_before_it_is_an_interface() -> None:
    bridge = {**ports("wrong", "g1", first=1), **table("1.3.6.1.2.1.17.1.4.1", c2={1: 2})}
    for facts, expected in ((bridge, "g1"), (ports("g1", first=1), "g1")):
        found = explored("network.switch", {**facts, **heard((4, octets("02bb00000001")), (5, "p1"))})
        assert rows(found, "neighbours")[0]["interface"] == expected


def test_lldp_tells_name_description_address_capabilities_and_what_med_adds() -> None:
    facts = {
        **bridged("g1"),
        **heard((4, octets("02bb00000001")), (5, "p1"), c8="its port", c9="phone-1", c10="a phone", c12=b"\x04"),
        "1.0.8802.1.1.2.1.4.2.1.3.0.1.1.1.4.192.0.2.9": 2,
        "1.0.8802.1.1.2.1.5.4795.1.3.3.1.4.0.1.1": "SNP1234", "1.0.8802.1.1.2.1.5.4795.1.3.3.1.6.0.1.1": "P-9000",
    }  # fmt: skip
    assert rows(explored("network.switch", facts), "neighbours") == [
        {"protocol": "lldp", "interface": "g1", "chassis_id": "02:bb:00:00:00:01", "chassis_id_kind": "mac",
         "port_id": "p1", "port_id_kind": "interface", "port_description": "its port", "system_name": "phone-1",
         "system_description": "a phone", "management_address": "192.0.2.9", "capabilities": ["telephone"],
         "serial": "SNP1234", "platform": "P-9000"},
    ]  # fmt: skip


def test_version_2_names_the_interface_itself() -> None:
    at = "0.7.1.3"
    remote: dict[str, dict[str, Any]] = {
        "c5": {at: 4},
        "c6": {at: octets("02bb00000001")},
        "c7": {at: 5},
        "c8": {at: "p1"},
    }
    facts = {**ports("g7", first=7), **table("1.3.111.2.802.1.1.13.1.4.1.1", **remote)}
    assert rows(explored("security.firewall", facts), "neighbours")[0]["interface"] == "g7"


@pytest.mark.parametrize(
    ("device_id", "chassis", "kind", "serial"),
    [
        ("edge-1.example.net", "edge-1.example.net", "name", None),
        ("dc-1(FOX12345678)", "dc-1", "name", "FOX12345678"),
        ("02BB00000001", "02:bb:00:00:00:01", "mac", None),
        ("02:bb:00:00:00:01", "02:bb:00:00:00:01", "mac", None),
    ],
)
def test_a_cdp_device_id_is_a_name_a_mac_or_a_name_with_a_serial(
    device_id: str, chassis: str, kind: str, serial: str | None
) -> None:
    told = {4: bytes((192, 0, 2, 9)), 6: device_id, 7: "Gi0/1", 8: "switch", 9: bytes((0, 0, 0, 0x29))}
    cdp = {f"1.3.6.1.4.1.9.9.23.1.2.1.1.{column}.3.1": value for column, value in told.items()}
    found = row(explored("network.switch", {**ports("a", "b", "c"), **cdp}), "neighbours", protocol="cdp")
    assert (found["chassis_id"], found["chassis_id_kind"], found.get("serial")) == (chassis, kind, serial)
    assert (found["interface"], found["port_id"], found["management_address"]) == ("c", "Gi0/1", "192.0.2.9")
    assert found["capabilities"] == ["bridge", "router"]


def test_the_protocols_of_extreme_huawei_h3c_and_brocade_are_read_of_their_own_gear() -> None:
    edp = table("1.3.6.1.4.1.1916.1.13.2.1", c3={"1.0.0.2.187.0.0.0.1": "x-1"}, c5={"1.0.0.2.187.0.0.0.1": 2},
                c6={"1.0.0.2.187.0.0.0.1": 14})  # fmt: skip
    fdp = table("1.3.6.1.4.1.1991.1.1.3.20.1.2.1.1", c3={"1.1": "f-1"}, c5={"1.1": Address(bytes((192, 0, 2, 8)))},
                c7={"1.1": "e1"}, c10={"1.1": 1})  # fmt: skip
    columns: dict[str, dict[str, Any]] = {
        "c1": {"1.5": octets("02bb00000002")},
        "c2": {"1.5": "GE0/0/2"},
        "c3": {"1.5": "h-1"},
    }
    cases = {
        "1.3.6.1.4.1.1916.2.1": (edp, ("edp", "02:bb:00:00:00:01", "2:14", "x-1")),
        "1.3.6.1.4.1.1991.1.3": (fdp, ("fdp", "f-1", "e1", "f-1")),
        "1.3.6.1.4.1.2011.2.23": (
            table("1.3.6.1.4.1.2011.6.7.5.6.1", **columns),
            ("ndp", "02:bb:00:00:00:02", "GE0/0/2", "h-1"),
        ),
        "1.3.6.1.4.1.25506.1.1": (
            table("1.3.6.1.4.1.25506.8.7.5.6.1", **columns),
            ("ndp", "02:bb:00:00:00:02", "GE0/0/2", "h-1"),
        ),
    }
    for object_id, (facts, expected) in cases.items():
        (found,) = rows(explored("network.switch", {**ports("g1"), **facts}, object_id), "neighbours")
        assert tuple(found[key] for key in ("protocol", "chassis_id", "port_id", "system_name")) == expected
        assert found["interface"] == "g1"
