"""Each class of the regulation, explored over tables of the form its devices have."""

from __future__ import annotations

from typing import Any

import pytest

from discovery.asking import Address
from discovery.explore import Explored
from tests.discovery.explore.driven import (
    ENTITY,
    SYSTEM,
    Answers,
    Facts,
    bridged,
    explored,
    octets,
    ports,
    row,
    rows,
    table,
)
from wire.observation import Status
from wire.sections import SECTIONS, canonical, check

HR = "1.3.6.1.2.1.25."
UPS = "1.3.6.1.2.1.33.1."
APC = "1.3.6.1.4.1.318.1.1."
DELL = "1.3.6.1.4.1.674.10892.5."
HP = "1.3.6.1.4.1.232."
IBMC = "1.3.6.1.4.1.2011.2.235.1.1."
OCEANSTOR = "1.3.6.1.4.1.34774.4.1.23."
FC = "1.3.6.1.3.94.1."
SW = "1.3.6.1.4.1.1588.2.1.1.1."
PRINTER = "1.3.6.1.2.1.43."
WWN_A, WWN_B, WWN_HBA = "10:00:00:05:33:00:00:01", "20:01:00:05:33:00:00:01", "10:00:00:90:fa:00:00:11"

SWITCH: Facts = {
    f"{SYSTEM}5.0": "sw-1", f"{SYSTEM}6.0": "room 1, rack 7", "1.3.6.1.2.1.17.1.1.0": octets("02aa00000100"),
    **bridged("Gi1", "Gi2"),
    **table(ENTITY, c2={2: "1000BASE-SX SFP"}, c4={1: 0, 2: 1, 3: 2}, c5={1: 3, 2: 9, 3: 8}),
    **table(ENTITY, c7={1: "Chassis", 2: "Gi2", 3: "Rx"}, c11={1: "SN1234", 2: "OPT5678"},
            c13={1: "SW-48", 2: "SFP-SX"}),
    **table("1.3.6.1.2.1.99.1.1.1", c1={3: 14}, c2={3: 9}, c3={3: 1}, c4={3: -47}, c5={3: 1}),
    **table("1.3.6.1.2.1.105.1.1.1", c3={"1.1": 1, "1.2": 2}, c6={"1.1": 3, "1.2": 1}, c7={"1.1": 2}, c10={"1.1": 4}),
    **table("1.3.6.1.2.1.105.1.3.1.1", c2={1: 370}, c3={1: 1}, c4={1: 115}),
}  # fmt: skip
FIREWALL: Facts = {
    **ports("port1", "port2"), "1.3.6.1.4.1.12356.101.13.1.1.0": 3, "1.3.6.1.4.1.12356.101.13.1.7.0": "pair-1",
    **table("1.3.6.1.4.1.12356.101.13.2.1.1", c2={1: "FW0001", 2: "FW0002"}, c11={1: "fw-1", 2: "fw-2"},
            c16={1: "FW0001", 2: "FW0001"}),
}  # fmt: skip
ROUTER: Facts = {
    **ports("v10"),
    **table("1.3.6.1.2.1.68.1.3.1", c2={"1.7": octets("00005e000107")}, c3={"1.7": 3}, c5={"1.7": 110}),
    "1.3.6.1.2.1.68.1.4.1.2.1.7.192.0.2.1": 1,
    **table("1.3.6.1.4.1.9.9.106.1.2.1.1", c3={"1.9": 90}, c11={"1.9": Address(b"\xc0\0\2\xfe")}, c15={"1.9": 5}),
}  # fmt: skip
HOST: Facts = {
    f"{HR}2.2.0": 4096, "1.3.6.1.4.1.2021.4.3.0": 1024, "1.3.6.1.4.1.2021.10.1.3.1": "0.25",
    **table(f"{HR}3.2.1", c2={10: f"{HR}3.1.3", 11: f"{HR}3.1.3", 20: f"{HR}3.1.6"}),
    **table(f"{HR}3.2.1", c3={10: "CPU X", 11: "CPU X", 20: "disk A"}),
    **table(f"{HR}3.3.1", c2={10: 10, 11: 30}), **table(f"{HR}3.6.1", c4={20: 1000}),
    **table(f"{HR}2.3.1", c2={1: f"{HR}2.1.2", 31: f"{HR}2.1.4", 32: f"{HR}2.1.4"},
            c3={1: "RAM", 31: "/", 32: "/proc/x"}, c4={1: 1024, 31: 4096, 32: 1},
            c5={1: 4096, 31: 100, 32: 9}, c6={1: 1024, 31: 25, 32: 9}),
    **table(f"{HR}3.8.1", c2={1: "/"}, c4={1: f"{HR}3.9.23"}, c5={1: 1}, c7={1: 31}),
    **table(f"{HR}6.3.1", c2={1: "bash-5.1.8-6.el9.x86_64", 2: "openssl_3.0.11-1_amd64", 3: "Some Product"}),
    "1.3.6.1.2.1.6.20.1.4.1.4.0.0.0.0.22": 77, "1.3.6.1.2.1.6.20.1.4.1.4.127.0.0.1.25": 78, f"{HR}4.2.1.2.77": "sshd",
}  # fmt: skip
IDRAC: Facts = {
    f"{DELL}1.3.2.0": "ABC1234", f"{DELL}1.3.1.0": "db-1.example.net", f"{DELL}4.300.50.1.8.1.1": "2.9.0",
    **table(f"{DELL}4.1100.50.1", c7={"1.1": 26}, c8={"1.1": "A1", "1.2": "A2"}, c14={"1.1": 8388608, "1.2": 0}),
    f"{DELL}4.1100.50.1.23.1.1": "DIMM0001",
    **table(f"{DELL}5.1.20.130.4.1", c3={1: "MAKER"}, c4={1: 3}, c6={1: "D-4000"}, c7={1: "DISK0001"}, c11={1: 1000},
            c21={1: 3}, c35={1: 2}, c54={1: "Disk.Bay.0"}),
    **table(f"{DELL}5.1.20.140.1.1", c4={1: 4}, c6={1: 1000}, c13={1: 3}, c35={1: "Virtual.0"}),
    **table(f"{DELL}4.700.20.1", c5={"1.1": 3}, c6={"1.1": 220}, c8={"1.1": "Inlet"}),
    f"{HR}2.2.0": 65536,
}  # fmt: skip
ILO: Facts = {
    f"{HP}2.2.2.1.0": "CZ1234567A", f"{HP}11.2.10.3.0": "30313436-3631-5a43-3136-303130303031",
    **table(f"{HP}6.2.9.3.1", c3={"0.1": 3, "0.2": 2}, c4={"0.1": 2, "0.2": 1}, c11={"0.1": "PSU0001"}),
    **table(f"{HP}3.2.5.1.1", c3={"0.0": "EH"}, c6={"0.0": 4}, c45={"0.0": 1000}, c51={"0.0": "DISK0001"},
            c64={"0.0": "Bay 1"}),
}  # fmt: skip
HUAWEI_BMC: Facts = {
    f"{IBMC}1.7.0": "2102311234", f"{IBMC}1.9.0": "web-1", f"{IBMC}11.50.1.4.66.73.79.83": "1.08",
    **table(f"{IBMC}16.50.1", c3={1: "MAKER"}, c4={1: "32768 MB"}, c5={1: "2400 MHz"}, c10={1: "DIMM000"},
            c12={1: "0x1911AA5A"}),
    **table(f"{IBMC}18.50.1", c2={1: 2, 2: 1}, c3={1: 1}, c6={1: "Disk0", 2: "Disk1"}, c7={1: "DISK0001"}),
    **table(f"{IBMC}8.50.1", c2={1: 2400}, c3={1: 2}, c4={1: 1}, c7={1: "Fan1"}),
}  # fmt: skip
ARRAY: Facts = {
    **table(f"{OCEANSTOR}4.2.1", c1={"1.49": "1"}, c2={"1.49": "pool-1"}, c5={"1.49": 1}, c7={"1.49": 1000},
            c8={"1.49": 10}),
    **table(f"{OCEANSTOR}4.8.1", c2={"1.48": "lun-1"}, c4={"1.48": "pool-1"}, c5={"1.48": 100}, c9={"1.48": 1}),
    **table(f"{OCEANSTOR}5.1.1", c2={"9.1": 1}, c4={"9.1": "CTE0.0"}, c6={"9.1": 1000}, c12={"9.1": "SSD-X"},
            c15={"9.1": "DISK0001"}),
    **table(f"{OCEANSTOR}5.2.1", c1={"2.48": "0A"}, c2={"2.48": 1}, c5={"2.48": "CTE0.A"}, c11={"2.48": "7.60"}),
}  # fmt: skip
UNIT = ".".join(str(each) for each in octets(WWN_A)) + ".0.0.0.0.0.0.0.0"
FC_SWITCH: Facts = {
    **table(f"{FC}6.1", c1={UNIT: octets(WWN_A) + bytes(8)}, c3={UNIT: 4}),
    **table(f"{FC}10.1", c3={f"{UNIT}.0": 8}, c6={f"{UNIT}.0": 2}, c10={f"{UNIT}.0": octets(WWN_B) + bytes(8)},
            c15={f"{UNIT}.0": 1_600_000}, c17={f"{UNIT}.0": "port0"}),
    **table("1.3.6.1.3.94.5.2.1.1", c3={f"{UNIT}.1": bytes((1, 6, 0))}, c4={f"{UNIT}.1": octets(WWN_HBA)},
            c12={f"{UNIT}.1": octets(WWN_B)}, c14={f"{UNIT}.1": "HBA of db-1"}),
    f"{SW}2.1.0": 7, f"{SW}1.7.0": 1,
    **table(f"{SW}2.9.1", c2={1: 1, 2: 2}, c3={1: 9, 2: 9}, c4={1: 12, 2: 13}),
    **table(f"{SW}6.2.1", c4={1: 1, 2: 2}, c5={1: 1, 2: 2}, c36={1: "to db-1"}),
}  # fmt: skip
UPS_FACTS: Facts = {
    f"{UPS}1.4.0": "card 1.2", f"{UPS}1.6.0": "db-1, web-1", f"{UPS}2.1.0": 2, f"{UPS}2.3.0": 18, f"{UPS}2.4.0": 91,
    f"{UPS}2.5.0": 550, f"{UPS}4.1.0": 3, f"{UPS}7.3.0": 1, f"{UPS}9.5.0": 1000, f"{UPS}9.6.0": 900,
    **table(f"{UPS}3.3.1", c2={1: 500}, c3={1: 230}),
    **table(f"{UPS}4.4.1", c2={1: 230}, c3={1: 17}, c4={1: 360}, c5={1: 40}),
    f"{UPS}6.2.1.2.5": f"{UPS}6.3.2",
}  # fmt: skip
PDU: Facts = {
    **table(f"{APC}26.9.2.3.1", c3={1: "Outlet 1", 2: "db-1 PSU A"}, c4={1: 1, 2: 2}, c5={1: 1, 2: 2}),
    **table(f"{APC}26.9.4.3.1", c4={2: 2}, c6={2: 5}, c7={2: 110}),
    **table(f"{APC}26.4.3.1", c4={1: 2}, c5={1: 27}, c9={1: 19677}),
    **table(f"{APC}26.6.3.1", c4={1: 2}, c5={1: 13}, c6={1: 231}, c7={1: 25}),
}  # fmt: skip
PRINTER_FACTS: Facts = {
    f"{PRINTER}10.2.1.4.1.1": 271871, f"{HR}3.5.1.1.1": 3, f"{PRINTER}12.1.1.4.1.1": "black",
    **table(f"{PRINTER}11.1.1", c3={"1.1": 1, "1.2": 0}, c4={"1.1": 3, "1.2": 4}, c5={"1.1": 3, "1.2": 4},
            c6={"1.1": "Black Toner", "1.2": "Waste"}, c7={"1.1": 19, "1.2": 19}, c8={"1.1": 100, "1.2": -2},
            c9={"1.1": 40, "1.2": -3}),
}  # fmt: skip
ESX: Facts = table("1.3.6.1.4.1.6876.2.1.1", c2={8: "vm-1"}, c5={8: 2048}, c6={8: "powered on"}, c9={8: 2},
                   c10={8: "420753f9-d904-e5e6-da53-d75590bde400"})  # fmt: skip

