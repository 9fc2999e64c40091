"""Processors, as the kernel's sysctl tree counts them."""

from __future__ import annotations

from pathlib import Path

from agent import command
from agent.collectors.base import Collector
from agent.collectors.bounded import Malformed
from wire.sections import Body

NAMES = ("machdep.cpu.brand_string", "hw.packages", "hw.physicalcpu_max", "hw.logicalcpu_max")


def collect(_root: Path) -> Body:
    """Return the record of `cpu`; raise `CommandFailed`, `Malformed`."""
    return parse(command.run(["sysctl", *NAMES]))


def parse(answer: str) -> Body:
    """Return the record of `sysctl` with `NAMES`; raise `Malformed`."""
    told = {name: value.strip() for name, _, value in (line.partition(":") for line in answer.splitlines())}
    brand, *counts = (told.get(name, "") for name in NAMES)
    if not brand or not all(count.isdecimal() and len(count) < 7 for count in counts):
        raise Malformed("sysctl: not the processor's names and counts")
    sockets, cores, threads = map(int, counts)
    vendor = "Apple" if brand.startswith("Apple") else "GenuineIntel" if "Intel" in brand else None
    return {"model": brand[:1024], "vendor": vendor, "sockets": sockets, "cores": cores, "threads": threads}


COLLECTOR = Collector("cpu", collect, timeout_s=15.0)
