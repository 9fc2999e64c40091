"""Interfaces are told with kind, master, VLAN, driver and the MAC they were made with."""

from __future__ import annotations

import json
import socket
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.collectors.base import Unsupported
from agent.collectors.bounded import Malformed
from agent.collectors.linux import addresses, interfaces, permanent_mac
from tests.agent.collectors.catalogue import kept
from tests.agent.collectors.linux.trees import CAPTURED, capture, plant

DUMP = [bytes.fromhex(line) for line in (CAPTURED / "rtnetlink-addresses.txt").read_text().splitlines()]


def collected(root: Path) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in kept("interfaces", interfaces.collect(plant(root, capture("network"))))}


def test_every_kind_of_interface_is_recognised(tmp_path: Path) -> None:
    assert {name: row["kind"] for name, row in collected(tmp_path).items()} == {
        "lo": "loopback",
        "enp0s8": "ethernet",
        "enp0s9": "ethernet",
        "enp0s10": "ethernet",
        "bond0": "bond",
        "bond0.100": "vlan",
        "br0": "bridge",
        "v0": "veth",
        "v1": "veth",
        "dummy0": "virtual",
        "mv0": "virtual",
        "tap0": "virtual",
        "gretap0": "virtual",
        "tun0": "tunnel",
        "gre0": "tunnel",
        "gre1": "tunnel",
        "wg0": "tunnel",
        "vx0": "tunnel",
    }


def test_a_member_of_a_bond_keeps_the_mac_it_was_made_with(tmp_path: Path) -> None:
    member = collected(tmp_path)["enp0s8"]
    assert member == {
        "name": "enp0s8", "mac": "d2:d7:90:84:d3:22", "permanent_mac": "52:54:00:aa:00:01", "addresses": [],
        "mtu": 1500, "speed_mbps": 1000, "duplex": "full", "state": "up", "kind": "ethernet", "master": "bond0",
        "driver": "e1000e",
    }  # fmt: skip


def test_a_vlan_has_its_number_and_a_virtual_link_no_speed(tmp_path: Path) -> None:
    rows = collected(tmp_path)
    assert rows["bond0.100"]["vlan"] == 100
    assert [name for name, row in rows.items() if "speed_mbps" in row] == ["enp0s8", "enp0s9"]
    assert [name for name, row in rows.items() if row.get("master") == "br0"] == ["enp0s10", "v0"]


def test_an_address_of_a_tunnel_or_of_zeros_is_no_mac(tmp_path: Path) -> None:
    rows = collected(tmp_path)
    assert {name for name, row in rows.items() if "mac" not in row} == {"lo", "gre0", "gre1", "gretap0", "tun0", "wg0"}


def test_wireless_and_infiniband_are_told_apart_from_ethernet(tmp_path: Path) -> None:
    wlan, infiniband = "sys/class/net/wlan0", "sys/class/net/ib0"
    files: dict[str, Any] = {f"{wlan}/ifindex": "3", f"{wlan}/type": "1", f"{wlan}/uevent": "DEVTYPE=wlan\n"}
    files |= {f"{wlan}/address": "A0:B1:C2:D3:E4:F5\n", "sys/class/net/bonding_masters": "bond0"}
    files |= {f"{infiniband}/ifindex": "4", f"{infiniband}/type": "32", f"{infiniband}/operstate": "dormant"}
    files[f"{infiniband}/device"] = {"folder": True}
    rows = kept("interfaces", interfaces.collect(plant(tmp_path, files)))
    assert [(row["name"], row["kind"], row["state"]) for row in rows] == [
        ("ib0", "infiniband", "unknown"), ("wlan0", "wireless", "unknown"),
    ]  # fmt: skip
    assert rows[1]["mac"] == "a0:b1:c2:d3:e4:f5"