DEVICES: dict[str, tuple[str, Facts]] = {
    "network.switch": ("1.3.6.1.4.1.99999.1", SWITCH), "network.router": ("1.3.6.1.4.1.9.1.1", ROUTER),
    "security.firewall": ("1.3.6.1.4.1.12356.101.1.1", FIREWALL), "server.unknown": ("1.3.6.1.4.1.8072.3.2.10", HOST),
    "server.pc_server": ("1.3.6.1.4.1.674.10892.5", IDRAC), "server.hypervisor": ("1.3.6.1.4.1.6876.4.1", ESX),
    "storage.disk_array": ("1.3.6.1.4.1.34774.4.1", ARRAY),
    "storage.fc_switch": ("1.3.6.1.4.1.1588.2.1.1.1", FC_SWITCH),
    "environment.ups": ("1.3.6.1.4.1.99999.1", UPS_FACTS), "environment.pdu": ("1.3.6.1.4.1.318.1.3.4.5", PDU),
    "auxiliary.printer": ("1.3.6.1.4.1.99999.1", PRINTER_FACTS),
    "unknown": ("1.3.6.1.4.1.99999.1", {**SWITCH, **UPS_FACTS}),
}  # fmt: skip


def of(class_: str, **more: Any) -> Explored:
    object_id, facts = DEVICES[class_]
    return explored(class_, facts, object_id, **more)


