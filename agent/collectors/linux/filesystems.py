"""Mounted file systems that hold data."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from agent.collectors.base import Collector
from agent.collectors.linux.mounts import Mount, mounts, sizes
from wire.sections import Body

# Its total is what is free plus what is used, so it moves with every write to a neighbour.
_WITHOUT_FIXED_SIZE = frozenset({"zfs"})

_DEFAULT_OPTIONS = frozenset({"rw", "ro", "relatime", "seclabel", "attr2", "inode64", "logbufs=8", "logbsize=32k",
                              "noquota", "data=ordered"})  # fmt: skip


def collect(root: Path) -> Body:
    """Return the rows of `filesystems`, network ones without size; raise `Unsupported` without /proc, `Malformed`."""
    return [_row(mount, sizes(root, mount)) for mount in mounts(root)]


def _row(mount: Mount, told: os.statvfs_result | None) -> dict[str, Any]:
    sized = told is not None and mount.type not in _WITHOUT_FIXED_SIZE
    return {
        "mount": mount.point,
        "device": mount.source,
        "type": mount.type,
        "size_bytes": told.f_blocks * told.f_frsize if told and sized else None,
        "readonly": "ro" in mount.options,
        "options": sorted(mount.options - _DEFAULT_OPTIONS - {""}),
    }


COLLECTOR = Collector("filesystems", collect, timeout_s=10.0)
