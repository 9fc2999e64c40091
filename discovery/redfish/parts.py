"""Parts that can be told apart: chassis, power supplies, fans, processors, adapters, controllers of disks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from discovery.explore.findings import Findings, Row
from discovery.plain import serial, words
from discovery.redfish import sensors
from discovery.redfish.document import Json
from discovery.redfish.documents import Documents, Resource, place
from discovery.redfish.host import apart, is_processor
from discovery.redfish.sensors import SEPARATOR
from discovery.redfish.values import first, flag, inside, is_there, objects, state

MAX_DEPTH: Final = 8
_CHASSIS: Final[Mapping[str, str]] = {
    "enclosure": "enclosure", "storageenclosure": "enclosure", "module": "module", "card": "module",
    "component": "module", "zone": "container", "rack": "container", "shelf": "container",
}  # fmt: skip


def parts(documents: Documents, findings: Findings) -> None:
    """Find `components` and `sensors`."""
    paths = chassis_paths(documents)
    rows = [_chassis(each, documents, paths) for each in documents.of("chassis")]
    measured: list[Row | None] = []
    for each in documents.of("chassis"):
        path = paths[each.path]
        for kind, body in _fitted(documents, each):
            row = part(body, kind, path)
            if row:
                rows.append(row)
                measured += sensors.of_part(body, kind, row["path"])
        measured += sensors.of_chassis(documents, each, path)
    rows += [row for kind, body in _inside_system(documents) if (row := part(body, kind, None))]
    findings.add("components", apart("path", rows))
    findings.add("sensors", apart("name", sensors.telling(measured)))


# --- components


def chassis_paths(documents: Documents) -> dict[str, str]:
    """Return @odata.id → names from the outermost chassis in. What leads back to itself ends there."""
    known = {each.path: each for each in documents.of("chassis")}
    named = {at: _label(each.body) for at, each in known.items()}
    found = {}
    for at in known:
        steps, seen, above = [named[at]], {at}, _container(known[at].body)
        while above in known and above not in seen and len(steps) < MAX_DEPTH:
            steps.append(named[above])
            seen.add(above)
            above = _container(known[above].body)
        found[at] = SEPARATOR.join(reversed(steps))
    return found


def _label(body: Json) -> str:
    label = first(body, "Id", "Name") or ""
    return f"chassis {label}".strip() if not label or label.isdigit() else label.replace(SEPARATOR, " ")


def _container(body: Json) -> str:
    return place(inside(body, "Links", "ContainedBy"))


def _chassis(resource: Resource, documents: Documents, paths: Mapping[str, str]) -> Row:
    body = resource.body
    kind = _CHASSIS.get((first(body, "ChassisType") or "").casefold(), "chassis")
    return {
        **_identity(body), "path": paths[resource.path], "class": kind, "parent": paths.get(_container(body)),
        "name": first(body, "Name", "Id"), "asset_tag": first(body, "AssetTag"),
    }  # fmt: skip


def part(body: Json, kind: str, parent: str | None) -> Row | None:
    """Return a component; None for an empty place and for what bears no name."""
    name = first(body, "Name", "MemberId", "Id", "FanName")
    if name is None or not is_there(body):
        return None
    plain = name.replace(SEPARATOR, " ")
    path = f"{parent}{SEPARATOR}{plain}" if parent else plain
    return {**_identity(body), "path": path, "class": kind, "name": name, "parent": parent}


def _identity(body: Json) -> Row:
    return {
        "vendor": first(body, "Manufacturer"), "model": first(body, "Model", "ProductName"),
        "part": first(body, "PartNumber", "SparePartNumber"), "serial": serial(body.get("SerialNumber")),
        "firmware_version": first(body, "FirmwareVersion", "FirmwarePackageVersion"), "state": state(body),
        "replaceable": flag(body.get("HotPluggable")),
    }  # fmt: skip


def _fitted(documents: Documents, chassis: Resource) -> Iterator[tuple[str, Json]]:
    """Yield class and body of what sits in a chassis."""
    for power in documents.under("power", chassis):
        yield from (("power_supply", each) for each in objects(power.body.get("PowerSupplies")))
    for thermal in documents.under("thermal", chassis):
        yield from (("fan", each) for each in objects(thermal.body.get("Fans")))
    for adapter in documents.under("network_adapter", chassis):
        first_controller = [*objects(adapter.body.get("Controllers")), {}][0]
        yield "module", {**first_controller, **adapter.body}
    for kind, subsystem in (("power_supply", "power_subsystem"), ("fan", "thermal_subsystem")):
        for above in documents.under(subsystem, chassis):
            yield from ((kind, each.body) for each in documents.under(kind, above))


def _inside_system(documents: Documents) -> Iterator[tuple[str, Json]]:
    """Yield class and body of processors and storage controllers."""
    for each in documents.of("processor"):
        yield "cpu" if is_processor(each.body) else "module", _named(each.body)
    for storage in documents.of("storage"):
        for controller in objects(storage.body.get("StorageControllers")):
            yield "module", {"Name": first(storage.body, "Name", "Id"), **controller}
    for each in documents.of("storage_controller"):
        yield "module", each.body


def _named(body: Json) -> Json:
    """Return a processor under a name of its own: some are just called `Processor`, and some sit in socket 0."""
    own, plain = words(body.get("Id")) or "", words(body.get("Name")) or "Processor"
    socket = words(body.get("Socket")) or ""
    told = socket if socket and not socket.isdigit() else plain
    return {**body, "Name": told if re.search(r"\d", told) else f"{told} {own}".strip()}