@pytest.mark.parametrize("class_", DEVICES)
def test_what_is_found_keeps_to_the_catalogue_and_is_complete(class_: str) -> None:
    found = of(class_)
    said = [section for section in found.sections if section.status is Status.OK]
    assert len(said) > 1
    for section in found.sections:
        assert section.complete, section.name
        if section.body:
            assert check(SECTIONS[section.name], section.body) == section.body
            assert canonical(section.body)


@pytest.mark.parametrize("class_", DEVICES)
def test_no_question_is_asked_twice(class_: str) -> None:
    object_id, facts = DEVICES[class_]
    answers = Answers(facts)
    explored(class_, answers, object_id)
    assert len(set(answers.asked)) == len(answers.asked)


def test_a_device_says_where_it_is_and_what_it_was_identified_as() -> None:
    found = of("network.switch", vendor="Maker", model="SW-48", serial="SN1234", matched_by="maker-sw: sysObjectID")
    assert row(found, "device") == {
        "class": "network", "type": "switch", "vendor": "Maker", "model": "SW-48", "serial": "SN1234", "name": "sw-1",
        "definition": "maker-sw: sysObjectID", "state": "identified", "object_id": "1.3.6.1.4.1.99999.1",
        "location": "room 1, rack 7", "base_mac": "02:aa:00:00:01:00",
    }  # fmt: skip


