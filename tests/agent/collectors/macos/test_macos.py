"""macOS: what its tools and property lists tell becomes sections."""

from __future__ import annotations

import json
import plistlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.collectors import table
from agent.collectors.base import Unsupported
from agent.collectors.bounded import Malformed
from agent.collectors.macos import (
    cpu,
    disks,
    dns,
    groups,
    hardware,
    memory_modules,
    ntp,
    operating_system,
    packages,
    property_lists,
    routes,
    services,
    system_profiler,
    users,
    virtualization,
)
from tests.agent.collectors.catalogue import kept
from wire.sections import SECTIONS

CAPTURED = Path(__file__).parent / "captured"


def text(name: str) -> str:
    return (CAPTURED / name).read_text()


def data(name: str) -> bytes:
    return (CAPTURED / name).read_bytes()


def test_the_table_has_the_sections_of_macos() -> None:
    assert set(table("darwin")) <= set(SECTIONS)


def test_the_machine_is_apples_by_model_and_serial() -> None:
    record = kept("hardware", hardware.parse(text("hardware.json")))
    assert (record["vendor"], record["model"], record["serial"]) == ("Apple Inc.", "Mac14,7", "D5XQV1FMFJ")
    assert (record["uuid"], record["chassis_type"]) == ("d26e7bc6-425e-51c2-87c5-0b902782b60d", "notebook")


def test_the_version_names_the_build() -> None:
    record = operating_system.parse_release(data("SystemVersion.plist"))
    assert record == {"family": "macos", "id": "macos", "name": "macOS 14.5", "version": "14.5 (23F79)"}
    assert operating_system.parse_platform(data("ioreg.plist")) == "d26e7bc6-425e-51c2-87c5-0b902782b60d"


def test_processors_are_counted_by_the_kernel() -> None:
    assert kept("cpu", cpu.parse(text("sysctl_cpu.txt"))) == {
        "model": "Apple M2", "vendor": "Apple", "sockets": 1, "cores": 8, "threads": 8,
    }  # fmt: skip


def test_an_empty_slot_is_no_module() -> None:
    (row,) = kept("memory_modules", memory_modules.parse(text("memory_intel.json")))
    assert (row["slot"], row["size_bytes"], row["speed_mts"]) == ("BANK 0/ChannelA-DIMM0", 8 * 2**30, 2400)
    assert (row["type"], row["vendor"], row["serial"]) == ("DDR4", "0x80CE", "0x35C3A1F2")


def test_memory_on_the_processor_is_one_module() -> None:
    (row,) = kept("memory_modules", memory_modules.parse(text("memory_apple.json")))
    assert row == {"slot": "package", "size_bytes": 16 * 2**30, "type": "LPDDR5", "vendor": "Hynix"}


def test_disks_join_diskutil_and_system_profiler() -> None:
    names = disks.parse_list(data("diskutil_list.plist"))
    assert names == ["disk0", "disk4"]
    infos = [data(f"diskutil_info_{name}.plist") for name in names]
    rows = {row["device"]: row for row in kept("disks", disks.parse(infos, disks.serials(text("disks_profile.json"))))}
    assert rows["disk0"] == {
        "name": "0ba02043c2d4a82e", "device": "disk0", "model": "APPLE SSD AP0512Z", "serial": "0ba02043c2d4a82e",
        "size_bytes": 500277792768, "rotational": False, "transport": "nvme", "health": "passed",
    }  # fmt: skip
    assert (rows["disk4"]["name"], rows["disk4"]["transport"], rows["disk4"]["rotational"]) == ("disk4", "usb", True)
    assert "health" not in rows["disk4"]


def test_routes_are_those_of_networks_and_hosts_not_of_neighbours() -> None:
    found = {(row["destination"], row["gateway"], row["interface"]) for row in
             kept("routes", routes.parse(text("netstat.txt")))}  # fmt: skip
    assert found == {
        ("0.0.0.0/0", "192.168.1.1", "en0"),
        ("10.8.0.0/16", "10.8.0.5", "utun4"),
        ("10.8.0.5/32", "10.8.0.6", "utun4"),
        ("192.168.1.0/24", "", "en0"),
        ("::/0", "fe80::1", "en0"),
        ("::/0", "fe80::", "utun0"),
        ("2001:db8:1::/64", "", "en0"),
    }


def test_resolvers_for_multicast_and_single_interfaces_are_left_out() -> None:
    assert kept("dns", dns.parse(text("scutil_dns.txt"))) == {
        "servers": ["192.168.1.53", "2001:db8:1::53", "10.8.0.1"],
        "search": ["corp.example.cn", "lab.example.cn"],
    }


def test_time_servers_are_those_of_ntp_conf(tmp_path: Path) -> None:
    assert kept("ntp", ntp.parse(data("ntp.conf"))) == {
        "service": "timed", "servers": ["ntp.aliyun.com", "time.apple.com"],
    }  # fmt: skip
    with pytest.raises(Unsupported):
        ntp.collect(tmp_path)


def test_receipts_and_applications_are_packages(tmp_path: Path) -> None:
    receipt = {"PackageIdentifier": "org.wireshark.ChmodBPF", "PackageVersion": "1.1", "InstallPrefixPath": "/"}
    chrome = {"CFBundleName": "Chrome", "CFBundleShortVersionString": "126.0.6478.127", "CFBundleVersion": "6478.127"}
    files = {
        "var/db/receipts/org.wireshark.ChmodBPF.plist": plistlib.dumps(receipt, fmt=plistlib.FMT_BINARY),
        "var/db/receipts/broken.plist": b"bplist00\xff\xff",
        "Applications/Google Chrome.app/Contents/Info.plist": plistlib.dumps(chrome),
        "Applications/Utilities/Nameless.app/Contents/Info.plist": plistlib.dumps({}),
    }
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    assert kept("packages", packages.collect(tmp_path)) == [
        {"name": "Chrome", "version": "126.0.6478.127", "manager": "app"},
        {"name": "org.wireshark.ChmodBPF", "version": "1.1", "manager": "pkgutil"},
    ]


