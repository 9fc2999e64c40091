"""Whole disks: /sys/block, with what udev's database knows besides."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from agent.collectors.base import Collector, Unsupported
from agent.collectors.linux import smart, sysfs
from agent.collectors.linux.container_kind import container_kind
from agent.collectors.linux.disk_identity import BLOCK, SECTOR, identity, properties
from wire.sections import Body

MAX_DISKS = 10_000

# Not disks: made by the kernel from memory, files or other disks, or with removable media (tape, CD, floppy).
_NOT_DISKS = re.compile(r"(loop|ram|zram|dm-|md|drbd|bcache|sr|fd|nbd|zd|st)\d|md_|mmcblk\d+(boot\d|rpmb)")
_TRANSPORTS = tuple(
    (re.compile(pattern), transport)
    for pattern, transport in (
        (r"/nvme\d|/nvme-subsys", "nvme"),
        (r"/mmc_host/", "mmc"),
        (r"/usb\d", "usb"),
        (r"/ata\d", "sata"),
        (r"/session\d", "iscsi"),
        (r"/rport-", "fc"),
        (r"/end_device-", "sas"),
        (r"/virtio\d", "virtio"),
        (r"/xen|/vbd-", "xen"),
        (r"/vmbus|/VMBUS", "hyperv"),
    )
)
_ESCAPED = re.compile(r"\\x([0-9a-fA-F]{2})")


def collect(root: Path) -> Body:
    """Return the rows of `disks`; raise `Unsupported` without /sys/block, or in a container.

    Several paths to one disk (multipath) are one row: they have one world wide name.
    """
    if kind := container_kind(root):
        raise Unsupported(f"a {kind} container sees the disks of its host")
    folder = root / BLOCK
    if not folder.is_dir():
        raise Unsupported("no /sys/block")
    found = [disk for name in sysfs.names(folder)[:MAX_DISKS] if (disk := _disk(root, name))]
    return named(found)


def named(disks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows, each with its stable `name`: WWN, else serial, else path, else kernel name.

    Two of one WWN are one disk; a serial number that two share (namespaces of one NVMe controller) names neither.
    """
    serials = [disk["serial"] for disk in disks if not disk["wwn"]]
    rows: dict[str, dict[str, Any]] = {}
    for disk in disks:
        path = disk.pop("path")
        serial = disk["serial"] if serials.count(disk["serial"]) == 1 else None
        name = disk["wwn"] or serial or path or disk["device"]
        if name in rows and not disk["wwn"]:
            name = disk["device"]
        rows.setdefault(name, {"name": name, **disk})
    return list(rows.values())


def _disk(root: Path, name: str) -> dict[str, Any] | None:
    """Return the row of one block device and its `path`, or None for one that is no disk or has no medium."""
    folder = root / BLOCK / name
    size = sysfs.whole(folder / "size")
    if _NOT_DISKS.match(name) or not size or sysfs.text(folder / "hidden") == "1":
        return None
    udev = properties(root, name)
    transport = transport_of(folder.resolve().as_posix())
    rotational = sysfs.text(folder / "queue/rotational")
    return identity(folder, udev) | {
        "device": name,
        "vendor": vendor(sysfs.text(folder / "device/vendor"), udev),
        "model": model(udev) or sysfs.text(folder / "device/model") or sysfs.text(folder / "device/name"),
        "size_bytes": size * SECTOR,
        "rotational": None if rotational is None else rotational == "1",
        "transport": transport,
        "health": smart.overall_health(name, transport) if root == Path("/") else None,
    }


def transport_of(device_path: str) -> str | None:
    """Return how the disk is attached, from its place in the tree of devices."""
    return next((transport for pattern, transport in _TRANSPORTS if pattern.search(device_path)), None)


def vendor(told: str | None, udev: dict[str, str]) -> str | None:
    """Return the manufacturer; "ATA" is the name of a translation, a hexadecimal number that of a bus's vendor."""
    name = told or udev.get("ID_VENDOR", "")
    return None if name in ("", "ATA") or re.fullmatch(r"0x[0-9a-fA-F]+", name) else name


def model(udev: dict[str, str]) -> str | None:
    """Return the full model name: sysfs has only the 16 letters that SCSI leaves of it."""
    encoded = udev.get("ID_MODEL_ENC", "")
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), encoded).strip() or None


COLLECTOR = Collector("disks", collect, timeout_s=30.0, stamps=("dev/disk/by-id", "dev/disk/by-path"))
