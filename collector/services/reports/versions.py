"""Which values of a CI say what it is and in which version: what it says of itself before what a sweep says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import Value
from collector.store.browse import reports
from collector.store.browse.facts import Moment

PLACES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "vendor": (("hardware", "vendor"), ("device", "vendor")),
    "model": (("hardware", "model"), ("device", "model")),
    "serial": (("hardware", "serial"), ("device", "serial")),
    "os": (("os", "name"), ("device", "os"), ("software", "product")),
    "version": (("os", "version"), ("device", "version"), ("software", "version")),
    "kernel": (("os", "kernel"),),
    "bios": (("hardware", "bios_version"),),
    "place": (("record", "place"), ("device", "location")),
    "owner": (("record", "owner"),),
}
"""What people call it → where it may stand."""
FIRMWARE: Final = "firmware"


@dataclass(frozen=True, slots=True)
class Versions:
    """What one CI is, and its versions; `software`: the software on it, each with its version."""

    values: Mapping[str, Value]
    firmware: tuple[str, ...]
    software: tuple[str, ...]

    def said(self, name: str) -> Value:
        """Return the value people call `name`, None where nothing says it."""
        return first(self.values, PLACES[name])


def first(values: Mapping[str, Value], places: Sequence[tuple[str, str]]) -> Value:
    """Return the first value that is there."""
    dotted = (f"{section}.{key}" for section, key in places)
    return next((values[path] for path in dotted if values.get(path) not in (None, "")), None)


async def of_cis(connection: AsyncConnection, ids: Sequence[int], moment: Moment | None) -> dict[int, Versions]:
    """Return CI id → what it is and in which versions, now or at `moment`."""
    wanted = [place for places in PLACES.values() for place in places]
    values = await reports.values(connection, ids, wanted, moment)
    firmware = await reports.elements(connection, ids, FIRMWARE, moment)
    software = await reports.installed(connection, ids, moment)
    theirs = sorted({each for on in software.values() for each in on})
    named = await reports.values(connection, theirs, PLACES["version"], moment) if theirs else {}
    return {
        each: Versions(
            values.get(each, {}),
            _firmware(values.get(each, {}), firmware.get(each, {})),
            tuple(_versioned(name, named.get(on, {})) for on, name in software.get(each, {}).items()),
        )
        for each in ids
    }


def _firmware(values: Mapping[str, Value], elements: Mapping[str, Value]) -> tuple[str, ...]:
    bios = first(values, PLACES["bios"])
    told = [f"BIOS {bios}"] if bios else []
    parts = {key: each["version"] for key, each in elements.items() if isinstance(each, dict) and each.get("version")}
    return (*told, *(f"{key} {version}" for key, version in parts.items()))


def _versioned(name: str, values: Mapping[str, Value]) -> str:
    """Return a name with its version behind it, unless it stands there already."""
    version = first(values, PLACES["version"])
    return name if version is None or str(version) in name else f"{name} ({version})"