def test_a_transceiver_is_told_with_its_port_and_what_it_receives() -> None:
    assert rows(of("network.switch"), "optics") == [
        {"interface": "Gi2", "type": "1000BASE-SX SFP", "part": "SFP-SX", "serial": "OPT5678", "receive_dbm": -4.7},
    ]
    assert rows(of("network.switch"), "sensors") == [
        {
            "name": "Chassis > Gi2 > Rx",
            "kind": "power",
            "unit": "dbm",
            "value": -4.7,
            "state": "ok",
            "component": "Chassis > Gi2",
        },
    ]


def test_power_over_ethernet_is_told_by_port() -> None:
    assert rows(of("network.switch"), "poe") == [
        {"interface": "Gi1", "enabled": True, "state": "delivering", "priority": "high", "power_class": 3},
        {"interface": "Gi2", "enabled": False, "state": "disabled"},
    ]
    assert rows(of("network.switch"), "poe_supplies") == [
        {"group": "1", "rated_watts": 370, "state": "on", "used_watts": 115}
    ]


def test_a_pair_of_firewalls_says_who_is_active_and_who_is_the_other() -> None:
    assert rows(of("security.firewall", serial="FW0002"), "redundancy") == [
        {"protocol": "ha", "group": "pair-1", "interface": "", "mode": "active_passive", "state": "standby",
         "peer": "fw-1", "peer_serial": "FW0001", "peer_state": "active"},
    ]  # fmt: skip
    assert rows(of("security.firewall"), "members") == [
        {"number": "FW0001", "serial": "FW0001", "role": "master"}, {"number": "FW0002", "serial": "FW0002"},
    ]  # fmt: skip


