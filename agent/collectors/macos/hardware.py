"""The machine as Apple names it."""

from __future__ import annotations

from pathlib import Path

from agent.collectors.base import Collector
from agent.collectors.bounded import Malformed
from agent.collectors.macos import system_profiler
from agent.collectors.macos.property_lists import text
from wire.sections import Body

KIND = "SPHardwareDataType"

# By the beginning of the model's name; SMBIOS's words (DMTF DSP0134).
_CHASSIS = {"MacBook": "notebook", "iMac": "all_in_one", "Mac mini": "mini_pc", "Mac Studio": "desktop",
            "Mac Pro": "tower", "Xserve": "rack_mount_chassis"}  # fmt: skip


def collect(_root: Path) -> Body:
    """Return the record of `hardware`; raise `CommandFailed`, `Malformed`."""
    return parse(system_profiler.ask(KIND))


def parse(answer: str) -> Body:
    """Return the record of system_profiler's answer; raise `Malformed`."""
    found = system_profiler.items(answer, KIND)
    if not found:
        raise Malformed("system_profiler: no hardware overview")
    name = text(found[0].get("machine_name")) or ""
    return {
        "vendor": "Apple Inc.",
        "model": text(found[0].get("machine_model")),
        "serial": text(found[0].get("serial_number")),
        "uuid": (text(found[0].get("platform_UUID")) or "").lower() or None,
        "chassis_type": next((word for prefix, word in _CHASSIS.items() if name.startswith(prefix)), None),
        "bios_vendor": "Apple Inc.",
        "bios_version": text(found[0].get("boot_rom_version")),
    }


COLLECTOR = Collector("hardware", collect, timeout_s=70.0)
