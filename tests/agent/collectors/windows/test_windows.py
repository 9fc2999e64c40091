"""Windows: what PowerShell answers becomes sections; the scripts travel whole."""

from __future__ import annotations

import importlib
import json
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.collectors import table
from agent.collectors.bounded import Malformed
from agent.collectors.windows import groups, interfaces, ntp, powershell, users, virtualization
from tests.agent.collectors.catalogue import kept
from wire.sections import SECTIONS

CAPTURED = Path(__file__).parent / "captured"
MODULES = {path.stem: importlib.import_module(f"agent.collectors.windows.{path.stem}") for path in CAPTURED.iterdir()}


def body(name: str) -> Any:
    """Return the section parsed from a captured answer, after it was checked against the catalogue."""
    module = MODULES[name]
    return kept(module.COLLECTOR.section, module.parse((CAPTURED / f"{name}.json").read_text()))


def test_the_table_has_the_sections_of_windows() -> None:
    assert set(table("win32")) <= set(SECTIONS)
    assert {module.COLLECTOR.section for module in MODULES.values()} <= set(table("win32"))


@pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)
def test_a_script_is_one_argument_without_double_quotes_and_with_closed_brackets(module: ModuleType) -> None:
    assert '"' not in module.SCRIPT
    assert module.SCRIPT.count("'") % 2 == 0
    for left, right in ("()", "{}", "[]"):
        assert module.SCRIPT.count(left) == module.SCRIPT.count(right)


def test_the_chassis_is_told_in_smbios_words() -> None:
    assert body("hardware") == {
        "vendor": "Dell Inc.", "model": "PowerEdge R740", "serial": "7XK2Q13", "chassis_type": "rack_mount_chassis",
        "uuid": "4c4c4544-0058-4b10-8032-b7c04f513133", "bios_vendor": "Dell Inc.", "bios_version": "2.19.1",
        "bios_date": "06/04/2023", "board_vendor": "Dell Inc.", "board_model": "08D89F",
        "board_serial": ".7XK2Q13.CNFCP0009F00E2.",
    }  # fmt: skip


def test_the_version_is_the_full_build() -> None:
    record = body("operating_system")
    assert (record["version"], record["codename"], record["architecture"]) == ("10.0.17763.5696", "1809", "AMD64")
    assert (record["hostname"], record["domain"]) == ("APP-01", "corp.example.cn")


def test_sockets_are_counted_and_their_cores_added() -> None:
    record = body("cpu")
    assert (record["sockets"], record["cores"], record["threads"], record["max_mhz"]) == (2, 40, 80, 2095)


def test_slots_numbered_anew_in_each_bank_are_told_apart() -> None:
    first, second = body("memory_modules")
    assert (first["slot"], first["type"], first["part"]) == ("BANK 0/DIMM 0", "DDR4", "M471A2K43DB1-CWE")
    assert (second["slot"], second["type"], second["size_bytes"]) == ("BANK 2/DIMM 0", "DDR5", 17179869184)


def test_a_disk_is_named_by_its_wwn_else_its_serial_else_its_number() -> None:
    disks = {row["name"]: row for row in body("disks")}
    assert set(disks) == {"002538b711403d2a", "64cd98f0a1b2c3002c5f6e7d8a9b0c1d", "PhysicalDrive2"}
    assert disks["002538b711403d2a"]["health"] == "passed"
    assert disks["002538b711403d2a"]["rotational"] is False
    assert disks["PhysicalDrive2"]["transport"] == "virtual"
    assert "health" not in disks["64cd98f0a1b2c3002c5f6e7d8a9b0c1d"]


def test_an_adapter_has_its_addresses_but_no_link_local_ones() -> None:
    rows = {row["name"]: row for row in body("interfaces")}
    assert rows["Ethernet"] == {
        "name": "Ethernet", "mac": "24:6e:96:0a:1b:2c", "permanent_mac": "24:6e:96:0a:1b:2c", "mtu": 1500,
        "addresses": ["10.20.30.41/24", "2001:db8:20::41/64"], "speed_mbps": 10000, "duplex": "full", "state": "up",
        "kind": "ethernet", "driver": "ixgbn63x64.sys",
    }  # fmt: skip
    assert rows["vEthernet (默认开关)"]["kind"] == "virtual"
    wifi = rows["Wi-Fi"]
    assert (wifi["kind"], wifi["state"], wifi["addresses"]) == ("wireless", "down", [])
    assert "speed_mbps" not in wifi


def test_routes_windows_makes_for_its_own_addresses_are_left_out() -> None:
    assert {(row["destination"], row["gateway"]) for row in body("routes")} == {
        ("0.0.0.0/0", "10.20.30.1"),
        ("10.20.30.0/24", ""),
        ("192.168.77.9/32", "10.20.30.2"),
        ("2001:db8:20::/64", ""),
        ("::/0", "2001:db8:20::1"),
    }


def test_placeholder_name_servers_are_left_out() -> None:
    assert body("dns") == {"servers": ["10.20.30.5", "10.20.30.6"], "search": ["corp.example.cn", "lab.example.cn"]}