def test_a_cluster_of_firewalls_calls_its_units_alike_whoever_leads_it_and_misses_the_one_that_is_gone() -> None:
    object_id, facts = DEVICES["security.firewall"]
    units = "1.3.6.1.4.1.12356.101.13.2.1.1"
    turned = {**facts, **table(units, c2={1: "FW0002", 2: "FW0001"}, c11={1: "fw-2", 2: "fw-1"},
                               c16={1: "FW0002", 2: "FW0002"})}  # fmt: skip
    found = explored("security.firewall", turned, object_id, serial="FW0002")
    assert [(each["number"], each.get("role")) for each in rows(found, "members")] == [
        ("FW0001", None), ("FW0002", "master"),
    ]  # fmt: skip
    (pair,) = rows(found, "redundancy")
    assert (pair["state"], pair["peer"], pair["peer_serial"]) == ("active", "fw-1", "FW0001")
    assert pair["peer_state"] == "standby"

    alone = {oid: value for oid, value in turned.items() if not (oid.startswith(units) and oid.endswith(".2"))}
    found = explored("security.firewall", alone, object_id, serial="FW0002")
    assert [each["serial"] for each in rows(found, "members")] == ["FW0002"]
    assert [(each["mode"], each["peer_state"]) for each in rows(found, "redundancy")] == [("active_passive", "lost")]


PAN = "1.3.6.1.4.1.25461.2.1.2.1."
F5 = "1.3.6.1.4.1.3375.2.1.14."
SOPHOS = "1.3.6.1.4.1.2604.5.1.4."
ASA = "1.3.6.1.4.1.9.9.147.1.2.1.1.1"
PAIR = {"protocol": "ha", "group": "", "interface": ""}


@pytest.mark.parametrize(("object_id", "facts", "told"), [
    ("1.3.6.1.4.1.25461.2.3.38", {f"{PAN}11.0": "passive", f"{PAN}12.0": "active", f"{PAN}13.0": "active-passive"},
     {"mode": "active_passive", "state": "standby", "peer_state": "active"}),
    ("1.3.6.1.4.1.25461.2.3.38", {f"{PAN}11.0": "active", f"{PAN}12.0": "unknown", f"{PAN}13.0": "active-passive"},
     {"mode": "active_passive", "state": "active", "peer_state": "lost"}),
    ("1.3.6.1.4.1.25461.2.3.38", {f"{PAN}11.0": "active", f"{PAN}12.0": "unknown", f"{PAN}13.0": "disabled"},
     {"mode": "standalone", "state": "active"}),
    ("1.3.6.1.4.1.3375.2.1.3.4.43", {
        f"{F5}3.1.0": 4, **table(f"{F5}5.2.1", c2={1: "/Common/lb-1.example.net", 2: "/Common/lb-2.example.net"},
                                 c3={1: 4, 2: 3})},
     {"mode": "active_passive", "state": "active", "peer": "lb-2.example.net", "peer_state": "standby"}),
    ("1.3.6.1.4.1.3375.2.1.3.4.43", {f"{F5}3.1.0": 4, **table(f"{F5}5.2.1", c2={1: "/Common/lb-1"}, c3={1: 4})},
     {"mode": "standalone", "state": "active"}),
    ("1.3.6.1.4.1.2604.5", {f"{SOPHOS}1.0": 1, f"{SOPHOS}3.0": "X2100467J93JTF3", f"{SOPHOS}4.0": 3, f"{SOPHOS}5.0": 4,
                            f"{SOPHOS}6.0": "Active-Passive"},
     {"mode": "active_passive", "state": "active", "peer_serial": "X2100467J93JTF3", "peer_state": "failed"}),
    ("1.3.6.1.4.1.9.1.2313", table(ASA, c2={4: "Failover LAN Interface", 6: "Primary unit (this device)",
                                            7: "Secondary unit"}, c3={4: 2, 6: 9, 7: 10},
                                   c4={4: "failover", 6: "Active unit", 7: "Standby unit"}),
     {"mode": "active_passive", "state": "active", "peer_state": "standby"}),
    ("1.3.6.1.4.1.9.1.2313", table(ASA, c2={6: "Primary unit", 7: "Secondary unit (this device)"}, c3={6: 4, 7: 9},
                                   c4={6: "Error", 7: "Active unit"}),
     {"mode": "active_passive", "state": "active", "peer_state": "failed"}),
])  # fmt: skip
def test_who_is_one_of_a_pair_says_how_the_other_stands(object_id: str, facts: Facts, told: dict[str, Any]) -> None:
    found = explored("security.firewall", {**ports("port1"), **facts}, object_id, name="lb-1")
    assert rows(found, "redundancy") == [{**PAIR, **told}]


