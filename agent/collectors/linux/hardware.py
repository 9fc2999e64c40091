"""The chassis as the firmware names it: SMBIOS through /sys/class/dmi/id, else the device tree."""

from __future__ import annotations

from pathlib import Path

from agent.collectors.base import Collector, Unsupported
from agent.collectors.firmware import chassis_type
from agent.collectors.linux import sysfs
from agent.collectors.linux.container_kind import container_kind
from wire.sections import Body

DMI = "sys/class/dmi/id"
DEVICE_TREE = "proc/device-tree"

_DMI_FILES = {
    "vendor": "sys_vendor",
    "model": "product_name",
    "bios_vendor": "bios_vendor",
    "bios_version": "bios_version",
    "bios_date": "bios_date",
    "board_vendor": "board_vendor",
    "board_model": "board_name",
    "board_serial": "board_serial",
    "asset_tag": "chassis_asset_tag",
}


def collect(root: Path) -> Body:
    """Return the record `hardware`; raise `Unsupported` where no firmware tells anything, or in a container.

    A container sees the firmware of its host: reporting that would make two systems claim one serial number.
    """
    if kind := container_kind(root):
        raise Unsupported(f"a {kind} container has no chassis of its own")
    body = _from_dmi(root / DMI) or _from_device_tree(root / DEVICE_TREE)
    if not body:
        raise Unsupported("neither SMBIOS nor a device tree")
    return dict(body)


def _from_dmi(folder: Path) -> dict[str, str]:
    told = {name: sysfs.text(folder / file) for name, file in _DMI_FILES.items()}
    told["serial"] = sysfs.text(folder / "product_serial") or sysfs.text(folder / "chassis_serial")
    told["uuid"] = (sysfs.text(folder / "product_uuid") or "").lower() or None
    told["chassis_type"] = chassis_type(sysfs.whole(folder / "chassis_type"))
    return {name: value for name, value in told.items() if value}


def _from_device_tree(folder: Path) -> dict[str, str]:
    """Read what boards without SMBIOS tell; POWER servers put their serial number in `system-id`."""
    told = {
        "vendor": sysfs.text(folder / "vendor"),
        "model": sysfs.text(folder / "model"),
        "serial": sysfs.text(folder / "serial-number") or sysfs.text(folder / "system-id"),
    }
    return {name: value for name, value in told.items() if value}


COLLECTOR = Collector("hardware", collect, timeout_s=5.0)
