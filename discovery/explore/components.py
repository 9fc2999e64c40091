"""Parts of a device: entPhysicalTable (RFC 6933), named by their path from the chassis down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from discovery.asking import Script
from discovery.explore.values import day, serial, truth, whole, word
from discovery.explore.visit import Table, Visit

_CLASSES: Final = {
    1: "other", 2: "unknown", 3: "chassis", 4: "backplane", 5: "container", 6: "power_supply", 7: "fan", 8: "sensor",
    9: "module", 10: "port", 11: "stack", 12: "cpu", 13: "energy", 14: "battery", 15: "storage_drive",
}  # fmt: skip
_STATES: Final = {1: "unknown", 2: "failed", 3: "ok", 4: "testing"}
"""StateOperStates (RFC 4268): unknown, disabled, enabled, testing."""

_ENTITIES: Final = Table(
    "1.3.6.1.2.1.47.1.1.1.1",
    {
        "description": 2, "container": (4, whole), "class": (5, word(_CLASSES, "unknown")), "position": (6, whole),
        "name": 7, "hardware_version": 8, "firmware_version": 9, "software_version": 10, "serial": (11, serial),
        "vendor": 12, "model": 13, "asset_tag": 15, "replaceable": (16, truth), "manufactured": (17, day),
    },
    rows=20_000,
)  # fmt: skip
_STATE: Final = "1.3.6.1.2.1.131.1.1.1.3"  # entStateOper
_STANDING: Final = frozenset({"chassis", "backplane", "power_supply", "fan", "module", "stack", "cpu", "battery"})
"""Classes that are kept as they are; of the others those with a serial number or a model."""

SEPARATOR: Final = " > "
MAX_DEPTH: Final = 16
MAX_PATH: Final = 400
MAX_NAME: Final = 80


def components(visit: Visit) -> Script[None]:
    """Find `components`, and the path of every entity for the tables that point at them."""
    told = yield from visit.rows(_ENTITIES)
    visit.parts = paths({index[0]: row for index, row in told.rows.items() if len(index) == 1})
    states, _ = yield from visit.column(_STATE, word(_STATES), wanted=bool(told.rows))
    for index, row in told.rows.items():
        if len(index) == 1 and _stands(row):
            visit.findings.add("components", [_component(visit.parts, index[0], row, states.get(index))])
    visit.findings.failed("components", told.failure)


def _stands(row: Mapping[str, Any]) -> bool:
    return row.get("class") in _STANDING or bool(
        row.get("class") != "sensor" and (row.get("serial") or row.get("model"))
    )


def _component(parts: Mapping[int, str], index: int, row: Mapping[str, Any], state: str | None) -> dict[str, Any]:
    own = {name: value for name, value in row.items() if name != "container"}
    parent = parts.get(row.get("container", 0))
    return {**own, "path": parts[index], "parent": parent, "index": index, "state": state}


def paths(rows: Mapping[int, Mapping[str, Any]]) -> dict[int, str]:
    """Return index → path: names from the root down. Siblings of one name are told apart by place, else by index.

    A container that is not there, or that leads back to itself, is where the path begins.
    """
    labels = _labels(rows)
    found: dict[int, str] = {}
    for index in rows:
        steps, at, seen = [labels[index]], rows[index].get("container", 0), {index}
        while at in rows and at not in seen and len(steps) < MAX_DEPTH:
            if at in found:
                steps.append(found[at])
                break
            steps.append(labels[at])
            seen.add(at)
            at = rows[at].get("container", 0)
        found[index] = SEPARATOR.join(reversed(steps))
    return _distinct(found)


def _labels(rows: Mapping[int, Mapping[str, Any]]) -> dict[int, str]:
    plain = {index: _label(row) for index, row in rows.items()}
    shared = Counter((rows[index].get("container", 0), label) for index, label in plain.items())
    placed = {
        index: label
        if shared[rows[index].get("container", 0), label] == 1
        else f"{label}[{_place(rows[index], index)}]"
        for index, label in plain.items()
    }
    again = Counter((rows[index].get("container", 0), label) for index, label in placed.items())
    return {
        index: label if again[rows[index].get("container", 0), label] == 1 else f"{label}[#{index}]"
        for index, label in placed.items()
    }


def _label(row: Mapping[str, Any]) -> str:
    name = str(row.get("name") or row.get("description") or row.get("class") or "part")
    return name[:MAX_NAME].replace(SEPARATOR, " ")


def _place(row: Mapping[str, Any], index: int) -> str:
    place = row.get("position")
    return str(place) if isinstance(place, int) and place >= 0 else f"#{index}"


def _distinct(found: dict[int, str]) -> dict[int, str]:
    """Return paths within bounds, each of its own."""
    short = {index: path if len(path) <= MAX_PATH else f"{path[:MAX_PATH]}…" for index, path in found.items()}
    shared = Counter(short.values())
    return {index: path if shared[path] == 1 else f"{path} #{index}" for index, path in short.items()}