def test_a_firewall_without_failover_is_no_pair() -> None:
    facts = table(ASA, c2={6: "Primary unit", 7: "Secondary unit (this device)"}, c3={6: 3, 7: 3},
                  c4={6: "Failover Off", 7: "Failover Off"})  # fmt: skip
    assert rows(explored("security.firewall", {**ports("port1"), **facts}, "1.3.6.1.4.1.9.1.2313"), "redundancy") == []


def test_routers_say_which_addresses_they_hold_together() -> None:
    found = rows(of("network.router"), "redundancy")
    assert [(each["protocol"], each["group"], each["state"], each["addresses"]) for each in found] == [
        ("hsrp", "9", "standby", ["192.0.2.254"]), ("vrrp", "7", "active", ["192.0.2.1"]),
    ]  # fmt: skip


def test_a_host_tells_memory_processors_file_systems_software_and_who_listens() -> None:
    found = of("server.unknown")
    assert row(found, "memory") == {"total_bytes": 4 << 20, "swap_bytes": 1 << 20}
    assert row(found, "cpu") == {"threads": 2, "model": "CPU X"}
    assert rows(found, "disks") == [{"name": "disk A", "size_bytes": 1_024_000}]
    assert rows(found, "filesystems") == [{"mount": "/", "size_bytes": 409_600, "type": "ext2", "readonly": False}]
    assert {each["metric"]: each["value"] for each in rows(found, "health")} == {
        "load1": 0.25, "cpu_used_ratio": 0.2, "memory_used_ratio": 0.25, "filesystem_used_ratio": 0.25,
    }  # fmt: skip
    assert [(each["name"], each.get("version"), each["arch"]) for each in rows(found, "packages")] == [
        ("Some Product", None, ""), ("bash", "5.1.8-6.el9", "x86_64"), ("openssl", "3.0.11-1", "amd64"),
    ]  # fmt: skip
    assert rows(found, "listening_ports") == [{"protocol": "tcp", "address": "0.0.0.0", "port": 22, "process": "sshd"}]


def test_a_controller_tells_of_its_server_and_not_of_itself() -> None:
    found = of("server.pc_server")
    told = row(found, "device")
    assert (told["host_serial"], told["host_name"]) == ("ABC1234", "db-1.example.net")
    assert rows(found, "memory_modules") == [
        {"slot": "A1", "size_bytes": 8 << 30, "type": "DDR4", "serial": "DIMM0001"}
    ]
    assert rows(found, "disks") == [
        {"name": "Disk.Bay.0", "vendor": "MAKER", "model": "D-4000", "serial": "DISK0001", "size_bytes": 1000 << 20,
         "state": "ok", "transport": "sas", "rotational": True},
    ]  # fmt: skip
    assert rows(found, "raid") == [
        {"name": "Virtual.0", "state": "degraded", "level": "raid1", "size_bytes": 1000 << 20}
    ]
    assert rows(found, "firmware") == [{"component": "bios", "version": "2.9.0"}]
    assert "memory" not in {section.name for section in found.sections}


