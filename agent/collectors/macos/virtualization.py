"""Whether this macOS is a virtual machine, and of which kind."""

from __future__ import annotations

from pathlib import Path

from agent import command
from agent.collectors.base import Collector
from agent.collectors.firmware import hypervisor
from wire.sections import Body

NAMES = ("kern.hv_vmm_present", "hw.model")


def collect(_root: Path) -> Body:
    """Return the record of `virtualization`; raise `CommandFailed`."""
    return parse(command.run(["sysctl", *NAMES]))


def parse(answer: str) -> Body:
    """Return the record of `sysctl` with `NAMES`; a hypervisor that does not name itself is told as unknown."""
    told = {name: value.strip() for name, _, value in (line.partition(":") for line in answer.splitlines())}
    below = hypervisor(told.get("hw.model", "")) or ("unknown" if told.get("kern.hv_vmm_present") == "1" else None)
    return {"hypervisor": below or "none", "role": "guest" if below else "none"}


COLLECTOR = Collector("virtualization", collect, timeout_s=15.0)
