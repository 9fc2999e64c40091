"""Processors: /proc/cpuinfo for their name, /sys/devices/system/cpu for how many."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from agent.collectors.base import Collector
from agent.collectors.bounded import read
from agent.collectors.linux import sysfs
from wire.sections import Body

CPUINFO = "proc/cpuinfo"
CPUS = "sys/devices/system/cpu"

# Arm's MIDR: who designed the core, and which of theirs it is; such kernels print no model name.
_ARM_IMPLEMENTERS = {0x41: "ARM", 0x46: "Fujitsu", 0x48: "HiSilicon", 0x4E: "NVIDIA", 0x50: "APM", 0x51: "Qualcomm",
                     0x61: "Apple", 0x70: "Phytium", 0xC0: "Ampere"}  # fmt: skip
_ARM_PARTS = {
    (0x41, 0xD03): "Cortex-A53", (0x41, 0xD07): "Cortex-A57", (0x41, 0xD08): "Cortex-A72", (0x41, 0xD0B): "Cortex-A76",
    (0x41, 0xD0C): "Neoverse-N1", (0x41, 0xD40): "Neoverse-V1", (0x41, 0xD49): "Neoverse-N2",
    (0x41, 0xD4F): "Neoverse-V2", (0x48, 0xD01): "Kunpeng-920", (0x46, 0x001): "A64FX", (0xC0, 0xAC3): "Ampere-1",
    (0x70, 0x660): "FTC660", (0x70, 0x661): "FTC661", (0x70, 0x662): "FTC662", (0x70, 0x663): "FTC663",
}  # fmt: skip


def collect(root: Path) -> Body:
    """Return the record `cpu`; raise `Unsupported` without /proc."""
    body = parse_cpuinfo(read(root / CPUINFO).decode("utf-8", "replace"))
    counted = _topology(root / CPUS)
    body.update({name: count for name, count in counted.items() if count})
    speeds = [sysfs.whole(policy / "cpuinfo_max_freq") or 0 for policy in (root / CPUS).glob("cpufreq/policy[0-9]*")]
    body["max_mhz"] = max(speeds, default=0) // 1000 or None
    return body


def parse_cpuinfo(text: str) -> dict[str, Any]:
    """Return model, vendor and what can be counted of the processors in /proc/cpuinfo, in any architecture's words."""
    blocks = [_fields(block) for block in text.split("\n\n") if block.strip()]
    cpus = [block for block in blocks if "processor" in block]
    told = {name: value for block in reversed(blocks) for name, value in block.items()}
    packages = {block["physical id"] for block in cpus if "physical id" in block}
    cores = {(block["physical id"], block["core id"]) for block in cpus if {"physical id", "core id"} <= block.keys()}
    arm = _arm(told)
    return {
        "model": told.get("model name") or arm[1] or told.get("cpu") or told.get("cpu model"),
        "vendor": told.get("vendor_id") or arm[0],
        "sockets": len(packages) or None,
        "cores": len(cores) or None,
        "threads": len(cpus) or None,
    }


def _fields(block: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in block.splitlines())
    return {name.strip().lower(): value.strip()[:256] for name, colon, value in pairs if colon and value.strip()}


def _arm(told: dict[str, str]) -> tuple[str | None, str | None]:
    """Return (vendor, model) of an Arm core."""
    numbers = [told.get("cpu implementer", ""), told.get("cpu part", "")]
    if not all(re.fullmatch(r"0x[0-9a-f]{1,4}", number) for number in numbers):
        return None, None
    implementer, part = (int(number, 16) for number in numbers)
    vendor = _ARM_IMPLEMENTERS.get(implementer)
    return vendor, _ARM_PARTS.get((implementer, part)) or (f"{vendor} {part:#05x}" if vendor else None)


def _topology(folder: Path) -> dict[str, int]:
    """Count from sysfs, which tells it on every architecture; a processor that is off line has no topology."""
    packages: set[int] = set()
    cores: set[str] = set()
    threads = 0
    for name in sysfs.names(folder):
        siblings = sysfs.text(folder / name / "topology/thread_siblings_list") if name[3:].isdecimal() else None
        if siblings is None:
            continue
        threads += 1
        cores.add(siblings)
        packages.add(sysfs.whole(folder / name / "topology/physical_package_id") or 0)
    # -1: the firmware of this machine does not tell packages apart
    return {"sockets": len({package for package in packages if package >= 0}), "cores": len(cores), "threads": threads}


COLLECTOR = Collector("cpu", collect, timeout_s=5.0)
