"""What one observation of a swept target speaks of: one device, or the machine a management controller manages.

Identity reads the last known body of each section, so that a device does not change because a sweep reached only
part of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from collector import identifiers
from collector.identifiers import Policy
from collector.model import Identifier, Observation, Reading, Subject
from wire.observation import Status, Target

SECTIONS = frozenset({"device", "interfaces", "os", "hardware"})
"""What is read here: the last known reading of each of these belongs in `previous`."""

_WORKED_ON = frozenset({"server", "pc", "environment"})
"""Classes in which the MAC of a port names the device; of network gear any port of a stack may come or go."""


def subjects(observation: Observation, policy: Policy, previous: Mapping[str, Reading]) -> tuple[Subject, ...]:
    """Return the one subject of `observation`, which takes every reading of it.

    `previous` holds this source's last known reading per section; it stands in for what this observation left out.
    """
    assert observation.target is not None
    held = {**previous, **_told(observation.readings)}
    device, ports = _body(held.get("device")) or {}, _body(held.get("interfaces")) or []
    system, chassis = _body(held.get("os")) or {}, _body(held.get("hardware")) or {}
    ci_class, ci_type = str(device.get("class") or "unknown"), str(device.get("type") or "unknown")
    named = (
        identifiers.normalise(kind, value, policy)
        for kind, value in (*_names(device, ports, observation.target, ci_class), *_names_of_host(system, chassis))
        if value
    )
    name = str(device.get("name") or observation.target.address)
    found: frozenset[Identifier] = frozenset(each for each in named if each is not None)
    return (Subject("host", ci_class, ci_type, identifiers.shown_name(name), found, observation.readings),)


def _told(readings: Mapping[str, Reading]) -> dict[str, Reading]:
    return {name: each for name, each in readings.items() if each.status is Status.EMPTY or each.body is not None}


def _body(reading: Reading | None) -> Any:
    return None if reading is None or reading.status is Status.EMPTY else reading.body


def _names(
    device: Mapping[str, Any], ports: list[dict[str, Any]], target: Target, ci_class: str
) -> Iterator[tuple[str, str]]:
    """Yield kind and raw value of all that may name the device.

    A management controller says what its machine is called: under that the agent knows it, too.
    """
    vendor = str(device.get("vendor") or "")
    for serial, uuid in (("serial", "uuid"), ("host_serial", "host_uuid")):
        yield "serial", identifiers.serial_value(vendor, str(device.get(serial) or ""))
        yield "uuid", str(device.get(uuid) or "")
    yield "engine_id", str(device.get("engine_id") or "")
    yield "vendor_oid", str(device.get("object_id") or "")
    yield "chassis_id", str(device.get("base_mac") or "")
    yield "model", str(device.get("model") or "")
    yield "hostname", str(device.get("name") or device.get("host_name") or "")
    # The same address in two zones is two devices; and what stands behind a UPS server is not that server.
    if not target.zone and not target.part:
        yield "address", target.address
    if ci_class in _WORKED_ON:
        yield from (("mac", str(port.get("mac") or "")) for port in ports if port.get("kind") == "ethernet")


def _names_of_host(system: Mapping[str, Any], chassis: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield kind and raw value of what a host says over SSH in the sections its agent would send, by the same names."""
    vendor = str(chassis.get("vendor") or "")
    yield "serial", identifiers.serial_value(vendor, str(chassis.get("serial") or ""))
    yield "uuid", str(chassis.get("uuid") or "")
    yield "machine_id", str(system.get("machine_id") or "")
    yield "hostname", identifiers.qualified(str(system.get("hostname") or ""), str(system.get("domain") or ""))
