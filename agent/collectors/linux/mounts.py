"""The mount table: which mounts hold data, and how large those on local disks are."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from agent.collectors.base import Denied, Unsupported
from agent.collectors.bounded import Malformed, read
from agent.collectors.linux import sysfs
from wire.sections import MAX_ROWS

# Init's table: a service of systemd may see its own, with parts of it read-only or hidden. Root only.
MOUNT_TABLES = ("proc/1/mountinfo", "proc/self/mountinfo")
KNOWN_TYPES = "proc/filesystems"

# Asking one of these for its size can wait for ever on a server that is gone.
_NETWORK = frozenset({
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "9p", "virtiofs", "afs", "lustre", "gpfs", "beegfs", "orangefs",
    "coda", "ncpfs", "davfs", "ocfs2", "gfs2",
})  # fmt: skip
# The kernel lists these as "without a device" although they hold data.
_DATA_WITHOUT_DEVICE = frozenset({"zfs", "bcachefs", "btrfs", "ubifs", "jffs2", "vboxsf", "hgfs"}) | _NETWORK
_PSEUDO_FUSE = frozenset({"lxcfs", "portal", "gvfsd-fuse", "snapfuse", "dumb-runtime-dir", "archivemount"})
_IMAGES = frozenset({"squashfs", "erofs", "cramfs"})  # a package in a loop device, as snap has them
_SUBVOLUMES = frozenset({"btrfs", "bcachefs", "ubifs"})
_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of the mount table."""

    point: str
    source: str
    type: str
    subtree: str
    """The part of the file system that is mounted; "/" for all of it."""
    device: str
    """major:minor."""
    options: frozenset[str]

    @property
    def is_local(self) -> bool:
        """Whether statvfs on it cannot wait for another machine or a user's program."""
        fuse = self.type == "fuse" or self.type.startswith("fuse.")
        return not fuse and self.type not in _NETWORK and not self.source.startswith("//")


def mounts(root: Path) -> list[Mount]:
    """Return the mounts that hold data; raise `Unsupported`, `Malformed`."""
    return holding_data(parse_mountinfo(_table(root)), parse_known_types(sysfs.text(root / KNOWN_TYPES) or ""))


def _table(root: Path) -> str:
    try:
        table = read(root / MOUNT_TABLES[0])
    except (Denied, Unsupported):
        table = read(root / MOUNT_TABLES[1])
    return table.decode("utf-8", "surrogateescape")


def parse_mountinfo(table: str) -> list[Mount]:
    """Return the mounts of a mountinfo table (proc(5)); the last on one mount point hides the others.

    Raise `Malformed`.
    """
    lines = table.split("\n")
    if len(lines) > MAX_ROWS:
        raise Malformed(f"mountinfo: more than {MAX_ROWS} lines")
    found = [_mount(line) for line in lines if line]
    return list({mount.point: mount for mount in found}.values())


def _mount(line: str) -> Mount:
    before, _, after = line.partition(" - ")
    left, right = before.split(" "), after.split(" ")
    if len(left) < 6 or len(right) < 3:
        raise Malformed(f"mountinfo: {line[:80]!r}")
    options = frozenset(left[5].split(",")) | frozenset(right[2].split(","))
    return Mount(_unescape(left[4]), _unescape(right[1]), right[0], _unescape(left[3]), left[2], options)


def _unescape(word: str) -> str:
    raw = _OCTAL.sub(lambda match: chr(int(match[1], 8) & 0xFF), word)
    return raw.encode("utf-8", "surrogateescape").decode("utf-8", "replace")[:4096]


def parse_known_types(text: str) -> frozenset[str]:
    """Return the types that /proc/filesystems marks `nodev`: made by the kernel, or from the network."""
    pairs = (line.partition("\t") for line in text.splitlines())
    return frozenset(name for mark, _, name in pairs if mark == "nodev")


def holding_data(table: list[Mount], without_device: frozenset[str]) -> list[Mount]:
    """Return the mounts that are neither pseudo file systems, packages in loop devices, nor binds of a folder."""
    return [mount for mount in table if _holds_data(mount, without_device)]


def _holds_data(mount: Mount, without_device: frozenset[str]) -> bool:
    if mount.point == "/":
        return True  # whatever it is: a container's overlay, a live system's memory
    if mount.type in _IMAGES and mount.source.startswith("/dev/loop"):
        return False
    if mount.subtree != "/" and mount.type not in _SUBVOLUMES | _NETWORK:
        return False
    if mount.type.startswith("fuse."):
        return mount.type[5:] not in _PSEUDO_FUSE
    return mount.type not in without_device or mount.type in _DATA_WITHOUT_DEVICE


def sizes(root: Path, mount: Mount) -> os.statvfs_result | None:
    """Return what statvfs(2) tells of a local mount, or None."""
    if not mount.is_local:
        return None
    try:
        return os.statvfs(root / mount.point.lstrip("/"))
    except OSError:
        return None
