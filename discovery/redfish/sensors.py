"""What is measured in a chassis and in its parts: temperatures, voltages, powers, fans. Volatile, all of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from discovery.explore.findings import Row
from discovery.plain import real
from discovery.redfish.document import Json
from discovery.redfish.documents import Documents, Resource
from discovery.redfish.values import first, inside, is_there, objects, state

SEPARATOR: Final = " > "
Of = tuple[str, str, float]
"""Kind, unit, and what a reading is multiplied with to be in that unit."""

RATIO: Final[Of] = ("fan", "ratio", 0.01)
_READINGS: Final[Mapping[str, Of]] = {
    "temperature": ("temperature", "celsius", 1), "voltage": ("voltage", "volts", 1),
    "current": ("current", "amperes", 1), "power": ("power", "watts", 1), "rotational": ("fan", "rpm", 1),
    "humidity": ("humidity", "ratio", 0.01), "frequency": ("frequency", "hertz", 1),
    "percent": ("ratio", "ratio", 0.01),
}  # fmt: skip
"""ReadingType in small letters → what is read."""

_LISTS: Final = (
    ("thermal", "Temperatures", "ReadingCelsius", "temperature"),
    ("power", "Voltages", "ReadingVolts", "voltage"),
    ("power", "PowerControl", "PowerConsumedWatts", "power"),
)
"""Kind of the resource, the list in it, the reading in its entries, what that is."""


def sensor(name: str | None, reading: object, of: Of, body: Json, component: str) -> Row | None:
    """Return a measurement; None for what is not there or has no name."""
    value = real(reading)
    if name is None or not is_there(body):
        return None
    kind, unit, factor = of
    said = {"name": name, "kind": kind, "unit": unit, "state": state(body), "component": component}
    return {**said, "value": None if value is None else round(value * factor, 6)}


def telling(rows: Iterable[Row | None]) -> Iterator[Row]:
    """Yield what measures something, or says why it does not."""
    return (row for row in rows if row and (row["value"] is not None or row["state"]))


def of_part(body: Json, kind: str, path: str) -> list[Row | None]:
    """Return what a power supply or a fan measures of itself."""
    name = path.rpartition(SEPARATOR)[2]
    if kind == "fan":
        return [_fan(body, name, path)]
    if kind == "power_supply":
        watts = [body.get(key) for key in ("PowerInputWatts", "LastPowerOutputWatts")]
        told = next((each for each in watts if real(each) is not None), None)
        return [sensor(f"{name} power", told, _READINGS["power"], body, path)] if told is not None else []
    return []


def of_chassis(documents: Documents, chassis: Resource, path: str) -> list[Row | None]:
    """Return what is measured around the parts of a chassis."""
    found: list[Row | None] = []
    for kind, listed, reading, what in _LISTS:
        for above in documents.under(kind, chassis):
            found += [
                sensor(first(each, "Name", "MemberId"), each.get(reading), _READINGS[what], each, path)
                for each in objects(above.body.get(listed))
            ]
    return found + [_reading(each.body, path) for each in documents.under("sensor", chassis)]


def _fan(body: Json, name: str, path: str) -> Row | None:
    """Return a fan of Thermal (Reading, ReadingUnits) or of ThermalSubsystem (SpeedPercent)."""
    speed: Any = body.get("SpeedPercent")
    if isinstance(speed, dict):
        turns = speed.get("SpeedRPM")
        of = _READINGS["rotational"] if real(turns) is not None else RATIO
        return sensor(name, turns if of is not RATIO else speed.get("Reading"), of, body, path)
    percent = (first(body, "ReadingUnits", "Units") or "").casefold().startswith("percent")
    reading = body.get("Reading") if "Reading" in body else body.get("CurrentReading")
    return sensor(name, reading, RATIO if percent else _READINGS["rotational"], body, path)


def _reading(body: Json, path: str) -> Row | None:
    of = _READINGS.get((first(body, "ReadingType") or "").casefold())
    if of is None:
        return None
    of = RATIO if of[0] == "fan" and inside(body, "ReadingUnits") == "%" else of
    return sensor(first(body, "Name", "Id"), body.get("Reading"), of, body, path)
