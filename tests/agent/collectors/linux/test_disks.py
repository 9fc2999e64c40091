"""Disks are named by what stays with them, and told as lsblk tells them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.collectors.base import Unsupported
from agent.collectors.linux import disk_identity, disks
from tests.agent.collectors.catalogue import kept
from tests.agent.collectors.linux.trees import capture, plant


def collected(root: Path) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in kept("disks", disks.collect(plant(root, capture("server"))))}


def test_disks_of_every_bus_are_told(tmp_path: Path) -> None:
    rows = collected(tmp_path)
    assert {name: row.get("transport") for name, row in rows.items()} == {
        "0x5000c500a1b2c301": "sata",
        "0x5000c500a1b2c302": "sata",
        "0x5000c500a1b2c303": "sata",
        "0x5000c500deadbe01": "virtio",
        "0x6000c500deadbe02": None,  # a volume of a RAID controller
        "S4YPNE0M800001": "nvme",
        "USB0001": "usb",
        "rootdisk01": "virtio",
    }
    assert rows["0x5000c500a1b2c301"] == {
        "name": "0x5000c500a1b2c301", "wwn": "0x5000c500a1b2c301", "serial": "ZC1A0001", "device": "sdc",
        "model": "ST4000NM0035-1V4107", "size_bytes": 64 * 2**20, "rotational": True, "transport": "sata",
    }  # fmt: skip
    assert (rows["0x5000c500deadbe01"]["vendor"], rows["0x5000c500deadbe01"]["serial"]) == ("SEAGATE", "SCSI0001")
    assert rows["S4YPNE0M800001"]["rotational"] is False


def test_without_udev_a_disk_keeps_its_name(tmp_path: Path) -> None:
    names = set(collected(tmp_path / "with"))
    bare = {path: value for path, value in capture("server").items() if not path.startswith("run/udev")}
    without = kept("disks", disks.collect(plant(tmp_path / "without", bare)))
    # USB tells its serial to udev only; the rest is in /sys
    assert names - {row["name"] for row in without} == {"USB0001"}
    assert {row["serial"] for row in without if row.get("transport") == "sata"} == {"ZC1A0001", "ZC1A0002", "ZC1A0003"}


def test_what_the_kernel_makes_of_memory_files_and_disks_is_no_disk(tmp_path: Path) -> None:
    names = [
        "loop0",
        "ram0",
        "zram0",
        "dm-0",
        "md127",
        "md_home",
        "sr0",
        "fd0",
        "mmcblk0boot0",
        "mmcblk0rpmb",
        "nvme0c0n1",
    ]
    files = {f"sys/block/{name}/size": "2048\n" for name in [*names, "mmcblk0", "sda"]}
    files |= {"sys/block/sdb/size": "0\n", "sys/block/nvme0c0n1/hidden": "1\n"}
    assert [row["device"] for row in kept("disks", disks.collect(plant(tmp_path, files)))] == ["mmcblk0", "sda"]


def disk(device: str, **told: Any) -> dict[str, Any]:
    return {"device": device, "wwn": None, "serial": None, "path": None, "size_bytes": 512} | told


def test_several_paths_to_one_disk_are_one_row() -> None:
    rows = disks.named([disk("sda", wwn="0x1", serial="A"), disk("sdb", wwn="0x1", serial="A")])
    assert [(row["name"], row["device"]) for row in rows] == [("0x1", "sda")]


def test_a_serial_number_two_disks_share_names_neither() -> None:
    pair = [disk("nvme0n1", serial="S1", path="pci-1-nvme-1"), disk("nvme0n2", serial="S1", path="pci-1-nvme-2")]
    assert [row["name"] for row in disks.named(pair)] == ["pci-1-nvme-1", "pci-1-nvme-2"]
    same_path = [disk("sda", path="p"), disk("sdb", path="p"), disk("sdc")]
    assert [row["name"] for row in disks.named(same_path)] == ["p", "sdb", "sdc"]


@pytest.mark.parametrize(
    ("told", "udev", "expected"),
    [
        ("naa.5000C500A1B2C301", {}, "0x5000c500a1b2c301"),
        ("eui.0025385b71b0a1c2", {}, "eui.0025385b71b0a1c2"),
        ("uuid.0efe2a91-0000-4000-8000-aabbccddeeff", {}, "uuid.0efe2a91-0000-4000-8000-aabbccddeeff"),
        ("eui.0000000000000000", {"ID_WWN": "0x5000c500a1b2c301"}, "0x5000c500a1b2c301"),
        ("t10.ATA     Samsung SSD 860", {"ID_WWN": "0x5002538e40a1b2c3"}, "0x5002538e40a1b2c3"),
        (None, {"ID_WWN": "0x6000c500", "ID_WWN_WITH_EXTENSION": "0x6000c500deadbe02"}, "0x6000c500deadbe02"),
        ("nvme.1b36-5334-51454d55-00000001", {}, None),
        ("naa.0000000000000000", {}, None),
        (None, {}, None),
    ],
)
def test_a_world_wide_name_has_one_spelling(told: str | None, udev: dict[str, str], expected: str | None) -> None:
    assert disk_identity.wwn(told, udev) == expected


def test_a_manufacturer_is_a_name() -> None:
    told = [disks.vendor(name, {}) for name in ("SEAGATE", "ATA", "0x1af4", None)]
    assert told == ["SEAGATE", None, None, None]
    assert disks.vendor(None, {"ID_VENDOR": "Kingston"}) == "Kingston"


@pytest.mark.parametrize(
    ("place", "transport"),
    [
        ("/sys/devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda", "sata"),
        ("/sys/devices/pci0000:5d/0000:5e:00.0/host0/port-0:0/end_device-0:0/target0:0:0/0:0:0:0/block/sda", "sas"),
        ("/sys/devices/platform/host3/session1/target3:0:0/3:0:0:1/block/sdc", "iscsi"),
        ("/sys/devices/pci0000:00/0000:05:00.0/host7/rport-7:0-2/target7:0:0/7:0:0:0/block/sdd", "fc"),
        ("/sys/devices/platform/soc/mmc_host/mmc0/mmc0:0001/block/mmcblk0", "mmc"),
        ("/sys/devices/vbd-51712/block/xvda", "xen"),
        ("/sys/devices/LNXSYSTM:00/LNXSYBUS:00/VMBUS:00/0a1b/host0/target0:0:0/0:0:0:0/block/sda", "hyperv"),
        ("/sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1", "nvme"),
        ("/sys/devices/pci0000:16/0000:17:00.0/host0/target0:2:0/0:2:0:0/block/sda", None),
    ],
)
def test_the_place_in_the_tree_of_devices_tells_the_transport(place: str, transport: str | None) -> None:
    assert disks.transport_of(place) == transport


def test_a_container_does_not_claim_the_disks_of_its_host(tmp_path: Path) -> None:
    files = capture("server") | {"proc/self/ns/pid": {"link": "pid:[4026532378]"}, "run/.containerenv": ""}
    with pytest.raises(Unsupported, match="podman"):
        disks.collect(plant(tmp_path, files))


@given(st.binary(max_size=64))
def test_any_vital_product_data_gives_a_serial_or_none(page: bytes) -> None:
    assert disk_identity.parse_vpd_serial(page) != ""
    disk_identity.parse_udev(page)
