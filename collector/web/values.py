"""How a value of a CI is shown: in humane units, short, with the whole of it one hover away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from collector.classes import ALL_TYPES, CLASSES
from collector.inert import shorten, visible
from collector.model import Value
from collector.web.catalogue import Texts
from collector.web.units import bytes_text, number_text, percent_text, scaled, span
from collector.wording import time_of
from wire.sections import SECTIONS

MAX_SHOWN = 48
MAX_LISTED = 4
IDENTIFIERS = frozenset({
    "serial", "uuid", "mac", "permanent_mac", "wwn", "fingerprint", "machine_id", "path", "device", "executable",
    "addresses", "board_serial", "asset_tag", "kernel", "boot_id", "guest_uuid", "chassis_id", "port_id", "address",
    "destination", "gateway", "mount", "home", "shell", "part", "servers", "ports", "id", "instance", "image", "unit",
    "version", "bios_version", "hardware_version", "firmware_version", "software_version", "agent_version", "oid",
    "options", "members", "names", "subject", "issuer",
})  # fmt: skip
"""Fields that are told apart character by character: set in a monospaced face."""

CODED = frozenset({
    "state", "peer_state", "battery_state", "admin", "mode", "kind", "class", "role", "family", "chassis_type",
    "duplex", "health", "enabled", "hypervisor", "type", "source", "last_test", "alarms",
})  # fmt: skip
"""Fields in which the catalogue's own words stand: read in one's own language, the word itself one hover away."""
WORDS = {"class": CLASSES, "type": ALL_TYPES}
"""Fields of a device that hold words of the regulation."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A value to show: `full` when there is more to it than `text`; `at` (ms) when it is a time."""

    text: str
    full: str = ""
    mono: bool = False
    at: int | None = None
    absent: bool = False


def show(section: str, field: str, value: Value, texts: Texts, limit: int = MAX_SHOWN) -> Shown:
    """Return how the value of one field is shown, in about `limit` characters."""
    if value is None or value in ("", []):
        return Shown(str(texts("value.absent")) if value is None else str(texts("value.empty")), absent=True)
    if isinstance(value, bool):
        return Shown(str(texts("value.yes" if value else "value.no")))
    if isinstance(value, int | float):
        return _number(field, value)
    if isinstance(value, list):
        return _listed(field, [_said(field, str(each), texts) or str(each) for each in value], limit)
    if isinstance(value, Mapping):
        return _text(field, "; ".join(f"{name}={each}" for name, each in value.items()), limit)
    if section == "device" and value in WORDS.get(field, ()):
        return Shown(str(texts.label(field, str(value))))
    if said := _said(field, str(value), texts):
        return Shown(said, str(value) if said != value else "")
    at = _time(section, field, str(value))
    return Shown(str(value), at=at) if at is not None else _text(field, str(value), limit)


def _said(field: str, value: str, texts: Texts) -> str | None:
    """Return what a word of the catalogue is called; None for what is none, a name or a text of the device's own."""
    return texts.fact(field, value) if field in CODED else None


def _text(field: str, value: str, limit: int) -> Shown:
    plain = visible(value)
    short = shorten(plain, limit)
    return Shown(short, plain if short != plain else "", field in IDENTIFIERS)


def _listed(field: str, values: list[str], limit: int) -> Shown:
    whole = visible(", ".join(values))
    more = f" +{len(values) - MAX_LISTED}" if len(values) > MAX_LISTED else ""
    short = ", ".join(shorten(visible(each), limit) for each in values[:MAX_LISTED]) + more
    return Shown(short, whole if short != whole else "", field in IDENTIFIERS)


def _number(field: str, value: float) -> Shown:
    exact = number_text(value)
    if field.endswith("_bytes"):
        return Shown(bytes_text(value), f"{exact} B")
    if field.endswith("_mhz"):
        return Shown(scaled(value, ("MHz", "GHz")), f"{exact} MHz")
    if field.endswith("_mbps"):
        return Shown(scaled(value, ("Mbit/s", "Gbit/s", "Tbit/s")), f"{exact} Mbit/s")
    if field.endswith("_mts"):
        return Shown(f"{exact} MT/s")
    plain = field in ("port", "uid", "gid", "vlan")
    return Shown(str(value) if plain else exact)


def _time(section: str, field: str, value: str) -> int | None:
    shape = SECTIONS.get(section)
    if shape is None or field not in shape.fields or shape.fields[field].kind != "when":
        return None
    return time_of(value)


def measurement(metric: str, value: float, texts: Texts) -> str:
    """Return a measurement in the unit its name ends with."""
    if metric.endswith("_ratio"):
        return percent_text(value)
    if metric.endswith("_bytes"):
        return bytes_text(value)
    if metric.endswith("_celsius"):
        return f"{value:.0f} °C"
    if metric.endswith("_seconds"):
        length, unit = span(int(value * 1000))
        return str(texts(f"unit.{unit}", n=length))
    if metric.endswith("_synchronised"):
        return str(texts("value.yes" if value else "value.no"))
    return f"{value:,.2f}".rstrip("0").rstrip(".")