@pytest.mark.parametrize(
    ("object_id", "facts", "host"),
    [
        (
            "1.3.6.1.4.1.232.9.4.10",
            ILO,
            {"host_serial": "CZ1234567A", "host_uuid": "30313436-3631-5a43-3136-303130303031"},
        ),
        ("1.3.6.1.4.1.2011.2.235.1", HUAWEI_BMC, {"host_serial": "2102311234", "host_name": "web-1"}),
    ],
)
def test_controllers_of_other_makers_name_their_server_too(object_id: str, facts: Facts, host: dict[str, str]) -> None:
    found = explored("server.pc_server", facts, object_id)
    assert host.items() <= row(found, "device").items()
    assert [each["serial"] for each in rows(found, "disks")] == ["DISK0001"]


def test_bays_and_slots_that_are_empty_are_no_parts() -> None:
    found = explored("server.pc_server", ILO, "1.3.6.1.4.1.232.9.4.10")
    assert [each["serial"] for each in rows(found, "components")] == ["PSU0001"]
    assert row(found, "disks")["state"] == "predicted_failure"


def test_an_array_tells_pools_volumes_disks_and_controllers() -> None:
    found = of("storage.disk_array")
    assert rows(found, "storage_pools") == [
        {"id": "1", "name": "pool-1", "size_bytes": 1000 << 20, "used_bytes": 10 << 20, "state": "ok"}
    ]
    assert rows(found, "storage_volumes") == [
        {"name": "lun-1", "pool": "pool-1", "kind": "lun", "size_bytes": 100 << 20, "state": "ok"}
    ]
    assert row(found, "disks", serial="DISK0001")["name"] == "CTE0.0"
    assert rows(found, "storage_controllers") == [{"id": "0A", "name": "CTE0.A", "state": "ok", "version": "7.60"}]


def test_a_fibre_channel_switch_tells_ports_logins_and_where_its_fabric_goes_on() -> None:
    found = of("storage.fc_switch")
    assert row(found, "fc_switch") == {"wwn": f"{WWN_A}", "domain_id": 7, "state": "online"}
    assert row(found, "fc_ports", name="port0") == {
        "name": "port0", "wwn": WWN_B, "type": "f", "speed_mbps": 16000, "admin": "up", "state": "online",
    }  # fmt: skip
    assert rows(found, "fc_logins") == [
        {"wwn": WWN_HBA, "fc_id": "010600", "interface": "port0", "name": "HBA of db-1"},
    ]
    assert len(rows(found, "neighbours")) == 2
    assert row(found, "neighbours", port_id="12") == {
        "protocol": "fspf", "interface": "port0", "chassis_id": "domain 9", "chassis_id_kind": "local", "port_id": "12",
        "port_id_kind": "local",
    }  # fmt: skip


def test_a_ups_tells_battery_load_alarms_and_what_it_powers() -> None:
    found = of("environment.ups")
    assert row(found, "ups") == {
        "agent_version": "card 1.2", "battery_state": "ok", "runtime_seconds": 1080, "charge_ratio": 0.91,
        "battery_volts": 55.0, "source": "normal", "last_test": "passed", "rated_va": 1000, "rated_watts": 900,
        "load_ratio": 0.4, "alarms": ["on_battery"],
    }  # fmt: skip
    assert row(found, "power", name="output 1") == {
        "name": "output 1", "kind": "output", "volts": 230.0, "amperes": 1.7, "watts": 360.0, "load_ratio": 0.4,
    }  # fmt: skip
    assert [each["name"] for each in rows(found, "attached")] == ["db-1", "web-1"]


def test_a_pdu_tells_its_outlets_and_what_hangs_on_those_that_somebody_named() -> None:
    found = of("environment.pdu")
    assert rows(found, "outlets") == [
        {"outlet": "1", "name": "Outlet 1", "state": "off"},
        {"outlet": "2", "name": "db-1 PSU A", "state": "on", "amperes": 0.5, "watts": 110.0, "attached": "db-1 PSU A"},
    ]
    assert rows(found, "attached") == [{"outlet": "2", "name": "db-1 PSU A"}]
    assert row(found, "power", kind="phase") == {
        "name": "phase 1", "kind": "phase", "state": "ok", "amperes": 1.3, "volts": 231.0, "watts": 250.0,
    }  # fmt: skip


