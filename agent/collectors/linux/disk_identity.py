"""What tells one disk from another: world wide name, serial number and place, from /sys/block and udev's database."""

from __future__ import annotations

import re
from pathlib import Path

from agent.collectors.linux import sysfs

BLOCK = "sys/block"
UDEV = "run/udev/data"

SECTOR = 512
"""Bytes; /sys/block/*/size counts in this unit whatever the disk's own sector size is."""
MAX_UDEV = 64 * 1024

_WWN = re.compile(r"(naa\.|0x|eui\.|uuid\.)([0-9a-f-]{8,64})")


def stable_name(root: Path, name: str) -> str | None:
    """Return the name of a disk that survives a reboot, by its kernel name; None for one that has none."""
    told = identity(root / BLOCK / name, properties(root, name))
    return told["wwn"] or told["serial"] or told["path"]


def identity(folder: Path, udev: dict[str, str]) -> dict[str, str | None]:
    """Return `wwn`, `serial` and `path` of the disk at /sys/block/NAME, None for what it does not tell."""
    return {
        # of SCSI disks ID_SERIAL_SHORT is the world wide name
        "serial": udev.get("ID_SCSI_SERIAL") or udev.get("ID_SERIAL_SHORT") or _serial(folder),
        "wwn": wwn(sysfs.text(folder / "device/wwid") or sysfs.text(folder / "wwid"), udev),
        "path": udev.get("ID_PATH"),
    }


def properties(root: Path, name: str) -> dict[str, str]:
    """Return udev's properties of a disk, none where udev does not run."""
    return parse_udev(sysfs.raw(root / UDEV / f"b{sysfs.text(root / BLOCK / name / 'dev')}", MAX_UDEV))


def parse_udev(record: bytes) -> dict[str, str]:
    """Return the properties ("E:NAME=value") of a record of udev's database."""
    lines = record.decode("utf-8", "replace").splitlines()
    pairs = (line[2:].partition("=") for line in lines if line.startswith("E:"))
    return {name: value[:1024] for name, equals, value in pairs if equals and value}


def wwn(told: str | None, udev: dict[str, str]) -> str | None:
    """Return the world wide name in lower case: 0x… for NAA, eui.… and uuid.… as they are; never one made of names.

    SCSI's "t10." and NVMe's "nvme." forms are vendor, model and serial number in other clothes.
    """
    for name in (told, udev.get("ID_WWN_WITH_EXTENSION"), udev.get("ID_WWN")):
        match = _WWN.fullmatch((name or "").lower())
        if match and match[2].strip("0-"):
            return {"naa.": "0x"}.get(match[1], match[1]) + match[2]
    return None


def _serial(folder: Path) -> str | None:
    page = sysfs.raw(folder / "device/vpd_pg80")
    return parse_vpd_serial(page) or sysfs.text(folder / "serial") or sysfs.text(folder / "device/serial")


def parse_vpd_serial(page: bytes) -> str | None:
    """Return the unit serial number of SCSI's vital product data page 80h, or None for anything else."""
    if len(page) < 4 or page[1] != 0x80:
        return None
    return page[4 : 4 + int.from_bytes(page[2:4], "big")].decode("ascii", "replace").strip(" \0") or None
