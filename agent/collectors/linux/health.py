"""Present measurements: load, memory, file systems, temperatures, uptime and clock; never history."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agent.collectors.base import Collector
from agent.collectors.bounded import Malformed
from agent.collectors.linux import sysfs
from agent.collectors.linux.clock import clock_offset, kernel_clock
from agent.collectors.linux.meminfo import meminfo
from agent.collectors.linux.mounts import mounts, sizes
from agent.collectors.linux.temperatures import temperatures
from wire.sections import Body

Row = dict[str, Any]

_ALWAYS_FULL = frozenset({"squashfs", "erofs", "cramfs", "iso9660", "udf"})


def collect(root: Path) -> Body:
    """Return the rows of `health`; raise `Unsupported` without /proc, `Malformed`."""
    rows = [*_load(root), *parse_memory(meminfo(root)), *_filesystems(root), *_uptime(root)]
    rows += [_row("temperature_celsius", celsius, sensor) for sensor, celsius in temperatures(root).items()]
    return rows + list(_clock(root))


def _row(metric: str, value: float, instance: str = "") -> Row:
    return {"metric": metric, "instance": instance, "value": value}


def _load(root: Path) -> list[Row]:
    line = sysfs.text(root / "proc/loadavg")
    averages = parse_numbers(line, 3) if line else ()
    return [_row(f"load{minutes}", value) for minutes, value in zip((1, 5, 15), averages, strict=False)]


def _uptime(root: Path) -> list[Row]:
    line = sysfs.text(root / "proc/uptime")
    return [_row("uptime_seconds", value) for value in (parse_numbers(line, 1) if line else ())]


def parse_numbers(text: str, count: int) -> list[float]:
    """Return the first `count` numbers of a line such as /proc/loadavg's; raise `Malformed`."""
    words = text.split()[:count]
    if len(words) < count or not all(word.replace(".", "", 1).isdecimal() for word in words):
        raise Malformed(f"not {count} numbers: {text[:80]!r}")
    return [float(word) for word in words]


def parse_memory(told: dict[str, int]) -> Iterator[Row]:
    """Yield the rows that /proc/meminfo gives; kernels before 3.14 do not tell what is available."""
    total, available = told.get("MemTotal"), told.get("MemAvailable")
    if total and available is not None:
        yield _row("memory_used_ratio", _ratio(total - available, total))
        yield _row("memory_available_bytes", available)
    if swap := told.get("SwapTotal"):
        yield _row("swap_used_ratio", _ratio(swap - told.get("SwapFree", 0), swap))


def _ratio(part: int, whole: int) -> float:
    return round(min(max(part / whole, 0.0), 1.0), 4)


def _filesystems(root: Path) -> Iterator[Row]:
    for mount in mounts(root):
        told = None if mount.type in _ALWAYS_FULL else sizes(root, mount)
        if told is None or not told.f_blocks:
            continue
        used = told.f_blocks - told.f_bfree
        # As df counts: what is reserved for root is neither used nor free.
        yield _row("filesystem_used_ratio", _ratio(used, max(used + told.f_bavail, 1)), mount.point)
        yield _row("filesystem_size_bytes", told.f_blocks * told.f_frsize, mount.point)
        yield _row("filesystem_free_bytes", told.f_bavail * told.f_frsize, mount.point)
        if told.f_files:  # btrfs has no table of inodes
            yield _row("filesystem_files_used_ratio", _ratio(told.f_files - told.f_ffree, told.f_files), mount.point)


def _clock(root: Path) -> Iterator[Row]:
    clock = kernel_clock() if root == Path("/") else None
    if clock is None:
        return
    yield _row("clock_synchronised", 1 if clock.synchronised else 0)
    offset = clock_offset(root, clock)
    if offset is not None:
        yield _row("clock_offset_seconds", offset)


COLLECTOR = Collector("health", collect, timeout_s=10.0, every_s=60)
