"""The chassis is told as the firmware names it, and never by a container."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.collectors.base import Unsupported
from agent.collectors.firmware import chassis_type
from agent.collectors.linux import hardware
from tests.agent.collectors.catalogue import kept
from tests.agent.collectors.linux.trees import capture, plant


def test_the_chassis_is_told_as_smbios_names_it(tmp_path: Path) -> None:
    body = kept("hardware", hardware.collect(plant(tmp_path, capture("server"))))
    assert body == {
        "vendor": "Dell Inc.",
        "model": "PowerEdge R740",
        "serial": "7XK2L53",
        "uuid": "4c4c4544-0058-4b10-8032-b7c04f4c3533",
        "chassis_type": "other",
        "bios_vendor": "Dell Inc.",
        "bios_version": "2.19.1",
        "bios_date": "06/06/2023",
        "board_vendor": "Dell Inc.",
        "board_model": "0YWR7D",
        "board_serial": ".7XK2L53.CNIVC0088D0123.",
        "asset_tag": "IT-004217",
    }


def test_what_root_alone_may_read_is_left_out(tmp_path: Path) -> None:
    readable = {"sys/class/dmi/id/sys_vendor": "LENOVO\n", "sys/class/dmi/id/product_name": "SR650\n"}
    assert hardware.collect(plant(tmp_path, readable)) == {"vendor": "LENOVO", "model": "SR650"}


def test_the_chassis_serial_stands_in_for_a_blank_system_serial(tmp_path: Path) -> None:
    files = {"sys/class/dmi/id/product_serial": " \n", "sys/class/dmi/id/chassis_serial": "J30AB12\n"}
    assert hardware.collect(plant(tmp_path, files)) == {"serial": "J30AB12"}


@pytest.mark.parametrize(
    ("number", "name"),
    [(3, "desktop"), (9, "laptop"), (23, "rack_mount_chassis"), (0x97, "rack_mount_chassis"), (28, "blade"),
     (35, "mini_pc"), (36, "stick_pc"), (0, None), (37, None), (None, None)],
)  # fmt: skip
def test_a_chassis_type_has_the_name_of_the_standard(number: int | None, name: str | None) -> None:
    assert chassis_type(number) == name


def test_a_board_without_smbios_is_told_by_its_device_tree(tmp_path: Path) -> None:
    files = {"model": "Raspberry Pi 4 Model B Rev 1.4\0", "serial-number": "10000000abcdef01\0"}
    body = hardware.collect(plant(tmp_path, {f"proc/device-tree/{name}": text for name, text in files.items()}))
    assert body == {"model": "Raspberry Pi 4 Model B Rev 1.4", "serial": "10000000abcdef01"}


def test_a_machine_without_firmware_to_ask_has_no_such_thing(tmp_path: Path) -> None:
    with pytest.raises(Unsupported):
        hardware.collect(tmp_path)


def test_a_container_does_not_claim_the_serial_number_of_its_host(tmp_path: Path) -> None:
    files = capture("server") | {"proc/self/ns/pid": {"link": "pid:[4026532378]"}, ".dockerenv": ""}
    with pytest.raises(Unsupported, match="docker container"):
        hardware.collect(plant(tmp_path, files))
