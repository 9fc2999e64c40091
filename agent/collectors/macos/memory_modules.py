"""Memory modules; Apple silicon has its memory on the processor and tells no slots."""

from __future__ import annotations

from pathlib import Path

from agent.collectors.base import Collector
from agent.collectors.macos import system_profiler
from agent.collectors.macos.property_lists import text
from agent.collectors.macos.system_profiler import Item
from wire.sections import Body

KIND = "SPMemoryDataType"

_NOTHING = frozenset({"empty", "-", "0x", ""})


def collect(_root: Path) -> Body:
    """Return the rows of `memory_modules`; raise `CommandFailed`, `Malformed`."""
    return parse(system_profiler.ask(KIND))


def parse(answer: str) -> Body:
    """Return the rows of system_profiler's answer; raise `Malformed`."""
    found = system_profiler.items(answer, KIND)
    return [_module(item) for item in found if system_profiler.size(item.get("dimm_size", item.get(KIND)))]


def _module(item: Item) -> Item:
    speed = (text(item.get("dimm_speed")) or "").partition(" ")[0]  # "2400 MHz": megatransfers, as DDR names are
    return {
        "slot": text(item.get("_name")) or "package",
        "size_bytes": system_profiler.size(item.get("dimm_size", item.get(KIND))),
        "type": _told(item.get("dimm_type")),
        "speed_mts": int(speed) if speed.isdecimal() and len(speed) < 7 else None,
        "vendor": _told(item.get("dimm_manufacturer")),
        "part": _told(item.get("dimm_part_number")),
        "serial": _told(item.get("dimm_serial_number")),
    }


def _told(value: object) -> str | None:
    found = text(value)
    return None if found is None or found.lower() in _NOTHING else found


COLLECTOR = Collector("memory_modules", collect, timeout_s=70.0)