def test_a_printer_tells_its_pages_and_how_full_its_supplies_are() -> None:
    found = of("auxiliary.printer")
    assert row(found, "printer") == {"pages": 271871, "state": "idle"}
    assert rows(found, "supplies") == [
        {"name": "Black Toner", "type": "toner", "colour": "black", "unit": "percent", "capacity": 100,
         "level_ratio": 0.4, "state": "ok"},
        {"name": "Waste", "type": "waste_toner", "unit": "percent", "state": "some"},
    ]  # fmt: skip


def test_a_wireless_controller_tells_its_access_points_by_their_mac() -> None:
    radio = "2.170.0.0.0.9"
    facts = table("1.3.6.1.4.1.14179.2.2.1.1", c3={radio: "ap-1"}, c6={radio: 1}, c16={radio: "AP-X"},
                  c17={radio: "AP00001"}, c33={radio: octets("02aa00000008")})  # fmt: skip
    plain = table("1.3.6.1.4.1.2011.6.139.13.3.3.1", c2={radio: "AP00002"}, c4={radio: "ap-2"})
    found = explored("network.wireless_controller", facts, "1.3.6.1.4.1.9.1.1069")
    assert rows(found, "access_points") == [
        {"mac": "02:aa:00:00:00:08", "name": "ap-1", "model": "AP-X", "serial": "AP00001", "state": "up"},
    ]
    found = explored("network.wireless_controller", plain, "1.3.6.1.4.1.2011.2.240.1")
    assert rows(found, "access_points") == [{"mac": "02:aa:00:00:00:09", "name": "ap-2", "serial": "AP00002"}]


def test_a_network_device_tells_how_busy_its_parts_are() -> None:
    parts = table(ENTITY, c4={1: 0, 2: 1, 3: 1}, c5={1: 3, 2: 9, 3: 9}, c7={1: "Chassis", 2: "A", 3: "B"})
    huawei = table("1.3.6.1.4.1.2011.5.25.31.1.1.1.1", c5={1: 0, 2: 12, 3: 13}, c7={1: 0, 2: 40}, c11={1: 0, 2: 41})
    assert measured(explored("network.switch", {**parts, **huawei}, "1.3.6.1.4.1.2011.2.23")) == {
        ("cpu_used_ratio", "Chassis > A", 0.12), ("cpu_used_ratio", "Chassis > B", 0.13),
        ("memory_used_ratio", "Chassis > A", 0.4), ("temperature_celsius", "Chassis > A", 41.0),
    }  # fmt: skip
    processes = table("1.3.6.1.4.1.9.9.109.1.1.1.1", c2={7: 2}, c8={7: 12})
    pools = table("1.3.6.1.4.1.9.9.48.1.1.1", c2={1: "Processor"}, c5={1: 40}, c6={1: 60})
    assert measured(explored("network.switch", {**parts, **processes, **pools}, "1.3.6.1.4.1.9.1.1")) == {
        ("cpu_used_ratio", "Chassis > A", 0.12), ("memory_used_ratio", "Processor", 0.4),
    }  # fmt: skip


def test_parts_of_one_name_are_measured_apart() -> None:
    routing = "1.3.6.1.4.1.2636.3.1.13.1"
    facts = table(routing, c5={"9.1": "Engine", "9.2": "Engine"}, c8={"9.1": 10, "9.2": 20})
    assert measured(explored("network.router", facts, "1.3.6.1.4.1.2636.1")) == {
        ("cpu_used_ratio", "Engine 9/1", 0.1), ("cpu_used_ratio", "Engine 9/2", 0.2),
    }  # fmt: skip


def measured(found: Explored) -> set[tuple[str, str, float]]:
    return {(each["metric"], each["instance"], each["value"]) for each in rows(found, "health")}


def test_a_hypervisor_tells_its_guests() -> None:
    assert rows(of("server.hypervisor"), "virtual_machines") == [
        {
            "name": "vm-1",
            "uuid": "420753f9-d904-e5e6-da53-d75590bde400",
            "memory_bytes": 2 << 30,
            "vcpus": 2,
            "state": "running",
        }
    ]


def test_a_device_nobody_knows_is_asked_for_everything_standards_have() -> None:
    found = of("unknown")
    assert row(found, "ups")["rated_va"] == 1000
    assert [each["name"] for each in rows(found, "interfaces")] == ["Gi1", "Gi2"]
