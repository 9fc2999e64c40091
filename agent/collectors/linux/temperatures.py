"""Temperatures of the machine's sensors: hwmon, else the thermal zones."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from agent.collectors.linux import sysfs

HWMON = "sys/class/hwmon"
THERMAL = "sys/class/thermal"

MAX_SENSORS = 512
PLAUSIBLE_CELSIUS = (-60.0, 200.0)
"""What lies outside is a sensor that is not connected."""


def temperatures(root: Path) -> dict[str, float]:
    """Return sensor → °C; a sensor is named by chip, the chip's device and its label ("coretemp coretemp.0 Core 0")."""
    found = _hwmon(root / HWMON) or _thermal(root / THERMAL)
    low, high = PLAUSIBLE_CELSIUS
    return {name: celsius for name, celsius in islice(found.items(), MAX_SENSORS) if low < celsius < high}


def _hwmon(folder: Path) -> dict[str, float]:
    found: dict[str, float] = {}
    for chip in sysfs.names(folder):
        place = folder / chip
        # hwmon3 is a matter of the order of loading; the device behind it stays
        prefix = f"{sysfs.text(place / 'name') or chip} {sysfs.link_name(place / 'device') or ''}".strip()
        for file in sysfs.names(place):
            if file.startswith("temp") and file.endswith("_input"):
                found |= _sensor(place, file.removesuffix("_input"), prefix)
    return found


def _sensor(place: Path, sensor: str, prefix: str) -> dict[str, float]:
    if sysfs.text(place / f"{sensor}_fault") == "1":
        return {}
    value = sysfs.whole(place / f"{sensor}_input")
    label = sysfs.text(place / f"{sensor}_label") or sensor
    return {} if value is None else {f"{prefix} {label}": value / 1000}


def _thermal(folder: Path) -> dict[str, float]:
    found: dict[str, float] = {}
    for zone in sysfs.names(folder):
        value = sysfs.whole(folder / zone / "temp") if zone.startswith("thermal_zone") else None
        if value is not None:
            found[f"{sysfs.text(folder / zone / 'type') or ''} {zone}".strip()] = value / 1000
    return found
