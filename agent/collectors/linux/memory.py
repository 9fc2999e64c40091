"""Installed memory and swap."""

from __future__ import annotations

from pathlib import Path

from agent.collectors.base import Collector
from agent.collectors.linux.meminfo import meminfo
from wire.sections import Body


def collect(root: Path) -> Body:
    """Return the record `memory`; raise `Unsupported` without /proc, `Malformed`."""
    told = meminfo(root)
    return {"total_bytes": told.get("MemTotal"), "swap_bytes": told.get("SwapTotal")}


COLLECTOR = Collector("memory", collect, timeout_s=5.0)
