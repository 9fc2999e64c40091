"""Time synchronisation: the servers macOS's timed is set to."""

from __future__ import annotations

from pathlib import Path

from agent.collectors.base import Collector
from agent.collectors.bounded import read
from wire.sections import Body

CONFIG = "etc/ntp.conf"


def collect(root: Path) -> Body:
    """Return the record of `ntp`; raise `Unsupported`, `Denied` without /etc/ntp.conf."""
    return parse(read(root / CONFIG, 64 * 1024))


def parse(config: bytes) -> Body:
    """Return the record of an ntp.conf; timed, which reads it, does not tell whether it is in step."""
    words = [line.split() for line in config.decode("utf-8", "replace").splitlines()]
    return {"service": "timed", "servers": sorted({line[1] for line in words if len(line) > 1 and line[0] == "server"})}


COLLECTOR = Collector("ntp", collect, timeout_s=5.0, stamps=(CONFIG,))