def test_time_sources_are_told_without_their_flags() -> None:
    assert body("ntp") == {
        "service": "w32time", "servers": ["10.20.30.5", "ntp.aliyun.com"], "synchronised": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("source", "synchronised"),
    [
        ("dc01.corp.example.cn", True),
        ("VM IC Time Synchronization Provider", True),
        ("Local CMOS Clock", False),
        ("Free-running System Clock", False),
        ("The following error occurred: Access is denied. (0x80070005)", False),
        ("发生下列错误: 服务尚未启动。 (0x80070426)", False),
        ("", False),
    ],
)
def test_a_clock_of_its_own_is_no_source(source: str, synchronised: bool) -> None:
    assert ntp.is_source(source) is synchronised


def test_a_member_of_a_domain_does_not_use_its_list_of_servers() -> None:
    record = ntp.parse('[{"NtpServer":"time.windows.com,0x9","Type":"NT5DS","Running":true,"Source":"dc01"}]')
    assert record == {"service": "w32time", "servers": [], "synchronised": True}


def test_parts_and_updates_of_a_program_are_left_out_and_a_name_counts_once() -> None:
    rows = {row["name"]: row for row in body("packages")}
    assert len(rows) == 4
    assert rows["Tom's Editor"]["version"] == "2.1"
    assert rows["7-Zip 23.01 (x64)"]["arch"] == "amd64"
    assert rows["微信"]["vendor"] == "腾讯科技(深圳)有限公司"
    assert {row["manager"] for row in rows.values()} == {"app", "msi"}


def test_copies_of_a_service_for_a_logon_are_left_out() -> None:
    rows = {row["name"]: (row["enabled"], row["state"]) for row in body("services")}
    assert rows == {
        "CDPUserSvc": ("auto", "stopped"),
        "MSSQL$SQLEXPRESS": ("auto", "running"),
        "RemoteRegistry": ("disabled", "stopped"),
        "Spooler": ("manual", "stopped"),
        "app_cafe1234": ("auto", "running"),
    }


def test_a_user_is_numbered_by_its_rid_and_a_disabled_one_is_locked() -> None:
    rows = {row["name"]: row for row in body("users")}
    assert rows["Administrator"] == {"name": "Administrator", "uid": 500, "home": "C:\\Users\\Administrator",
                                     "locked": False, "can_log_in": True}  # fmt: skip
    assert rows["Guest"]["locked"] is True
    assert users.rid("S-1-5-x") is None


def test_members_are_named_with_their_authority() -> None:
    rows = {row["name"]: row for row in body("groups")}
    assert rows["Administrators"]["gid"] == 544
    assert rows["Administrators"]["members"] == [
        "APP-01\\Administrator", "CORP\\Domain Admins", "S-1-5-21-3623811015-3361044348-30300820-1013",
    ]  # fmt: skip
    assert groups.member("WinNT://NT AUTHORITY/INTERACTIVE") == "NT AUTHORITY\\INTERACTIVE"


@pytest.mark.parametrize(
    ("vendor", "model", "hyper_v", "expected"),
    [
        ("VMware, Inc.", "VMware Virtual Platform", "false", ("vmware", "guest")),
        ("Microsoft Corporation", "Virtual Machine", "false", ("hyperv", "guest")),
        ("Microsoft Corporation", "Surface Pro 7", "false", ("none", "none")),
        ("QEMU", "Standard PC (Q35 + ICH9, 2009)", "false", ("kvm", "guest")),
        ("Alibaba Cloud", "Alibaba Cloud ECS", "false", ("kvm", "guest")),
        ("innotek GmbH", "VirtualBox", "false", ("virtualbox", "guest")),
        ("Dell Inc.", "PowerEdge R740", "true", ("none", "host")),
    ],
)
def test_the_hypervisor_below_is_known_by_its_firmware(
    vendor: str, model: str, hyper_v: str, expected: tuple[str, str]
) -> None:
    answer = f'[{{"Manufacturer":"{vendor}","Model":"{model}","UUID":"A-B","HyperV":{hyper_v}}}]'
    record = virtualization.parse(answer)
    assert (record["hypervisor"], record["role"]) == expected
    assert (record["guest_uuid"] == "a-b") is (expected[0] != "none")


def test_a_guest_tells_its_uuid() -> None:
    assert body("virtualization")["guest_uuid"] == "d1a74d56-6b1e-2f3a-9c4d-5e6f7a8b9c0d"


@pytest.mark.parametrize("mac", [None, "", "00-11-22", "00000000000000E0"])
def test_what_is_no_mac_is_none(mac: str | None) -> None:
    assert interfaces.mac(mac) is None


def test_no_object_and_a_byte_order_mark_are_no_error() -> None:
    assert powershell.rows("\ufeff[\r\n\r\n]\r\n") == []
    assert powershell.rows("") == []
    assert powershell.rows('{"Name":"one"}') == [{"Name": "one"}]


@pytest.mark.parametrize("answer", ["Get-Thing : not found", "[1,2]", "[" * 100_000])
def test_what_is_no_list_of_objects_is_malformed(answer: str) -> None:
    with pytest.raises(Malformed):
        powershell.rows(answer)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = sorted({word for path in CAPTURED.iterdir() for row in powershell.rows(path.read_text()) for word in row})


@pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)
@settings(max_examples=40)
@given(rows=st.lists(st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=8), max_size=3))
def test_any_answer_is_a_section_or_malformed(module: ModuleType, rows: list[dict[str, Any]]) -> None:
    with suppress(Malformed):
        assert isinstance(module.parse(json.dumps(rows)), dict | list)
