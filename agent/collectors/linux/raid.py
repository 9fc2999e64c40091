"""RAID arrays: Linux md from /proc/mdstat, controllers through their vendors' tools where those are installed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.collectors.base import Collector, Unsupported
from agent.collectors.bounded import Malformed
from agent.collectors.linux import ssacli, storcli, sysfs
from agent.collectors.linux.container_kind import container_kind
from agent.collectors.linux.disk_identity import BLOCK, SECTOR, stable_name
from wire.sections import Body

MDSTAT = "proc/mdstat"
CLASS_BLOCK = "sys/class/block"

MAX_BYTES = 1024 * 1024
MAX_ARRAYS = 1_024

# md0 : active (auto-read-only) raid1 sdb1[1](F) sda1[0]
_ARRAY = re.compile(r"(md\S+) : (active|inactive|broken)(?: \([a-z-]+\))?((?: \S+)*)")
_MEMBER = re.compile(r"(\S+?)\[(\d+)\]((?:\([A-Z]\))*)")
_WORKING = re.compile(r"\[(\d{1,4})/(\d{1,4})\] \[([U_]+)\]")
_REBUILDING = re.compile(r"\b(recovery|resync) *=")  # "resync=DELAYED" and "PENDING" also: they are to come
_WITHOUT_REDUNDANCY = frozenset({"raid0", "linear", "faulty"})


def collect(root: Path) -> Body:
    """Return the rows of `raid`; raise `Unsupported` where there is neither md nor a tool, or in a container."""
    if kind := container_kind(root):
        raise Unsupported(f"a {kind} container sees the arrays of its host")
    mdstat = sysfs.text(root / MDSTAT, MAX_BYTES)
    tools = [tool for tool in (storcli, ssacli) if root == Path("/") and tool.is_present(root)]
    if mdstat is None and not tools:
        raise Unsupported("no md driver, no RAID controller with its vendor's tool")
    rows = [_row(root, array) for array in parse_mdstat(mdstat or "")]
    return rows + [row for tool in tools for row in tool.rows()]


@dataclass(frozen=True, slots=True)
class Array:
    """One array of /proc/mdstat."""

    name: str
    level: str | None
    state: str
    members: tuple[str, ...]


def parse_mdstat(text: str) -> list[Array]:
    """Return the arrays of /proc/mdstat, without the containers of external metadata; raise `Malformed`."""
    blocks = re.split(r"^(?=md)", text, flags=re.MULTILINE)[1:]
    if len(blocks) > MAX_ARRAYS:
        raise Malformed(f"mdstat: more than {MAX_ARRAYS} arrays")
    return [array for block in blocks if (array := _array(block))]


def _array(block: str) -> Array | None:
    head, _, details = block.partition("\n")
    match = _ARRAY.match(head)
    if match is None:
        raise Malformed(f"mdstat: {head[:80]!r}")
    words = match[3].split()
    if match[2] == "inactive" and re.search(r"super external:(?!/)", details):
        return None  # Intel's or DDF's container: the volumes inside are arrays of their own
    level = words[0] if words and not _MEMBER.fullmatch(words[0]) else None
    members = [found for word in words if (found := _MEMBER.fullmatch(word))]
    state = "failed" if match[2] != "active" else _state(level, details, [member[3] for member in members])
    return Array(match[1][:64], level, state, tuple(sorted(member[1][:64] for member in members)))


def _state(level: str | None, details: str, marks: list[str]) -> str:
    if level in _WITHOUT_REDUNDANCY:
        return "failed" if any("(F)" in mark for mark in marks) else "optimal"
    working = _WORKING.search(details)
    if working is None:
        return "optimal"
    if "U" not in working[3]:
        return "failed"
    if _REBUILDING.search(details):
        return "rebuilding"
    return "degraded" if "_" in working[3] or int(working[2]) < int(working[1]) else "optimal"


def _row(root: Path, array: Array) -> dict[str, Any]:
    size = sysfs.whole(root / BLOCK / array.name / "size")
    broken = sysfs.text(root / BLOCK / array.name / "md/array_state") == "broken"
    return {
        "name": array.name,
        "controller": "md",
        "level": array.level,
        "state": "failed" if broken else array.state,
        "members": sorted(_stable_name(root, member) for member in array.members),
        "size_bytes": size * SECTOR if size else None,
    }


def _stable_name(root: Path, member: str) -> str:
    """Return the name of a member that survives a reboot: the disk's, with "-partN" for a partition."""
    folder = root / CLASS_BLOCK / member
    partition = sysfs.text(folder / "partition")
    disk = folder.resolve().parent.name if partition else member
    name = stable_name(root, disk)
    return member if name is None else f"{name}-part{partition}" if partition else name


COLLECTOR = Collector("raid", collect, timeout_s=90.0)