def test_jobs_of_a_moment_are_no_services() -> None:
    jobs = services.parse_jobs(text("launchctl_list.txt"))
    rows = kept("services", services.merge(jobs, services.parse_overrides(text("launchctl_disabled.txt"))))
    assert {row["name"]: (row["enabled"], row["state"]) for row in rows} == {
        "com.apple.AirPlayUIAgent": ("enabled", "stopped"),
        "com.apple.coreaudiod": ("enabled", "running"),
        "com.apple.metadata.mds.scan": ("enabled", "stopped"),
        "com.apple.ftpd": ("disabled", "stopped"),
        "com.example.agent": ("disabled", "failed"),
        "com.openssh.sshd": ("enabled", "stopped"),
    }


def test_older_releases_print_whether_a_service_is_disabled() -> None:
    assert services.parse_overrides('\t"a" => true\n\t"b" => false\n') == {"a": False, "b": True}


def test_accounts_come_from_the_local_directory() -> None:
    rows = {row["name"]: row for row in kept("users", users.parse(data("dscl_users.plist")))}
    assert rows["wangwei"] == {"name": "wangwei", "uid": 501, "gid": 20, "home": "/Users/wangwei",
                               "shell": "/bin/zsh", "locked": False, "can_log_in": True}  # fmt: skip
    assert (rows["nobody"]["uid"], rows["nobody"]["can_log_in"]) == (-2, False)
    assert rows["left"]["locked"] is True


def test_groups_come_from_the_local_directory() -> None:
    assert kept("groups", groups.parse(data("dscl_groups.plist"))) == [
        {"name": "admin", "gid": 80, "members": ["root", "wangwei"]},
        {"name": "staff", "gid": 20, "members": []},
    ]


@pytest.mark.parametrize(
    ("answer", "hypervisor", "role"),
    [
        (text("sysctl_virtualization.txt"), "apple", "guest"),
        ("kern.hv_vmm_present: 1\nhw.model: VMware20,1\n", "vmware", "guest"),
        ("kern.hv_vmm_present: 1\nhw.model: Macmini8,1\n", "unknown", "guest"),
        ("kern.hv_vmm_present: 0\nhw.model: Mac14,7\n", "none", "none"),
    ],
)
def test_a_virtual_machine_is_known_by_its_model(answer: str, hypervisor: str, role: str) -> None:
    assert kept("virtualization", virtualization.parse(answer)) == {"hypervisor": hypervisor, "role": role}


TEXT_PARSERS: dict[str, Callable[[str], object]] = {
    "hardware.json": hardware.parse,
    "memory_intel.json": memory_modules.parse,
    "disks_profile.json": disks.serials,
    "sysctl_cpu.txt": cpu.parse,
    "sysctl_virtualization.txt": virtualization.parse,
    "netstat.txt": routes.parse,
    "scutil_dns.txt": dns.parse,
    "launchctl_list.txt": services.parse_jobs,
    "launchctl_disabled.txt": services.parse_overrides,
}
PLISTS: dict[str, Callable[[bytes], object]] = {
    "diskutil_list.plist": disks.parse_list,
    "diskutil_info_disk0.plist": lambda info: disks.parse([info], {}),
    "SystemVersion.plist": operating_system.parse_release,
    "ioreg.plist": operating_system.parse_platform,
    "dscl_users.plist": users.parse,
    "dscl_groups.plist": groups.parse,
}


@pytest.mark.parametrize("name", TEXT_PARSERS)
@settings(max_examples=50)
@given(st.data())
def test_any_text_is_a_section_or_malformed(name: str, draw: st.DataObject) -> None:
    words = st.lists(st.sampled_from(text(name).split(" "))).map(" ".join)
    with suppress(Malformed):
        TEXT_PARSERS[name](draw.draw(st.text() | words))


@pytest.mark.parametrize("name", PLISTS)
@settings(max_examples=50)
@given(st.data())
def test_any_property_list_is_a_section_or_malformed(name: str, draw: st.DataObject) -> None:
    binary = plistlib.dumps(plistlib.loads(data(name)), fmt=plistlib.FMT_BINARY)
    sample = draw.draw(st.sampled_from([data(name), binary, b""]))
    at, damage = draw.draw(st.integers(0, len(sample))), draw.draw(st.binary(max_size=8))
    with suppress(Malformed):
        PLISTS[name](sample[:at] + damage + sample[at + 1 :])


ITEMS = st.dictionaries(st.sampled_from([hardware.KIND, "_items"]), st.integers() | st.lists(st.none() | st.text()))


@given(ITEMS)
def test_items_are_objects_however_the_answer_looks(answer: dict[str, object]) -> None:
    with suppress(Malformed):
        assert all(isinstance(item, dict) for item in system_profiler.items(json.dumps(answer), hardware.KIND))


def test_what_is_no_property_list_is_malformed() -> None:
    for content in (b"", b"<plist><dict>", b"bplist00", b"<plist version='1.0'><string>x</string></plist>"):
        with pytest.raises(Malformed):
            property_lists.parse(content)
