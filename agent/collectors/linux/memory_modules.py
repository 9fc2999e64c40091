"""Memory modules: SMBIOS type 17 from the kernel's copy of the table, which root alone may read."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from agent.collectors.base import Collector, Unsupported
from agent.collectors.bounded import read
from agent.collectors.firmware import MEMORY_TYPES
from agent.collectors.linux.container_kind import container_kind
from agent.collectors.linux.smbios import MAX_TABLE, Structure, structures
from wire.sections import Body

TABLE = "sys/firmware/dmi/tables/DMI"

_MEMORY_DEVICE = 17
_UNKNOWN = 0xFFFF
_EXTENDED_SIZE = 0x7FFF

# DSP0134 §7.18.2, ROM and flash chips
_NOT_MODULES = range(0x08, 0x0D)


def collect(root: Path) -> Body:
    """Return the rows of `memory_modules`; raise `Denied` unless root, `Unsupported` without SMBIOS, `Malformed`."""
    if kind := container_kind(root):
        raise Unsupported(f"a {kind} container has no memory modules of its own")
    return parse_memory_modules(read(root / TABLE, MAX_TABLE))


def parse_memory_modules(table: bytes) -> list[dict[str, Any]]:
    """Return one row a module of an SMBIOS structure table, empty slots left out; raise `Malformed`."""
    slots = [found for found in structures(table) if found.type == _MEMORY_DEVICE]
    return [_row(name, slot) for name, slot in zip(_slot_names(slots), slots, strict=True) if _is_module(slot)]


def _slot_names(slots: list[Structure]) -> list[str]:
    """Name every slot by its locator; where the board uses one locator twice, with the bank, then with a count.

    Empty slots count too, so that filling one does not rename its neighbour.
    """
    locators = [slot.string(0x10) or "" for slot in slots]
    twice = {name for name, count in Counter(locators).items() if count > 1}
    full = [f"{slot.string(0x11) or ''} {name}".strip() if name in twice else name
            for slot, name in zip(slots, locators, strict=True)]  # fmt: skip
    seen: Counter[str] = Counter()
    for at, name in enumerate(full):
        seen[name] += 1
        if seen[name] > 1 or not name:
            full[at] = f"{name}#{seen[name]}"
    return full


def _is_module(slot: Structure) -> bool:
    return bool(slot.number(0x0C, 2)) and slot.number(0x12, 1) not in _NOT_MODULES


def _row(name: str, slot: Structure) -> dict[str, Any]:
    return {
        "slot": name,
        "size_bytes": _size(slot),
        "type": MEMORY_TYPES.get(slot.number(0x12, 1) or 0),
        "speed_mts": _speed(slot, 0x20, 0x58) or _speed(slot, 0x15, 0x54),
        "vendor": slot.string(0x17),
        "part": slot.string(0x1A),
        "serial": slot.string(0x18),
    }


def _size(slot: Structure) -> int | None:
    """Return bytes: 15 bits of MiB, or of KiB with the top bit set, or the wider field behind it in MiB."""
    size = slot.number(0x0C, 2) or 0
    if size == _UNKNOWN:
        return None
    if size == _EXTENDED_SIZE:
        return ((slot.number(0x1C, 4) or 0) & 0x7FFF_FFFF) * 1024 * 1024 or None
    return (size & 0x7FFF) * (1024 if size & 0x8000 else 1024 * 1024) or None


def _speed(slot: Structure, offset: int, extended: int) -> int | None:
    speed = slot.number(offset, 2)
    if speed == _UNKNOWN:
        speed = (slot.number(extended, 4) or 0) & 0x7FFF_FFFF
    return speed or None


COLLECTOR = Collector("memory_modules", collect, timeout_s=5.0)
