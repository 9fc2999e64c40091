"""Which rows of ENTITY-MIB (RFC 6933) stand for the device itself: its chassis, the members of a stack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from discovery.asking import Index, Script, Value
from discovery.device import Device

_TABLE: Final = "1.3.6.1.2.1.47.1.1.1.1."
COLUMNS: Final = {
    "descr": f"{_TABLE}2", "type": f"{_TABLE}3", "name": f"{_TABLE}7", "hw": f"{_TABLE}8", "fw": f"{_TABLE}9",
    "sw": f"{_TABLE}10", "serial": f"{_TABLE}11", "vendor": f"{_TABLE}12", "model": f"{_TABLE}13",
    "alias": f"{_TABLE}14", "asset": f"{_TABLE}15",
}  # fmt: skip
_CONTAINED_IN: Final = f"{_TABLE}4"
_CLASS: Final = f"{_TABLE}5"
_CHASSIS, _STACK = 3, 11
_PARTS: Final = frozenset({5, 6, 7, 8, 10})  # container, power supply, fan, sensor, port
MEMBERS: Final = 6


def chassis_rows(device: Device) -> Script[tuple[Index, ...]]:
    """Return the rows that stand for the device, best first, at most `MEMBERS`.

    Row 1 is asked for first: where it is a chassis of its own nothing need be walked.
    """
    one = (f"{_CLASS}.1", f"{_CONTAINED_IN}.1")
    yield from device.ask(one)
    if device.values[one[0]] == _CHASSIS and device.values[one[1]] in (0, None):
        return ((1,),)
    classes = yield from device.column(_CLASS)
    if not classes:
        return (yield from _without_classes(device))
    parents = yield from device.column(_CONTAINED_IN)
    return tuple(row for _, row in sorted(_ranked(classes, parents))[:MEMBERS])


def _ranked(classes: Mapping[Index, Value], parents: Mapping[Index, Value]) -> list[tuple[int, Index]]:
    stacks = {row[-1] for row, kind in classes.items() if kind == _STACK and row}
    ranked = []
    for row, kind in classes.items():
        parent = parents.get(row, 0)
        if kind == _CHASSIS:
            ranked.append((0 if parent == 0 or parent in stacks else 1, row))
        elif kind == _STACK:
            ranked.append((2, row))
        elif parent == 0 and kind not in _PARTS:
            ranked.append((3, row))
    return ranked


def _without_classes(device: Device) -> Script[tuple[Index, ...]]:
    for column in ("model", "serial", "descr"):
        rows = yield from device.column(COLUMNS[column], MEMBERS)
        if rows:
            return tuple(rows)[:MEMBERS]
    return ()


def entity_values(device: Device, field: str) -> Script[list[Value]]:
    """Return one field of the rows that stand for the device, best first, without absent ones."""
    rows = yield from chassis_rows(device)
    oids = [f"{COLUMNS[field]}.{'.'.join(map(str, row))}" for row in rows]
    yield from device.ask(oids)
    return [value for value in (device.values[oid] for oid in oids) if value is not None]
