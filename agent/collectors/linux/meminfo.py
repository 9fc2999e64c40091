"""/proc/meminfo: sizes by name."""

from __future__ import annotations

from pathlib import Path

from agent.collectors.bounded import Malformed, read

MEMINFO = "proc/meminfo"
MAX_BYTES = 64 * 1024


def meminfo(root: Path) -> dict[str, int]:
    """Return name → bytes of /proc/meminfo below `root`; raise `Unsupported`, `Malformed`."""
    return parse_meminfo(read(root / MEMINFO, MAX_BYTES).decode("utf-8", "replace"))


def parse_meminfo(text: str) -> dict[str, int]:
    """Return name → bytes of the lines that carry a size ("MemTotal: 16384 kB"); raise `Malformed`."""
    found: dict[str, int] = {}
    for line in text.splitlines():
        name, _, value = line.partition(":")
        words = value.split()
        if len(words) != 2 or words[1] != "kB":
            continue  # the counts of huge pages carry no unit
        if not words[0].isdecimal() or len(words[0]) > 15:
            raise Malformed(f"/proc/meminfo: {line[:80]!r}")
        found[name] = int(words[0]) * 1024
    return found