@pytest.mark.parametrize(
    ("told", "state"),
    [("up", "up"), ("down", "down"), ("lowerlayerdown", "down"), ("notpresent", "down"), ("dormant", "unknown"),
     (None, "unknown")],
)  # fmt: skip
def test_the_state_is_one_of_three(told: str | None, state: str) -> None:
    assert interfaces.oper_state(told) == state


def test_a_machine_without_sysfs_has_no_such_thing(tmp_path: Path) -> None:
    with pytest.raises(Unsupported):
        interfaces.collect(tmp_path)


def test_addresses_are_those_that_ip_shows_without_link_local_ones() -> None:
    told: dict[int, set[str]] = {}
    for part in DUMP:
        for kind, body in addresses.parse_messages(part):
            if kind == 20 and (pair := addresses.parse_address(body)):
                told.setdefault(pair[0], set()).add(pair[1])
    shown = {
        interface["ifindex"]: {f"{each['local']}/{each['prefixlen']}" for each in interface["addr_info"]}
        for interface in json.loads((CAPTURED / "ip-addr.json").read_text())
    }
    assert told == {
        index: kept_ones
        for index, all_ones in shown.items()
        if (kept_ones := {each for each in all_ones if not each.startswith(("fe80:", "169.254."))})
    }
    assert {"10.20.100.7/24", "10.20.100.8/24", "2001:db8:100::7/64"} in told.values()
    assert {"10.8.0.1/32"} in told.values(), "of a point-to-point link the near end"


def address(family: int, raw: bytes, prefix: int, flags: int, long_flags: int | None = None) -> bytes:
    attributes = struct.pack("=HH", 4 + len(raw), 1) + raw
    if long_flags is not None:
        attributes += struct.pack("=HHI", 8, 8, long_flags)
    return struct.pack("=BBBBI", family, prefix, flags, 0, 7) + attributes


@pytest.mark.parametrize("flags", [0x01, 0x08, 0x40])
def test_a_temporary_or_failed_ipv6_address_is_left_out(flags: int) -> None:
    raw = bytes.fromhex("20010db8000000000000000000000001")
    assert addresses.parse_address(address(socket.AF_INET6, raw, 64, 0)) == (7, "2001:db8::1/64")
    assert addresses.parse_address(address(socket.AF_INET6, raw, 64, flags)) is None
    assert addresses.parse_address(address(socket.AF_INET6, raw, 64, 0, 0x300 | flags)) is None
    assert addresses.parse_address(address(socket.AF_INET, b"\n\0\0\1", 8, 0x01)) == (7, "10.0.0.1/8")


def test_a_dump_that_changed_while_it_was_read_is_malformed() -> None:
    with pytest.raises(Malformed, match="changed"):
        list(addresses.parse_messages(struct.pack("=IHHII", 16, 20, 0x10 | 0x2, 1, 0)))


@given(st.binary(max_size=120))
def test_any_netlink_message_gives_addresses_or_malformed(noise: bytes) -> None:
    for parse in (lambda: list(addresses.parse_messages(noise)), lambda: addresses.parse_address(noise)):
        try:
            parse()
        except Malformed:
            continue


@given(st.text(alphabet="Slave Interface: enp0s8\nPermanent HW addr|100 ", max_size=200))
def test_any_text_of_bonding_and_vlans_is_survived(text: str) -> None:
    interfaces.parse_bonding(text)
    assert all(1 <= number <= 4094 for number in interfaces.parse_vlan_config(text).values())


def test_an_answer_of_ethtool_without_address_is_none() -> None:
    assert permanent_mac.parse_perm_addr(struct.pack("=II", 0x20, 6) + bytes.fromhex("525400aa0001") + bytes(26)) == (
        "52:54:00:aa:00:01"
    )
    assert permanent_mac.parse_perm_addr(struct.pack("=II", 0x20, 6) + bytes(32)) is None
    assert permanent_mac.parse_perm_addr(struct.pack("=II", 0x20, 20) + b"\1" * 32) is None
    assert permanent_mac.permanent_mac("lo") is None
    assert permanent_mac.permanent_mac("a name too long for an interface") is None
